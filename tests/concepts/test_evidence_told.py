"""Evidence as its users meet it: text in two languages, HTML, answers, a table, a trust list, errors that help."""

from __future__ import annotations

import html.parser
import os
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from evidence_samples import A1111, camera, chunk, png, samples, saved, with_chunks, xmp
from ipynemo.concepts.credentials import _Store
from ipynemo.concepts.evidence import TRUST_VARIABLE, Evidence, _missing, evidence, evidence_frame
from ipynemo.concepts.statements import Record, Statement
from ipynemo.concepts.telling import languages, words
from ipynemo.errors import InvalidRequestError
from signing import AI, Authority, authority, sign

if TYPE_CHECKING:
    from pathlib import Path

SIGNER = "Test Signer · Test Signer Org"
NO_LABEL = "No label does not mean no AI. Labels can be removed or invented."
WATERMARK = "An invisible watermark such as SynthID cannot be read offline."


@pytest.fixture(scope="module")
def by() -> Authority:
    return authority()


@pytest.fixture
def signed(tmp_path: Path, by: Authority) -> Path:
    return sign(saved(tmp_path / "plain.jpg"), tmp_path / "signed.jpg", by)


def test_an_unknown_signer_is_told_with_what_cannot_be_checked(signed: Path) -> None:
    assert str(evidence(signed)).split("\n") == [
        "signed.jpg · JPEG",
        f"Signed by {SIGNER}. We cannot check who that is.",
        f"- signed · {SIGNER} (C2PA): made by a trained model",
        f"- signed · {SIGNER} (C2PA): claim generator: Paint Machine 1.0",
        NO_LABEL,
        WATERMARK,
    ]


def test_a_trust_list_is_a_file_a_text_or_named_by_the_environment(
    signed: Path, by: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = f"Signed by {SIGNER}. An authority on the list given vouches for that name."
    (tmp_path / "list.pem").write_text(by.root)
    assert evidence(signed, trust=by.root).text().split("\n")[1] == trusted
    assert evidence(signed, trust=tmp_path / "list.pem").signature == "trusted"
    assert evidence(signed, trust=authority().root).signature == "unknown"
    assert evidence(signed).signature == "unknown"
    monkeypatch.setenv(TRUST_VARIABLE, str(tmp_path / "list.pem"))
    assert evidence(signed).signature == "trusted"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, r"The trust list list.pem cannot be read: No such file"), ("no list", "list.pem holds no certificates")],
)
def test_a_trust_list_that_is_none_is_an_error_and_not_an_unknown_signer(
    signed: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "list.pem").write_text(content)
    with pytest.raises(InvalidRequestError, match=message):
        evidence(signed, trust=tmp_path / "list.pem")


def test_a_broken_certificate_in_the_trust_list_never_makes_a_signer_trusted(signed: Path) -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert evidence(signed, trust=broken).signature in ("unknown", None)


def test_nothing_is_told_without_a_verdict_in_both_languages(tmp_path: Path) -> None:
    found = evidence(png(tmp_path / "a.png"))
    assert found.text("en").split("\n") == [
        "a.png · PNG",
        "The file says nothing about how it was made.",
        NO_LABEL,
        WATERMARK,
    ]
    assert found.text("zh-CN").split("\n") == [
        "a.png · PNG",
        "文件没有说明自己是怎样做出来的。",
        "没有标签不等于没有用 AI。标签可以被删掉，也可以被伪造。",
        "SynthID 这样的隐形水印无法离线读取。",
    ]


