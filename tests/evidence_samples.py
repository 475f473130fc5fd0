"""Pictures of every kind of evidence, made on the spot: signed, stated, conflicting, silent, hostile."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from signing import AI, Authority, sign

PROMPT = "a robot that my neighbour Ada built"
A1111 = (
    f"{PROMPT}\nNegative prompt: blur, text\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 42, "
    "Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned, Version: v1.9.4"
)
COMFY: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7, "steps": 30, "cfg": 6.5, "sampler_name": "euler", "positive": ["6", 0], "negative": ["7", 0]
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": PROMPT, "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blur", "clip": ["4", 1]}},
}  # fmt: skip
TWO_SAMPLERS = {
    **COMFY,
    "8": {"class_type": "KSampler", "inputs": {"positive": ["9", 0], "latent_image": ["3", 0]}},
    "9": {"class_type": "CLIPTextEncode", "inputs": {"text": "more detail", "clip": ["4", 1]}},
}
FLUX = {
    "1": {"class_type": "SamplerCustomAdvanced", "inputs": {"guider": ["2", 0], "noise": ["5", 0]}},
    "2": {"class_type": "BasicGuider", "inputs": {"conditioning": ["3", 0], "model": ["6", 0]}},
    "3": {"class_type": "FluxGuidance", "inputs": {"conditioning": ["4", 0], "guidance": 3.5}},
    "4": {"class_type": "CLIPTextEncodeFlux", "inputs": {"clip_l": "a robot", "t5xxl": PROMPT, "clip": ["7", 0]}},
    "5": {"class_type": "RandomNoise", "inputs": {"noise_seed": 1}},
    "6": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
}
WORKFLOW = {"nodes": [{"id": 6, "type": "CLIPTextEncode", "widgets_values": [PROMPT]}], "links": []}
INVOKE = {
    "app_version": "5.4.2", "positive_prompt": PROMPT, "negative_prompt": "blur", "seed": 5, "steps": 25,
    "cfg_scale": 6, "scheduler": "dpmpp_2m", "width": 768, "height": 768,
    "model": {"key": "x", "name": "Juggernaut XL"},
}  # fmt: skip
NOVELAI = {"prompt": PROMPT, "steps": 28, "sampler": "k_euler", "seed": 9, "uc": "bad", "scale": 5.0}
FOOOCUS = {
    "base_model": "juggernautXL_v8", "prompt": PROMPT, "seed": "11", "steps": 30, "metadata_scheme": "fooocus",
    "negative_prompt": "", "version": "Fooocus v2.5.5",
}  # fmt: skip
SWARM = {"sui_image_params": {"prompt": PROMPT, "model": "flux1-schnell", "seed": 3, "cfgscale": 1}}
DRAW_THINGS = {"c": PROMPT, "uc": "", "model": "sdxl_turbo.ckpt", "sampler": "LCM", "scale": 2, "seed": 8, "steps": 4}
EASY = {"prompt": PROMPT, "use_stable_diffusion_model": "models/sd-v1-4.ckpt", "seed": "77", "guidance_scale": "7.5"}
TINY = {"generator": "ipynemo tiny diffusion model", "prompt": PROMPT, "seed": 4, "steps": 50, "guidance": 2}
MIDJOURNEY = f"{PROMPT} --ar 3:2 --v 6.1 Job ID: 12345678-9abc-4def-8123-456789abcdef"

_NAMES = (
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
)


def xmp(attributes: str = "", elements: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {_NAMES} {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def picture() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def png(path: Path, **texts: str) -> Path:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword.replace("_", " ") if keyword == "negative_prompt" else keyword, text)
    picture().save(path, pnginfo=info)
    return path


def commented(path: Path, text: str, coding: str = "utf-16-be", **tags: str) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\x00" + text.encode(coding)
    for tag, value in tags.items():
        exif[int(tag[1:], 16)] = value
    picture().save(path, exif=exif)
    return path


def camera(path: Path, **options: Any) -> Path:
    """A photograph with everything that must not be shown: a place, serial numbers, names, a date."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131], exif[0x013B] = "Canon", "EOS R5", "Firmware 1.8", "Ada Example"
    exif[0x8298], exif[0x010E], exif[0x0132] = "(c) Ada Example", "our house in Berlin", "2024:05:06 07:08:09"
    inner = exif.get_ifd(0x8769)
    inner[0xA430], inner[0xA431], inner[0xA434], inner[0xA435] = "Ada Example", "SN-0815", "RF 50 mm", "LENS-4711"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    picture().save(path, exif=exif, **options)
    return path


