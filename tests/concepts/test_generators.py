"""Records of image generators: which one wrote it is told, what it was told is not."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ipynemo.concepts.metadata import Statement, stated

SECRET = "a robot that my neighbour Ada built"
A1111 = f"{SECRET}\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Version: v1.9.4"
COMFY = json.dumps(
    {
        "3": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["6", 0]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": SECRET, "clip": ["4", 1]}},
    }
)
FLUX = json.dumps({"nodes": [{"id": 1, "type": "CLIPTextEncode", "widgets_values": [SECRET]}], "links": []})
FOOOCUS = json.dumps({"base_model": "juggernautXL", "prompt": SECRET, "seed": "1", "metadata_scheme": "fooocus"})
NOVELAI = json.dumps({"prompt": SECRET, "steps": 28, "sampler": "k_euler", "uc": "bad", "scale": 5.0})
SWARM = json.dumps({"sui_image_params": {"prompt": SECRET, "model": "flux"}})
MIDJOURNEY = f"{SECRET} --ar 3:2 --v 6 Job ID: 12345678-9abc-4def-8123-456789abcdef"


def told(statements: list[Statement]) -> list[tuple[str, ...]]:
    """Return where each statement stands, whose record it is, and its prompt."""
    assert {statement.level for statement in statements} <= {"stated"}
    return [(s.source, s.field, s.record.generator, s.record.prompt or "") for s in statements if s.record]


def png(path: Path, texts: dict[str, str], *, packed: bool = False) -> Path:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text, zip=packed)
    Image.new("RGB", (32, 24), "teal").save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    ("texts", "keyword", "generator"),
    [
        ({"parameters": A1111}, "parameters", "Stable Diffusion web UI"),
        ({"prompt": COMFY}, "prompt", "ComfyUI"),
        ({"workflow": FLUX}, "workflow", "ComfyUI"),
        ({"invokeai_metadata": json.dumps({"positive_prompt": SECRET})}, "invokeai_metadata", "InvokeAI"),
        ({"sd-metadata": json.dumps({"image": {"prompt": SECRET}})}, "sd-metadata", "InvokeAI"),
        ({"Dream": f'"{SECRET}" -s 50'}, "Dream", "InvokeAI"),
        ({"parameters": FOOOCUS}, "parameters", "Fooocus"),
        ({"parameters": SWARM}, "parameters", "SwarmUI"),
        ({"Comment": NOVELAI}, "Comment", "NovelAI"),
        ({"Description": MIDJOURNEY}, "Description", "Midjourney"),
        ({"prompt": SECRET}, "prompt", "image generator"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_the_record_of_each_generator_is_told_without_its_words(
    tmp_path: Path, texts: dict[str, str], keyword: str, generator: str, packed: bool
) -> None:
    found = stated(png(tmp_path / "a.png", texts, packed=packed))
    assert told(found) == [("PNG text", keyword, generator, SECRET)]
    assert (found[0].value, found[0].meaning) == (f"{generator} record", f"holds a generator record of {generator}")
    assert "Ada" not in repr(found)


def test_novelai_is_known_by_its_software_and_the_description_is_kept_private(tmp_path: Path) -> None:
    texts = {"Title": "NovelAI generated image", "Description": SECRET, "Software": "NovelAI", "Comment": NOVELAI}
    found = stated(png(tmp_path / "a.png", texts))
    assert told(found) == [
        ("PNG text", "Description", "NovelAI", SECRET),
        ("PNG text", "Comment", "NovelAI", SECRET),
    ]
    assert found[1] == Statement("PNG text", "Software", "NovelAI", "the software that wrote the file", "stated")
    assert len(found) == 3


def test_ordinary_texts_are_not_taken_for_records(tmp_path: Path) -> None:
    texts = {
        "Author": "Ada Example",
        "Description": "My house. Steps: many",
        "Comment": json.dumps({"colour": "teal"}),
        "parameters": "how I set the oven",
        "Title": "Steps: 3, of a recipe",
    }
    assert stated(png(tmp_path / "a.png", texts)) == []


def user_comment(text: str, coding: str) -> bytes:
    if coding == "ascii":
        return b"ASCII\x00\x00\x00" + text.encode()
    return b"UNICODE\x00" + text.encode(coding)


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
@pytest.mark.parametrize("coding", ["utf-16-be", "utf-16-le", "ascii"])
def test_a_record_in_a_user_comment_is_read_in_every_coding(tmp_path: Path, suffix: str, coding: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = user_comment(A1111, coding)
    Image.new("RGB", (32, 24)).save(tmp_path / f"a.{suffix}", exif=exif)
    assert told(stated(tmp_path / f"a.{suffix}")) == [("EXIF", "UserComment", "Stable Diffusion web UI", SECRET)]


def test_a_graph_that_comfyui_hides_in_the_camera_fields_is_no_camera(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = f"workflow:{FLUX}", f"prompt:{COMFY}"
    Image.new("RGB", (32, 24)).save(tmp_path / "a.webp", exif=exif)
    found = stated(tmp_path / "a.webp")
    assert told(found) == [("EXIF", "Make", "ComfyUI", SECRET), ("EXIF", "Model", "ComfyUI", SECRET)]
    assert len(found) == 2


def test_a_record_in_a_jpeg_comment_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (32, 24)).save(tmp_path / "a.jpg", comment=A1111.encode())
    assert told(stated(tmp_path / "a.jpg")) == [("comment", "comment", "Stable Diffusion web UI", SECRET)]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(path: Path, *chunks: bytes, last: bool = False) -> Path:
    content = png(path, {}).read_bytes()
    at = len(content) - 12 if last else 33
    path.write_bytes(content[:at] + b"".join(chunks) + content[at:])
    return path


def test_a_text_after_the_pixels_is_found(tmp_path: Path) -> None:
    path = with_chunks(tmp_path / "a.png", chunk(b"tEXt", b"parameters\x00" + A1111.encode()), last=True)
    assert [s.value for s in stated(path)] == ["Stable Diffusion web UI record"]


def test_a_packed_text_that_is_a_bomb_is_named_and_the_others_are_still_read(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(1 << 25), 1)
    path = with_chunks(
        tmp_path / "a.png",
        chunk(b"zTXt", b"prompt\x00\x00" + bomb),
        chunk(b"iTXt", b"workflow\x00\x01\x00\x00\x00" + bomb),
        chunk(b"zTXt", b"Comment\x00\x00not packed at all"),
        chunk(b"tEXt", b"parameters\x00" + A1111.encode()),
    )
    assert [(s.source, s.field, s.value) for s in stated(path)] == [
        ("PNG text", "parameters", "Stable Diffusion web UI record"),
        ("PNG", "unreadable", "a text named 'prompt'"),
        ("PNG", "unreadable", "a text named 'workflow'"),
        ("PNG", "unreadable", "a text named 'Comment'"),
    ]


def test_a_text_in_utf8_where_latin1_belongs_is_still_read(tmp_path: Path) -> None:
    text = f"一只猫, {A1111}"
    path = with_chunks(tmp_path / "a.png", chunk(b"tEXt", b"parameters\x00" + text.encode()))
    assert told(stated(path))[0][3] == f"一只猫, {SECRET}"


MEASURE = """
import resource, sys
from pathlib import Path
from ipynemo.concepts.metadata import stated
import PIL.Image, PIL.TiffImagePlugin, defusedxml.ElementTree
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    stated(Path(path))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""