def test_a_camera_and_an_ai_label_are_both_shown(tmp_path: Path) -> None:
    found = evidence(camera(tmp_path / "a.jpg", xmp=xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"')))
    assert found.text().split("\n")[1:-2] == [
        "There is no signed record that can be read. The file says something, and anyone can write that.",
        "- stated · the file (XMP): made by a trained model",
        "- stated · the file (EXIF): Make: Canon, a camera",
        "- stated · the file (EXIF): Model: EOS R5, a camera",
        "- stated · the file (EXIF): LensModel: RF 50 mm, a lens",
        "- stated · the file (EXIF): Software: Firmware 1.8",
        "The statements point both to a camera and to AI. Both are shown; nothing is decided.",
    ]


def test_a_photo_editor_with_ai_in_its_name_is_no_generator(tmp_path: Path) -> None:
    found = evidence(saved(tmp_path / "a.jpg", xmp=xmp('xmp:CreatorTool="Topaz Photo AI 3 / Editor de imagen"')))
    assert (found.generators, found.software) == ((), ("Topaz Photo AI 3 / Editor de imagen",))


def test_a_credit_of_a_person_is_not_shown(tmp_path: Path) -> None:
    assert evidence(saved(tmp_path / "a.jpg", xmp=xmp('photoshop:Credit="Ada Example / Agency"'))).statements == ()


@pytest.mark.parametrize(
    ("sample", "head"),
    [
        ("cut_record.jpg", "What the file says about how it was made cannot be read."),
        ("record_online.jpg", "A record about this file lies online. It was not read, because nothing is fetched from"),
        ("tampered.jpg", "A signed record is there, but it does not fit this file. It names Test Signer"),
    ],
)
def test_what_cannot_be_known_is_not_told_as_unsigned(tmp_path: Path, by: Authority, sample: str, head: str) -> None:
    found = evidence(samples(by, by)[sample](tmp_path / sample))
    assert found.text().split("\n")[1].startswith(head)
    assert found._repr_html_().count(head) == 1


def test_a_kind_of_file_that_is_not_read_is_not_told_as_silent(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 made with AI, who knows")
    found = evidence(tmp_path / "a.pdf")
    assert (found.level, found.format) == ("none", "")
    assert found.text().split("\n")[1] == "This kind of file is not read here, so nothing can be said of it."
    assert found.answer("made").startswith(
        "The file “a.pdf” is of a kind that is not read here, so nothing can be said"
    )
    (tmp_path / "a.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + bytes(24))
    assert evidence(tmp_path / "a.wav").format == "wav"


def test_a_record_whose_certificate_does_not_hold_is_not_told_as_changed() -> None:
    results = {"activeManifest": {"failure": [{"code": "signingCredential.expired"}]}}
    manifests = {"m": {"signature_info": {"common_name": "Old Signer"}}}
    store = {"active_manifest": "m", "manifests": manifests, "validation_results": results}
    found = Evidence("a.jpg", "jpeg", tuple(_Store("Invalid", store).statements()))
    assert (found.level, found.signature, found.signer) == ("stated", "invalid", "Old Signer")
    head = (
        "A signed record is there, but its signature or certificate does not hold. It names Old Signer; nothing in it"
    )
    assert found.text().split("\n")[1] == f"{head} can be relied on."
    assert "签名或证书不成立" in found.answer("signer", "zh")


def test_records_of_different_generators_contradict_each_other() -> None:
    records = [Record("ComfyUI"), Record("Midjourney")]
    found = Evidence("a", "png", tuple(Statement("PNG text", "x", "y", None, "stated", record=r) for r in records))
    assert found.conflicts == ("generators",)
    assert "The records name different generators: ComfyUI, Midjourney." in found.text()


@pytest.mark.parametrize(
    ("sample", "question", "language", "expected"),
    [
        ("nothing.png", "made", "en", "The file “nothing.png” states nothing about how it was made. No label does not"),
        (
            "nothing.png",
            "real",
            "en",
            "I cannot tell whether a picture is real; I can tell what its file says. The file",
        ),
        (
            "nothing.png",
            "model",
            "en",
            "The file “nothing.png” names no model. That does not mean that there was none.",
        ),
        ("nothing.png", "signer", "en", "There is no signed record in the file “nothing.png” that can be read,"),
        (
            "a1111.png",
            "made",
            "en",
            "The file “a1111.png” says: made with Stable Diffusion web UI, model v1-5-pruned. ",
        ),
        (
            "a1111.png",
            "model",
            "en",
            "A record in the file “a1111.png” names v1-5-pruned, Stable Diffusion web UI. That",
        ),
        (
            "a1111.png",
            "model",
            "zh",
            "文件“a1111.png”里的记录提到 v1-5-pruned, Stable Diffusion web UI。这样的文字谁都能写",
        ),
        (
            "chatgpt.png",
            "model",
            "en",
            "A signed record in the file “chatgpt.png” names ChatGPT 4, GPT-4o. What that is",
        ),
        (
            "signed_trusted.jpg",
            "signer",
            "en",
            f"The file “signed_trusted.jpg” was signed by {SIGNER}, and an authority",
        ),
        (
            "signed_unknown.jpg",
            "signer",
            "en",
            f"The file “signed_unknown.jpg” was signed by {SIGNER}. We cannot check",
        ),
        ("signed_unknown.jpg", "signer", "zh", f"文件“signed_unknown.jpg”的签名者是 {SIGNER}。他是谁，这里查不了。"),
        (
            "tampered.jpg",
            "signer",
            "en",
            f"The file “tampered.jpg” holds a record that names {SIGNER}, but it does not",
        ),
        (
            "record_online.jpg",
            "signer",
            "en",
            "A record about the file “record_online.jpg” lies online; it was not read",
        ),
        ("cut_record.jpg", "made", "en", "What the file “cut_record.jpg” states could not be read."),
        (
            "conflict.jpg",
            "real",
            "zh",
            "一张图是不是真的，我判断不了；我只能说文件里写了什么。文件“conflict.jpg”里写着：",
        ),
    ],
)
def test_questions_are_answered_with_the_three_levels(
    tmp_path: Path, by: Authority, sample: str, question: str, language: str, expected: str
) -> None:
    path = samples(by, authority())[sample](tmp_path / sample)
    answer = evidence(path, trust=by.root).answer(question, language)  # type: ignore[arg-type]
    assert answer[: len(expected)] == expected
    assert "%" not in answer


def test_every_language_has_every_text() -> None:
    assert languages() == ["en", "zh"]
    from ipynemo.concepts.telling import _table

    keys = {language: {(g, k) for g, texts in _table(language).items() for k in texts} for language in languages()}
    assert keys["en"] == keys["zh"]
    assert words("fr", "level", "none") == "none"


def test_html_is_escaped_small_and_without_script(tmp_path: Path) -> None:
    evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    path = png(tmp_path / "a&b.png", parameters=A1111.replace("a robot", evil), Software=evil)
    page = evidence(path)._repr_html_()
    tags: list[tuple[str, list[str]]] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, [name for name, _ in attrs]))

    Reader().feed(page)
    assert {tag for tag, _ in tags} <= {"div", "strong", "p", "table", "tr", "th", "td", "details", "summary"}
    assert {name for _, names in tags for name in names} <= {"class", "style", "scope"}
    assert "a&amp;b.png" in page
    assert len(page) < 5_000


def test_many_files_become_one_table(tmp_path: Path, by: Authority) -> None:
    for name in ("signed_trusted.jpg", "a1111.png", "nothing.png", "conflict.jpg", "bomb.png"):
        (tmp_path / "class").mkdir(exist_ok=True)
        made = samples(by, by)[name](tmp_path / name)
        made.rename(tmp_path / "class" / name)
    (tmp_path / "class" / "notes.txt").write_text("no picture")
    frame = evidence_frame(tmp_path / "class", trust=by.root)
    assert frame.columns.tolist() == [
        "file", "format", "level", "signature", "signer", "source_types", "generators", "models", "camera", "software",
        "conflict", "unreadable", "says",
    ]  # fmt: skip
    assert frame["file"].tolist() == ["a1111.png", "bomb.png", "conflict.jpg", "nothing.png", "signed_trusted.jpg"]
    assert frame["level"].tolist() == ["stated", "none", "stated", "none", "signed"]
    assert frame["conflict"].tolist() == [False, False, True, False, False]
    assert frame["unreadable"].tolist() == [0, 1, 0, 0, 0]
    assert frame.loc[0, "models"] == "v1-5-pruned"
    assert frame["camera"].isna().tolist() == [True, True, False, True, True]
    assert "neighbour" not in frame.to_csv()
    assert (
        evidence_frame([tmp_path / "class" / "a1111.png"], private=True).loc[0, "prompt"].startswith("a robot that my")
    )
    assert evidence_frame([]).columns.tolist() == frame.columns.tolist()


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"gone.png cannot be read: No such file or directory"):
        evidence(tmp_path / "gone.png")
    with pytest.raises(InvalidRequestError, match=r"cannot be read: Is a directory"):
        evidence(tmp_path)


def test_a_package_that_is_missing_is_said_and_not_told_as_nothing_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipynemo.concepts.evidence._PACKAGES", {"no_such_module": "c2pa-python"})
    _missing.cache_clear()
    try:
        with pytest.raises(InvalidRequestError, match=r"c2pa-python is needed. pip install \"ipynemo\[local\]\""):
            evidence(png(tmp_path / "a.png"))
    finally:
        _missing.cache_clear()


def test_more_texts_than_any_real_file_has_are_not_read(tmp_path: Path) -> None:
    found = evidence(with_chunks(tmp_path / "a.png", *[chunk(b"tEXt", b"Title\x00x")] * 150))
    assert found.unreadable == ("more texts than any real file has; the rest was not read",)


def test_more_parts_than_any_real_file_has_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a" + bytes(7) + b"\x21\xf9" + b"\x01x" * 1_100_000 + b"\x00;")
    assert evidence(path).unreadable == ("more parts than any real file has; the rest was not read",)


@pytest.mark.parametrize("name", ["x.heic", "x.avif", "x.mov", "x.mp4"])
def test_items_and_boxes_that_claim_to_be_huge_are_not_followed(tmp_path: Path, name: str) -> None:
    brand = {".heic": b"heic", ".avif": b"avif", ".mov": b"qt  ", ".mp4": b"isom"}[name[1:]]
    box = struct.pack(">I4s", 0xFFFFFFF0, b"meta" if name[2] in "he" else b"moov")
    (tmp_path / name).write_bytes(struct.pack(">I4s4sI", 16, b"ftyp", brand, 0) + box + bytes(64))
    assert evidence(tmp_path / name).unreadable == ("the file ends in the middle of a part",)


MEASURE = """
import resource, sys
from ipynemo.concepts.evidence import evidence
import PIL.Image, PIL.PngImagePlugin, defusedxml.ElementTree, numpy, c2pa
before = resource.getrusage(resource.RUSAGE_SELF)
for path in sys.argv[1:]:
    evidence(path)
after = resource.getrusage(resource.RUSAGE_SELF)
unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
print((after.ru_maxrss - before.ru_maxrss) // unit, round(after.ru_utime - before.ru_utime))
"""


def test_hostile_files_take_little_memory_and_time(tmp_path: Path, by: Authority) -> None:
    names = (
        "bomb.png",
        "entities.jpg",
        "deep_json.png",
        "deep_xml.png",
        "circle.tif",
        "cut_record.jpg",
        "large_text.png",
    )
    files = [samples(by, by)[name](tmp_path / name) for name in names]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MEASURE, *map(str, files)]
    memory_mb, cpu_s = map(int, subprocess.check_output(command, env=environment, text=True, timeout=60).split())
    assert memory_mb < 150  # of which 100 are the pages of the largest file, which the system takes back at will
    assert cpu_s < 10