def hidden(path: Path, *, alpha: bool, packed: bool) -> Path:
    """A record in the lowest bits, column by column; in the alpha channel, or in the colours."""
    if alpha:
        fields = {"Software": "NovelAI", "Source": "NovelAI Diffusion V4 37442FCA", "Comment": json.dumps(NOVELAI)}
        body = json.dumps(fields).encode()
    else:
        body = A1111.encode()
    body = gzip.compress(body) if packed else body
    mark = f"stealth_{'png' if alpha else 'rgb'}{'comp' if packed else 'info'}".encode()
    bits = np.unpackbits(np.frombuffer(mark + struct.pack(">I", len(body) * 8) + body, np.uint8))
    pixels = np.asarray(picture().resize((64, 96)).convert("RGBA")).copy()
    down = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    down[:, :, 3] = 254
    flat = down[:, :, 3:].reshape(-1) if alpha else down[:, :, :3].reshape(-1)
    flat[: len(bits)] = flat[: len(bits)] & 0xFE | bits
    down[:, :, 3 if alpha else slice(3)] = flat.reshape(down[:, :, 3 if alpha else slice(3)].shape)
    Image.fromarray(down.transpose(1, 0, 2) if alpha else down.transpose(1, 0, 2)[:, :, :3]).save(path)
    return path