def exif_bomb() -> bytes:
    """A thousand tags that each claim the same two megabytes."""
    count, size = 1_000, 2_000_000
    entries = b"".join(struct.pack("<HHII", 0x4000 + n, 7, size - 20_000, 12_050) for n in range(count))
    return (b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", count) + entries + bytes(4)).ljust(size, b"\x00")


def test_bombs_take_neither_memory_nor_time(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(1 << 25), 1)
    files = [
        with_chunks(tmp_path / "texts.png", *[chunk(b"zTXt", b"prompt\x00\x00" + bomb)] * 50),
        with_chunks(tmp_path / "xmp.png", chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + bomb)),
        with_chunks(tmp_path / "exif.png", chunk(b"eXIf", exif_bomb())),
        with_chunks(tmp_path / "many.png", *[chunk(b"tEXt", b"parameters\x00Steps: 1, ")] * 100_000),
        with_chunks(tmp_path / "steps.png", chunk(b"tEXt", b"parameters\x00" + b"Steps: 1, " * 100_000)),
        with_chunks(tmp_path / "deep.png", chunk(b"tEXt", b"parameters\x00" + b'{"a":' * 190_000)),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MEASURE, *map(str, files)]
    assert int(subprocess.check_output(command, env=environment, text=True, timeout=60)) < 60


def test_files_cut_and_damaged_anywhere_never_raise(tmp_path: Path) -> None:
    whole = png(tmp_path / "a.png", {"parameters": A1111, "prompt": COMFY}, packed=True).read_bytes()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = user_comment(A1111, "utf-16-be")
    Image.new("RGB", (32, 24)).save(tmp_path / "b.jpg", exif=exif, comment=b"x")
    for content in (whole, (tmp_path / "b.jpg").read_bytes()):
        for at in range(0, min(len(content), 900), 7):
            for damaged in (content[:at], content[:at] + b"\xff" + content[at + 1 :], content[:at] + content[at + 3 :]):
                (tmp_path / "c").write_bytes(damaged)
                assert all(len(statement.value) <= 200 for statement in stated(tmp_path / "c"))
