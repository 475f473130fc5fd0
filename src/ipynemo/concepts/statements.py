"""A statement: something that a file says about itself, who says it, and what that means in plain words.

Nothing here weighs or believes. What comes from a file is a stranger's text: it is cleaned and cut before it is kept.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DIGITAL_SOURCE_TYPES",
    "MAX_PROMPT_CHARS",
    "MAX_VALUE_CHARS",
    "Level",
    "Record",
    "Statement",
    "clean",
    "source_type",
    "unreadable",
]

Level = Literal["signed", "stated"]

MAX_VALUE_CHARS = 200  # what a card or a table can show
MAX_PROMPT_CHARS = 4_000  # longer than what any generator reads
MAX_RAW_CHARS = 80_000  # how much is looked at before cleaning

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

# https://cv.iptc.org/newscodes/digitalsourcetype/ in plain words; also the codes that the list has retired since.
DIGITAL_SOURCE_TYPES: dict[str, str] = {
    "trainedAlgorithmicMedia": "made by a generative AI model",
    "compositeWithTrainedAlgorithmicMedia": "edited with a generative AI model: partly AI",
    "compositeSynthetic": "put together from parts, some of them made by a generative AI model",
    "algorithmicMedia": "made by a formula or a program, without trained AI",
    "algorithmicallyEnhanced": "improved by a program",
    "digitalCapture": "taken with a digital camera",
    "computationalCapture": "taken with a digital camera that computed it from several pictures",
    "negativeFilm": "scanned from a negative",
    "positiveFilm": "scanned from a slide",
    "print": "scanned from a print",
    "minorHumanEdits": "a photograph with small edits",
    "humanEdits": "edited by a person with tools other than generative AI",
    "compositeCapture": "put together from several photographs",
    "composite": "put together from several parts",
    "digitalCreation": "made by a person with software",
    "digitalArt": "drawn by a person with software",
    "softwareImage": "drawn by software",
    "dataDrivenMedia": "drawn from data",
    "virtualRecording": "a recording of a screen or a virtual world",
    "screenCapture": "a picture of a screen",
}
_BY_LETTERS = {code.lower(): code for code in DIGITAL_SOURCE_TYPES}


@dataclass(frozen=True)
class Record:
    """What a generator wrote down about how it made a picture.

    Parameters
    ----------
    generator : str
        The program that writes such records.
    model : str or None
        The model that the record names.
    settings : tuple of (str, str)
        Seed, steps, sampler and the like, as they are written.
    prompt, negative : str or None
        The words that it was given, and those to keep away from. Not part of `repr`; show them to their owner only.
    certain : bool
        False where the texts were found in a graph that does not tell which of them was the prompt.
    """

    generator: str
    model: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    prompt: str | None = dataclasses.field(default=None, repr=False)
    negative: str | None = dataclasses.field(default=None, repr=False)
    certain: bool = True


@dataclass(frozen=True)
class Statement:
    """One thing that a file says about how it was made.

    Parameters
    ----------
    source : str
        Where it is written: "C2PA" ("C2PA parent", "C2PA part" for a picture that went into it), "XMP", "IPTC",
        "EXIF", "PNG text", "MP4", "comment", "pixels".
    field : str
        The name of the field there; "unreadable" for a part that is there but cannot be read.
    value : str
        What is written, cleaned, at most 200 characters. Never a prompt.
    meaning : str or None
        The same in plain words, where they are known.
    level : {"signed", "stated"}
        "signed": in a C2PA record that fits the file. "stated": editable text that anyone can write.
    trusted : bool
        Of a signer: an authority on the list that was given vouches for the name.
    record : Record or None
        What a generator's record holds.
    """

    source: str
    field: str
    value: str
    meaning: str | None
    level: Level
    trusted: bool = dataclasses.field(default=False, kw_only=True)
    record: Record | None = dataclasses.field(default=None, kw_only=True)


def clean(text: object, limit: int = MAX_VALUE_CHARS, *, lines: bool = False) -> str:
    """Return text without control, bidirectional and invisible characters, in NFC, cut to `limit` characters.

    With `lines`, line breaks stay; else all white space becomes single spaces.
    """
    raw = str(text)[:MAX_RAW_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    spaced = "".join("\n" if c == "\n" and lines else " " if c.isspace() else c for c in raw)
    kept = "\n".join(_visible(line) for line in spaced.split("\n"))
    whole = (
        unicodedata.normalize("NFC", kept).strip() if lines else " ".join(unicodedata.normalize("NFC", kept).split())
    )
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def _visible(line: str) -> str:
    return line if line.isprintable() else "".join(c for c in line if unicodedata.category(c) not in _DROPPED)


def source_type(source: str, value: str, level: Level) -> Statement:
    """Return the statement for a digital source type, given as the address of its code or as the code."""
    code = clean(value.strip().rstrip("/").rpartition("/")[2])
    code = _BY_LETTERS.get(code.lower(), code)
    return Statement(source, "DigitalSourceType", code, DIGITAL_SOURCE_TYPES.get(code), level)


def unreadable(source: str, what: str) -> Statement:
    """Return the note that a part is there but cannot be read."""
    return Statement(source, "unreadable", what, "This part of the file is broken, or was made to do harm.", "stated")
