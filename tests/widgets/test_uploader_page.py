"""The page's half against the kernel's: the same words, the same traits, the same messages."""

from __future__ import annotations

import re

from ipynemo.formats import ACCEPTED
from ipynemo.widgets import Uploader, _arrivals
from ipynemo.widgets._spool import CHUNK_BYTES
from ipynemo.widgets._static import STATIC

NAMES = ("uploader.js", "upload_engine.js", "upload_pieces.js", "upload_rows.js", "upload_thumbs.js")
TEXT = "\n".join((STATIC / name).read_text("utf-8") for name in NAMES)


def test_every_word_that_the_page_says_exists_in_both_languages() -> None:
    said = set(re.findall(r'say\(model, "(\w+)"', TEXT))
    said |= set(re.findall(r'(?:notice\(|\? |: |\?\? )"([a-z]+_[a-z_]+)"', TEXT))
    said |= {"away", "silent", "waiting", "queued", "done", "image", "video", "audio", *_arrivals.REFUSALS}
    said |= {f"{word}_hint" for word in (*_arrivals.REFUSALS, "folder", "kernel_gone", "bad_address", "nothing_pasted")}
    assert len(said) > 40
    for language in ("en", "zh"):
        assert said - set(Uploader(language=language).words) == set()
    assert set(Uploader.WORDS["en"]) == set(Uploader.WORDS["zh"])


def test_both_languages_have_the_same_places_in_each_text() -> None:
    for key, text in Uploader.WORDS["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", Uploader.WORDS["zh"][key])), key


def test_the_page_reads_traits_that_there_are() -> None:
    read = set(re.findall(r'model\.get\("(\w+)"\)', TEXT))
    assert read == {"control", "language", "rows", "setup", "thumbs"}
    assert read <= set(Uploader(language="en").get_state())


def test_the_page_never_makes_html_of_text() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", TEXT)


def test_the_page_is_told_what_it_may_take() -> None:
    setup = Uploader(language="en").setup
    assert sorted(suffix for kind in setup["suffixes"].values() for suffix in kind) == sorted(ACCEPTED)
    assert set(setup["advised"]) >= {"heic", "heif", "avif", "svg", "tiff", "bmp", "pdf", "psd", "raw"}
    for language in ("en", "zh"):
        words = Uploader(language=language).words
        assert {f"advice_{kind}" for kind in setup["advised"].values()} <= set(words)
    assert words["advice_heic"] == "请另存为 JPEG；iPhone 上：设置 → 相机 → 格式 → 兼容性最佳。"
    assert setup["max_bytes"] == 200 * 1024 * 1024
    assert setup["chunk_bytes"] == CHUNK_BYTES == 1024 * 1024
    assert setup["refusals"] == ["wrong_type", "too_large", "empty", "no_room"]


def test_no_file_of_the_page_is_longer_than_400_lines() -> None:
    for name in (*NAMES, "checksum.js", "uploader.css"):
        assert len((STATIC / name).read_text("utf-8").splitlines()) < 400, name
