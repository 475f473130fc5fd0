"""What a file is, judged by its first bytes and never by its name.

The answer names exactly one reader, which is then the only one that sees the file. That is the point of doing it here:
FFmpeg left to guess would also recognise playlists (HLS, concat, DASH) and open whatever files and addresses they list.
"""

from __future__ import annotations

import re
from typing import BinaryIO

__all__ = ["describe", "recognise"]

HEAD_BYTES = 4096  # every signature lies in here; an EBML header or a text's first tag too
MAX_ID3_TAGS = 4  # some taggers write a second one; more is a game
MAX_PADDING_BYTES = 64 << 10  # zeros between the ID3 tag and the first frame, as iTunes leaves them

# Brands of ISO base media files that hold pictures or raw photographs (mp4ra.org); a reader of films would take them.
_PICTURE_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2", b"miaf"}
    | {b"avif", b"avis", b"avio", b"jxl ", b"jp2 ", b"jpx ", b"jpm ", b"crx "}
)
# QuickTime files from before 2001 have no `ftyp`; they begin with one of these atoms.
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

# ISO/IEC 11172-3 and 13818-3, layer III, in kbit/s and Hz.
_MPEG1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"II*\x00", "a TIFF picture or a camera's raw photograph"),
    (b"MM\x00*", "a TIFF picture or a camera's raw photograph"),
    (b"BM", "a BMP picture"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"FORM", "an AIFF file"),
    (b"FLV", "a Flash video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (b"MThd", "a MIDI file"),
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"[playlist]", "a playlist"),
)

_ADVISED = {  # by the words of `describe`
    "a PDF document": "document",
    "a TIFF picture or a camera's raw photograph": "picture",
    "a BMP picture": "picture",
    "a JPEG XL picture": "picture",
    "a JPEG 2000 picture": "picture",
    "a Photoshop document": "photoshop",
    "an SVG drawing": "drawing",
}


def recognise(file: BinaryIO) -> str | None:
    """Return the format of an open file, or None where it is not an accepted one.

    Returns
    -------
    str or None
        "jpeg", "png", "gif", "webp", "mp4", "mov", "avi", "webm", "mkv", "wav", "mp3" or "aac". Only the beginning has
        been looked at: whether the rest can be read is for its reader to say. An "mp4" may turn out to be an "m4a".
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith((b"RIFF", b"RF64")):
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _PICTURE_BRANDS else "mov" if head[8:12] == b"qt  " else "mp4"
    if head[4:8] in _QUICKTIME_ATOMS:
        return "mov"
    return _bare_audio(file, head)


def describe(head: bytes) -> str:
    """Return what a refused file seems to be, in words that finish "this is …"."""
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        return "a HEIC, AVIF or raw photograph"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1000].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if text.startswith(b"<"):
        return "an SVG drawing" if b"<svg" in text else "an XML document"
    if text and not re.search(rb"[\x00-\x08\x0e-\x1f]", text):
        return "a text file"
    return "of a kind that is not known here"


def advised(head: bytes) -> str | None:
    """Return what kind of `formats.ADVICE` helps who has a file of this content; None where none does."""
    words = describe(head)
    if head[4:8] == b"ftyp":
        return "raw" if head[8:12] == b"crx " else "picture" if head[8:12] in (b"avif", b"avis") else "heic"
    return _ADVISED.get(words)


def _matroska(head: bytes) -> str | None:
    """Return "webm" or "mkv" by the DocType (0x4282) in the EBML header (RFC 8794, section 11.2.4)."""
    at = head.find(b"\x42\x82")
    if at < 0 or at + 3 > len(head) or not head[at + 2] & 0x80:
        return None
    doctype = head[at + 3 : at + 3 + (head[at + 2] & 0x7F)].rstrip(b"\x00")
    return {b"webm": "webm", b"matroska": "mkv"}.get(doctype)


def _bare_audio(file: BinaryIO, head: bytes) -> str | None:
    """Return "mp3" or "aac" where two frames follow one another, after any ID3 tags; else None."""
    start = 0
    for _ in range(MAX_ID3_TAGS):
        if head[:3] != b"ID3" or len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start += 10 + size + (10 if head[5] & 0x10 else 0)
        file.seek(start)
        head = file.read(HEAD_BYTES)
    if start:
        file.seek(start)
        padded = file.read(MAX_PADDING_BYTES)
        start += len(padded) - len(padded.lstrip(b"\x00"))
    for name, length in (("mp3", _mp3_frame_bytes), ("aac", _adts_frame_bytes)):
        first = length(_at(file, start))
        if first and length(_at(file, start + first)):
            return name
    return None


def _at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(8)


def _mp3_frame_bytes(header: bytes) -> int:
    """Return the length of the MPEG layer III frame that begins here; 0 where none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # eleven sync bits, layer bits 01
        return 0
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version not in _RATES_HZ or bitrate in (0, 15) or rate == 3:
        return 0
    kbps = (_MPEG1_KBPS if version == 3 else _MPEG2_KBPS)[bitrate]
    return (144_000 if version == 3 else 72_000) * kbps // _RATES_HZ[version][rate] + (header[2] >> 1 & 1)


def _adts_frame_bytes(header: bytes) -> int:
    """Return the length of the ADTS frame (ISO/IEC 13818-7, 6.2) that begins here; 0 where none does."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0
