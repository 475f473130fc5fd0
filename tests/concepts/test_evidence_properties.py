"""Whatever bytes come, the readers neither raise nor exceed their limits."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_samples import COMFY, samples
from ipynemo.concepts.evidence import Evidence, evidence
from ipynemo.concepts.exif import from_exif, from_iptc
from ipynemo.concepts.generators import from_png_texts, from_text
from ipynemo.concepts.graphs import read_graph
from ipynemo.concepts.statements import MAX_PROMPT_CHARS, MAX_VALUE_CHARS
from ipynemo.concepts.tiff import read_tags
from ipynemo.concepts.xmp import from_xmp
from signing import authority

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ipynemo.concepts.statements import Statement

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
HEADS = (
    b"\xff\xd8\xff\xe1",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WEBP",
    b"GIF89a",
    b"II*\0",
    b"MM\0+",
    b"\0\0\0\x18ftyp",
)
SEEDS = (
    "signed_trusted.jpg", "chatgpt.png", "sdnext.webp", "novelai_hidden.png", "comfyui.mp4", "labelled.avif",
    "camera.avif", "camera.tif", "camera.jpg", "aigc.png",
)  # fmt: skip


def within_limits(statements: Sequence[Statement]) -> None:
    assert len(statements) <= 400
    for statement in statements:
        assert statement.level in ("signed", "stated")
        assert len(statement.value) <= MAX_VALUE_CHARS
        assert len(statement.field) <= 80
        if statement.record is not None:
            assert len(statement.record.prompt or "") <= MAX_PROMPT_CHARS
            assert all(len(value) <= 60 for _, value in statement.record.settings)


def whole(found: Evidence) -> None:
    within_limits(found.statements)
    assert found.level in ("signed", "stated", "none")
    assert Evidence.from_dict(json.loads(json.dumps(found.to_dict(private=True)))) == found
    for text in (found.text("en"), found.text("zh"), found._repr_html_(), *map(found.answer, ("model", "signer"))):
        assert text


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    by = authority()
    folder: Path = tmp_path_factory.mktemp("seeds")
    makers = samples(by, by)
    return {name: makers[name](folder / name).read_bytes() for name in SEEDS}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("one") / "x"


@QUICK
@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=400))
def test_random_bytes_behind_a_known_beginning(place: Path, head: bytes, rest: bytes) -> None:
    place.write_bytes(head + rest)
    whole(evidence(place))


@settings(QUICK, max_examples=250)
@given(data=st.data())
def test_real_files_with_bytes_changed_cut_and_put_in(
    files: dict[str, bytes], place: Path, data: st.DataObject
) -> None:
    content = bytearray(files[data.draw(st.sampled_from(SEEDS))])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content) - 1, 4_000)))
        how = data.draw(st.sampled_from(["change", "cut", "put", "huge", "copy"]))
        if how == "change":
            content[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del content[at : at + data.draw(st.integers(1, 300))]
        elif how == "put":
            content[at:at] = data.draw(st.binary(max_size=40))
        elif how == "huge":
            content[at : at + 4] = b"\xff\xff\xff\xff"
        else:
            content[at:at] = content[at : at + 200]
        if not content:
            break
    place.write_bytes(content)
    found = evidence(place)
    whole(found)


@QUICK
@given(block=st.binary(max_size=300), order=st.sampled_from([b"II*\0", b"MM\0*", b"II+\0"]))
def test_random_exif_iptc_and_xmp_blocks(block: bytes, order: bytes) -> None:
    within_limits(from_exif(order + block))
    within_limits(from_exif(b"Exif\0\0" + order + b"\x08\0\0\0" + block))
    within_limits(from_iptc(b"\x1c\x02" + block))
    within_limits(from_xmp(b"<a>" + block + b"</a>"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@QUICK
@given(value=JSON, name=st.sampled_from(["prompt", "workflow", "parameters", "invokeai_metadata", "Comment", "AIGC"]))
def test_records_of_any_shape(value: Any, name: str) -> None:
    keys = (
        "prompt",
        "nodes",
        "class_type",
        "inputs",
        "model",
        "seed",
        "sui_image_params",
        "image",
        "uc",
        "steps",
        "scale",
    )
    for text in (json.dumps(value), json.dumps(dict.fromkeys(keys, value)), json.dumps({"1": {"inputs": value}})):
        statement = from_text("PNG text", name, text)
        within_limits([statement] if statement else [])
        within_limits(
            from_png_texts("PNG text", [(name, text), ("Software", text), ("use_stable_diffusion_model", text)])
        )


@QUICK
@given(key=st.sampled_from(sorted(COMFY)), value=JSON, link=st.lists(st.sampled_from(sorted(COMFY)), max_size=2))
def test_graphs_with_any_link_and_any_circle(key: str, value: Any, link: list[str]) -> None:
    graph = json.loads(json.dumps(COMFY))
    graph[key]["inputs"] = {"positive": link, "text": value, "conditioning": link, "ckpt_name": value}
    record = read_graph(graph)
    assert record.generator == "ComfyUI"
    assert len(record.prompt or "") <= MAX_PROMPT_CHARS


@QUICK
@given(first=st.integers(8, 60), second=st.integers(0, 60), tag=st.sampled_from([0x8769, 0x0110, 0x8825]))
def test_directories_that_point_anywhere(first: int, second: int, tag: int) -> None:
    entry = struct.pack("<H", 1) + struct.pack("<HHII", tag, 4, 1, second) + struct.pack("<I", first)
    data = (b"II*\0" + struct.pack("<I", 8) + entry).ljust(80, b"\0")
    with contextlib.suppress(ValueError):
        assert set(read_tags(data, {0x0110})) <= {0x0110}


@QUICK
@given(packed=st.binary(max_size=200), level=st.integers(0, 9))
def test_packed_texts(place: Path, packed: bytes, level: int) -> None:
    body = b"prompt\0\0" + zlib.compress(packed, level)[: max(1, len(packed))]
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + b"\0\0\0\0"
    place.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk * 3)
    whole(evidence(place))