def film(path: Path, **tags: str) -> Path:
    with av.open(str(path), "w", container_options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(tags)
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(path: Path, *chunks: bytes) -> Path:
    content = png(path).read_bytes()
    path.write_bytes(content[:33] + b"".join(chunks) + content[33:])
    return path


def with_large_text(path: Path) -> Path:
    """A text of 100 MB, of which the file system stores next to nothing."""
    content = png(path).read_bytes()
    with path.open("wb") as file:
        file.write(content[:33] + struct.pack(">I", 100_000_000) + b"tEXtparameters\x00Steps: 1, Seed: 1")
        file.seek(33 + 8 + 100_000_000 + 4)
        file.write(content[33:])
    return path


def circular_tiff(path: Path) -> Path:
    directory = struct.pack("<H", 1) + struct.pack("<HHII", 0x0110, 2, 4, int.from_bytes(b"EOS\x00", "little"))
    path.write_bytes(b"II*\x00" + struct.pack("<I", 8) + directory + struct.pack("<I", 8) + bytes(32))
    return path


def damaged(path: Path, signed: Path, *, cut: float | None = None) -> Path:
    content = bytearray(signed.read_bytes())
    if cut is None:
        content[-200] ^= 0xFF
    path.write_bytes(content[: int(len(content) * cut)] if cut else content)
    return path


LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
DEEP = b'{"class_type":' + b'{"a":' * 150_000
APPLE = "com.apple.quicktime"
BOMB = zlib.compress(bytes(1 << 25), 1)

Maker = Callable[[Path], Path]


def samples(by: Authority, other: Authority) -> dict[str, Maker]:
    """Return the makers of all samples by file name; `by` is on the trust list and `other` is not."""

    def source(path: Path) -> Path:
        plain = path.with_name(f"plain_{path.name}")
        picture().save(plain)
        return plain

    def signed(path: Path, who: Authority, **options: Any) -> Path:
        mime = {".png": "image/png", ".webp": "image/webp"}.get(path.suffix, "image/jpeg")
        return sign(source(path), path, who, mime=mime, **options)

    def parent(path: Path) -> Path:
        before = signed(path.with_name(f"before_{path.name}"), by, softwareAgent={"name": "Model X", "version": "2"})
        return sign(before, path, by, generator=("Editor", "9"), parent=before)

    dst = f'Iptc4xmpExt:DigitalSourceType="{AI}"'
    system = 'Iptc4xmpExt:AISystemUsed="Paint Model" Iptc4xmpExt:AISystemVersionUsed="3"'
    credit = f'photoshop:Credit="Made with Google AI" {dst}'
    aigc = json.dumps({"Label": "1", "ContentProducer": "91440300MA5EX", "ProduceID": "p-1"}).replace('"', "&quot;")
    things = json.dumps(DRAW_THINGS).replace('"', "&quot;")
    return {
        "signed_trusted.jpg": lambda p: signed(p, by, softwareAgent={"name": "Model X", "version": "2"}),
        "signed_unknown.jpg": lambda p: signed(p, other),
        "signed_parent.jpg": parent,
        "firefly.jpg": lambda p: signed(p, other, generator=("Adobe_Firefly", "1.0"), softwareAgent="Adobe Firefly"),
        "chatgpt.png": lambda p: signed(p, other, generator=("ChatGPT", "4"), softwareAgent={"name": "GPT-4o"}),
        "signed_camera.jpg": lambda p: signed(
            p, by, generator=("Camera", "1"), digitalSourceType=AI.replace("trainedAlgorithmicMedia", "digitalCapture")
        ),
        "tampered.jpg": lambda p: damaged(p, signed(p.with_name("whole.jpg"), by)),
        "record_online.jpg": lambda p: signed(p, by, remote="http://127.0.0.1:9/record.c2pa"),
        "a1111.png": lambda p: png(p, parameters=A1111),
        "forge.jpg": lambda p: commented(p, A1111.replace("v1.9.4", "f2.0.1v1.10.1"), "utf-16-le"),
        "sdnext.webp": lambda p: commented(p, A1111.replace("Version: v1.9.4", "App: SD.Next, Version: 8d1c5b0")),
        "comfyui.png": lambda p: png(p, prompt=json.dumps(COMFY), workflow=json.dumps(WORKFLOW)),
        "comfyui_two.png": lambda p: png(p, prompt=json.dumps(TWO_SAMPLERS)),
        "comfyui_flux.png": lambda p: png(p, prompt=json.dumps(FLUX)),
        "comfyui.webp": lambda p: commented(p, "", x0110=f"prompt:{json.dumps(COMFY)}"),
        "comfyui.mp4": lambda p: film(p, prompt=json.dumps(COMFY), workflow=json.dumps(WORKFLOW)),
        "invokeai.png": lambda p: png(p, invokeai_metadata=json.dumps(INVOKE)),
        "invokeai_old.png": lambda p: png(p, Dream=f'"{PROMPT}" -s 50 -S 1'),
        "novelai.png": lambda p: png(p, Software="NovelAI", Source="NovelAI Diffusion V4", Comment=json.dumps(NOVELAI)),
        "novelai_hidden.png": lambda p: hidden(p, alpha=True, packed=True),
        "webui_hidden.png": lambda p: hidden(p, alpha=False, packed=False),
        "fooocus.png": lambda p: png(p, parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus"),
        "fooocus.jpg": lambda p: commented(p, json.dumps(FOOOCUS), x0131="Fooocus v2.5.5"),
        "swarmui.jpg": lambda p: commented(p, json.dumps(SWARM)),
        "easy.png": lambda p: png(p, **EASY),
        "drawthings.jpg": lambda p: saved(p, xmp=xmp(f'exif:UserComment="{things}"')),
        "midjourney.png": lambda p: png(p, Description=MIDJOURNEY, Author="Ada Example"),
        "google.jpg": lambda p: saved(p, xmp=xmp(credit)),
        "labelled.avif": lambda p: saved(p, xmp=xmp(dst)),
        "aigc.png": lambda p: png(p, **{"XML:com.adobe.xmp": xmp(f'TC260:AIGC="{aigc}"').decode()}),
        "aigc_comment.jpg": lambda p: commented(p, json.dumps({"AIGC": json.dumps({"Label": "2", "ProduceID": "x"})})),
        "tiny.png": lambda p: png(p, Software="ipynemo tiny diffusion model 1", ipynemo_tiny_model=json.dumps(TINY)),
        "prompt_information.jpg": lambda p: saved(p, xmp=xmp(f'Iptc4xmpExt:AIPromptInformation="{PROMPT}" {system}')),
        "camera.jpg": camera,
        "camera.tif": camera,
        "camera.avif": camera,
        "camera.mp4": lambda p: film(p, **{f"{APPLE}.make": "Apple", f"{APPLE}.model": "iPhone 15"}),
        "conflict.jpg": lambda p: camera(p, xmp=xmp(dst)),
        "nothing.png": png,
        "nothing.webp": saved,
        "bomb.png": lambda p: with_chunks(p, chunk(b"zTXt", b"parameters\x00\x00" + BOMB)),
        "entities.jpg": lambda p: saved(p, xmp=b'<!DOCTYPE x [<!ENTITY a0 "ha">' + LAUGHS + b"]><x>&a9;</x>"),
        "large_text.png": with_large_text,
        "deep_json.png": lambda p: with_chunks(p, chunk(b"tEXt", b"prompt\x00" + DEEP)),
        "deep_xml.png": lambda p: png(p, **{"XML:com.adobe.xmp": "<a>" * 300_000}),
        "cut_record.jpg": lambda p: damaged(p, signed(p.with_name("whole.jpg"), by), cut=0.6),
        "circle.tif": circular_tiff,
    }  # fmt: skip


def saved(path: Path, **options: Any) -> Path:
    picture().save(path, **options)
    return path
