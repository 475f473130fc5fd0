"""What a file states about itself in text that anyone can write: XMP, IPTC, EXIF."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ipynemo.concepts.metadata import Statement, stated

if TYPE_CHECKING:
    from pathlib import Path

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMES = (
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MADE_BY_AI = Statement("XMP", "DigitalSourceType", "trainedAlgorithmicMedia", "made by a generative AI model", "stated")
BROKEN_XMP = Statement(
    "XMP", "unreadable", "the XMP block", "This part of the file is broken, or was made to do harm.", "stated"
)


def xmp(attributes: str = "", elements: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" {NAMES} {attributes}>{elements}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def saved(path: Path, **options: object) -> Path:
    Image.new("RGB", (32, 24), "teal").save(path, **options)
    return path


@pytest.mark.parametrize(
    "block",
    [
        xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"'),
        xmp(elements=f"<Iptc4xmpExt:DigitalSourceType>{AI}</Iptc4xmpExt:DigitalSourceType>"),
        xmp(elements=f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{AI}"/>'),
        xmp(elements=f"<Iptc4xmpExt:DigitalSourceType>\n  {AI}\n</Iptc4xmpExt:DigitalSourceType>"),
        xmp('Iptc4xmpExt:DigitalSourcefileType="trainedalgorithmicmedia"'),
    ],
    ids=["attribute", "element", "resource", "spaced", "old name, bare code"],
)
def test_a_digital_source_type_is_read_in_every_spelling(tmp_path: Path, block: bytes) -> None:
    assert stated(saved(tmp_path / "a.jpg", xmp=block)) == [MADE_BY_AI]


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_xmp_is_read_from_jpeg_and_webp(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a.{suffix}", xmp=xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"'))
    assert stated(path) == [MADE_BY_AI]


def test_xmp_is_read_from_gif(tmp_path: Path) -> None:
    content = saved(tmp_path / "a.gif").read_bytes()
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    block = b"\x21\xff\x0bXMP DataXMP" + xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"') + trailer
    (tmp_path / "a.gif").write_bytes(content[:-1] + block + b"\x3b")
    assert stated(tmp_path / "a.gif") == [MADE_BY_AI]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("compositeWithTrainedAlgorithmicMedia", "edited with a generative AI model: partly AI"),
        ("digitalCapture", "taken with a digital camera"),
        ("digitalCreation", "made by a person with software"),
        ("somethingNew", None),
    ],
)
def test_the_codes_are_put_in_plain_words_where_they_are_known(tmp_path: Path, code: str, meaning: str | None) -> None:
    block = xmp(f'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{code}"')
    assert stated(saved(tmp_path / "a.jpg", xmp=block)) == [
        Statement("XMP", "DigitalSourceType", code, meaning, "stated")
    ]


def test_credit_and_software_are_read_and_people_and_places_are_not(tmp_path: Path) -> None:
    block = xmp(
        'photoshop:Credit="Made with Google AI" xmp:CreatorTool="Paint 3" photoshop:City="Berlin" '
        'exif:GPSLatitude="52,31N" photoshop:AuthorsPosition="Chief"',
        "<dc:creator><rdf:Seq><rdf:li>Ada Example</rdf:li></rdf:Seq></dc:creator>"
        "<tiff:Software><rdf:Alt><rdf:li xml:lang='x-default'>Editor 9</rdf:li></rdf:Alt></tiff:Software>",
    )
    assert stated(saved(tmp_path / "a.jpg", xmp=block)) == [
        Statement("XMP", "photoshop:Credit", "Made with Google AI", "who asks to be credited", "stated"),
        Statement("XMP", "xmp:CreatorTool", "Paint 3", "the software that made the file first", "stated"),
        Statement("XMP", "tiff:Software", "Editor 9", None, "stated"),
    ]


def test_a_camera_and_an_ai_label_are_both_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
    path = saved(tmp_path / "a.jpg", exif=exif, xmp=xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"'))
    assert stated(path) == [
        MADE_BY_AI,
        Statement("EXIF", "Make", "Canon", "the maker of a camera or phone", "stated"),
        Statement("EXIF", "Model", "EOS R5", "a camera or phone", "stated"),
    ]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_exif_is_read_without_places_and_names(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0131], exif[0x013B], exif[0x010E] = "Paint 3", "Ada Example", "our house in Berlin"
    exif.get_ifd(0x8769)[0xA434] = "50 mm"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "2024:05:06"})
    found = stated(saved(tmp_path / f"a.{suffix}", exif=exif))
    assert found == [
        Statement("EXIF", "Software", "Paint 3", "the software that wrote the file", "stated"),
        Statement("EXIF", "LensModel", "50 mm", "a lens", "stated"),
    ]
    assert not any(word in repr(found) for word in ("52", "Berlin", "Ada", "2024"))


def data_set(number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value


def with_iptc(path: Path, block: bytes) -> Path:
    resource = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(block)) + block + bytes(len(block) & 1)
    content = saved(path).read_bytes()
    path.write_bytes(content[:2] + b"\xff\xed" + struct.pack(">H", len(resource) + 2) + resource + content[2:])
    return path


def test_legacy_iptc_is_read(tmp_path: Path) -> None:
    block = data_set(80, b"Ada Example") + data_set(90, b"Berlin") + data_set(65, b"Paint 3")
    block += data_set(110, "Gemacht mit KI – für alle".encode()) + data_set(65, b"Caf\xe9")
    assert stated(with_iptc(tmp_path / "a.jpg", block)) == [
        Statement("IPTC", "OriginatingProgram", "Paint 3", "the software that wrote the file", "stated"),
        Statement("IPTC", "Credit", "Gemacht mit KI – für alle", "who asks to be credited", "stated"),
        Statement("IPTC", "OriginatingProgram", "Café", "the software that wrote the file", "stated"),
    ]


@pytest.mark.parametrize("block", [b"\x1c\x02\x6e\xff", data_set(110, b"abc")[:-1], b"\x1c\x02\x6e\x80\x04", b"junk"])
def test_broken_iptc_states_at_most_what_is_there(tmp_path: Path, block: bytes) -> None:
    assert [s.value for s in stated(with_iptc(tmp_path / "a.jpg", block))] in ([], ["ab"])


def test_values_are_cleaned_and_cut(tmp_path: Path) -> None:
    evil = "Pa\u202eint\u200b\n\t <b>" + "x" * 500
    (statement,) = stated(saved(tmp_path / "a.jpg", xmp=xmp(f'xmp:CreatorTool="{evil.replace("<b>", "&lt;b&gt;")}"')))
    assert statement.value == "Paint <b>" + "x" * 190 + "…"
    assert len(statement.value) == 200


LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))


@pytest.mark.parametrize(
    "block",
    [
        b'<!DOCTYPE x [<!ENTITY a0 "ha">' + LAUGHS + b"]><x>&a9;</x>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
        b"<x:xmpmeta><unclosed>",
        b"<a:b/>",
        b'<?xml version="1.0" encoding="no-such-code"?><a/>',
        b"\x00\x01\x02<\xff\xfe>",
        xmp(f'Iptc4xmpExt:DigitalSourceType="{AI}"')[:400],
    ],
    ids=["a billion laughs", "a local file", "a remote type", "unclosed", "no namespace", "encoding", "binary", "cut"],
)
def test_hostile_or_broken_xmp_becomes_a_note(tmp_path: Path, block: bytes) -> None:
    assert stated(saved(tmp_path / "a.jpg", xmp=block)) == [BROKEN_XMP]


@pytest.mark.parametrize("block", [b"", b"   ", b"no markup at all", b"<a/>"])
def test_xmp_that_says_nothing_becomes_nothing_or_a_note(tmp_path: Path, block: bytes) -> None:
    assert stated(saved(tmp_path / "a.jpg", xmp=block or b" ")) in ([], [BROKEN_XMP])


def test_deeply_nested_xmp_is_walked_without_failing(tmp_path: Path) -> None:
    depth = 5_000
    inner = "<a>" * depth + f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{AI}"/>' + "</a>" * depth
    assert stated(saved(tmp_path / "a.jpg", xmp=xmp(elements=inner))) == [MADE_BY_AI]


def test_broken_exif_becomes_a_note_or_nothing(tmp_path: Path) -> None:
    for block in (
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff\x01",
    ):
        path = saved(tmp_path / "a.jpg", exif=block)
        assert [(s.source, s.field) for s in stated(path)] in ([], [("EXIF", "unreadable")])


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(8), b"GIF89a" + bytes(7) + b";;;", bytes(99)]
)
def test_a_file_that_is_no_picture_states_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert stated(tmp_path / "a") == []
