"""The language of a draft: as it says itself, else as far as its letters tell."""

from __future__ import annotations

import re
from typing import Final

from ipynemo.draft.values import Draft

__all__ = ["iso639_2", "language_of"]

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_SCRIPTS: Final = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ar", re.compile("[\u0620-\u06ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ru", re.compile("[\u0430-\u044f]")),
    ("el", re.compile("[\u03b1-\u03c9]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
MOST_LETTERS: Final = 5_000
LEAST_SHARE: Final = 0.2  # of the letters; a name in another script is not another language

# Two letters to three (ISO 639-2/T), as an MP4 has them; of the others the file says that nobody knows.
_THREE: Final = {
    "ar": "ara", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell",
    "en": "eng", "es": "spa", "et": "est", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "he": "heb",
    "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor",
    "lt": "lit", "lv": "lav", "ms": "msa", "nb": "nob", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "sw": "swa", "ta": "tam",
    "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "zho",
}  # fmt: skip


def language_of(draft: Draft) -> str:
    """Return the language of a draft's words, such as `en` or `zh-CN`; `und` where nobody knows.

    Examples
    --------
    >>> language_of(Draft({"m": {"language": "en"}})), language_of(Draft())
    ('en', 'und')
    >>> language_of(Draft({"t": [{"tt": 7, "sg": [{"tx": "图片是数字。", "d": 900}]}]}))
    'zh'
    """
    said = draft.meta.get("language")
    if isinstance(said, str) and _TAG.fullmatch(said):
        return said.replace("_", "-")
    texts = (segment.text or "" for track in draft.tracks_of("text") for segment in track.segments)
    sample = ""
    for text in texts:
        sample += text[:500]
        if len(sample) > MOST_LETTERS:
            break
    letters = sum(map(str.isalpha, sample))
    for language, script in _SCRIPTS:
        if len(script.findall(sample)) > LEAST_SHARE * letters:
            return language
    return "und"


def iso639_2(language: str) -> str:
    """Return a language tag in three letters, as media files have it.

    Examples
    --------
    >>> iso639_2("en"), iso639_2("zh-CN"), iso639_2("tlh"), iso639_2("xx")
    ('eng', 'zho', 'tlh', 'und')
    """
    base = language.partition("-")[0].lower()
    return base if len(base) == 3 else _THREE.get(base, "und")
