"""Evidence in words: what is said, by whom, on which level; and the answers to what people ask about a picture."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ipynemo.concepts.credentials import INVALID
from ipynemo.concepts.kinds import KINDS, kind_of
from ipynemo.concepts.statements import Statement

if TYPE_CHECKING:
    from ipynemo.concepts.evidence import Evidence, Question

__all__ = ["answer", "languages", "notes", "rows", "told", "words"]

_TEXTS = files("ipynemo.concepts.texts")
MAX_CLAIMS = 6
NAMELESS = "image generator"  # of a record that has a prompt and does not say whose it is
_UNTOLD = ("action", "software agent")  # the steps of a record; the claim generator and the source type say the same


def languages() -> list[str]:
    """Return the languages that there is a text file for."""
    return sorted(entry.name.removesuffix(".toml") for entry in _TEXTS.iterdir() if entry.name.endswith(".toml"))


@cache
def _table(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((_TEXTS / f"{language}.toml").read_text(encoding="utf-8"))


def words(language: str, group: str, key: str, **facts: Any) -> str:
    """Return a text; in English where there is no file for the language."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _table(base if base in languages() else "en")[group][key].format(**facts)


def says(statement: Statement, language: str) -> str:
    """Return what a statement says, without who says it."""
    kind = kind_of(statement)
    key: str = kind
    model = statement.record.model if statement.record else None
    value = statement.value.removesuffix(" record") if kind == "record" else statement.value
    if kind == "misfit" and statement.value == INVALID:
        key = "invalid"
    elif kind == "generator" and statement.field.endswith("Credit"):
        key = "other"  # quoted, because it is no name of a tool
    elif kind == "camera" and statement.field == "LensModel":
        key = "lens"
    elif kind == "signer" and statement.level != "signed":
        key = "signer_misfit"
    elif kind == "record" and model:
        key = "record_model"
    return words(language, "says", key, field=statement.field, value=value, model=model)


def _ordered(found: Evidence) -> list[Statement]:
    def place(statement: Statement) -> tuple[bool, int]:
        return statement.level != "signed", KINDS.index(kind_of(statement))

    return sorted(found.statements, key=place)


def rows(found: Evidence, language: str = "en") -> list[dict[str, str]]:
    """Return one row a statement, the signed ones first: `level`, `who`, `says`, `kind`."""
    told_rows = []
    ordered = _ordered(found)
    with_model = {s.record.generator for s in ordered if s.record and s.record.model}
    is_named = any(s.record and s.record.generator != NAMELESS for s in ordered)
    for statement in ordered:
        if statement.field in _UNTOLD and kind_of(statement) == "other":
            continue
        if statement.record and not statement.record.model and statement.record.generator in with_model:
            continue  # a second record of the same generator, which says less
        if statement.record and statement.record.generator == NAMELESS and is_named and statement.level == "stated":
            continue
        who = words(language, "who", statement.level, signer=found.signer or "?", source=statement.source)
        row = {"level": statement.level, "who": who, "says": says(statement, language), "kind": kind_of(statement)}
        if row not in told_rows:
            told_rows.append(row)
    return told_rows


def head(found: Evidence, language: str) -> str:
    """Return the one sentence that stands above all."""
    key = found.signature or _standing(found)
    return words(language, "head", key, signer=found.signer or "?")


def _standing(found: Evidence) -> str:
    """Return the level; where there is none, also why."""
    if found.level == "none" and found.unreadable:
        return "unread"
    return "unknown_format" if found.level == "none" and not found.format else found.level


def notes(found: Evidence, language: str = "en") -> list[str]:
    """Return what must be said beside the statements."""
    told_notes = []
    for key in found.conflicts:
        names = ", ".join(dict.fromkeys(record.generator for record in found.records))
        told_notes.append(words(language, "note", key, names=names))
    if found.prompt:
        certain = any(record.certain and record.prompt for record in found.records)
        told_notes.append(words(language, "note", "prompt" if certain else "graph"))
    if found.level == "signed" and any(statement.level == "stated" for statement in found.statements):
        told_notes.append(words(language, "note", "anyone"))
    told_notes.append(words(language, "note", "no_label"))
    told_notes.append(words(language, "note", "watermark"))
    return told_notes


def told(found: Evidence, language: str = "en") -> str:
    """Return evidence as text."""
    lines = [f"{found.name} · {found.format.upper()}" if found.format else found.name, head(found, language)]
    lines += [
        f"- {words(language, 'level', row['level'])} · {row['who']}: {row['says']}"
        for row in rows(found, language)
        if row["kind"] != "signer" or row["level"] != "signed"  # the head has it already
    ]
    return "\n".join([*lines, *notes(found, language)])


def answer(found: Evidence, question: Question = "made", language: str = "en") -> list[str]:
    """Return the answer to a question about the file, as sentences, with the three levels and no more."""
    if question == "model":
        return [_model(found, language)]
    if question == "signer":
        return [_signer(found, language)]
    real = [words(language, "answer", "real")] if question == "real" else []
    return [*real, *_made(found, language), words(language, "answer", "watermark")]


def _made(found: Evidence, language: str) -> list[str]:
    joint = words(language, "answer", "joint")

    def claims(level: str) -> str:
        said = [row["says"] for row in rows(found, language) if row["level"] == level and row["kind"] != "broken"]
        return joint.join(list(dict.fromkeys(said))[:MAX_CLAIMS])

    level = _standing(found)
    parts = [words(language, "answer", f"made_{level}", name=found.name, claims=claims(level))]
    if level == "signed" and claims("stated"):
        parts.append(words(language, "answer", "also", claims=claims("stated")))
    if "camera_ai" in found.conflicts:
        parts.append(words(language, "answer", "conflict"))
    return parts


def _model(found: Evidence, language: str) -> str:
    named = [name for name in (*found.models, *found.generators) if name != NAMELESS]
    if not named:
        return words(language, "answer", "model_none", name=found.name)
    signed = all(s.level == "signed" for s in found.statements if kind_of(s) in ("record", "generator"))
    models = ", ".join(list(dict.fromkeys(named))[:MAX_CLAIMS])
    return words(language, "answer", "model_signed" if signed else "model", name=found.name, models=models)


def _signer(found: Evidence, language: str) -> str:
    key = found.signature or "unsigned"
    return words(language, "answer", key, name=found.name, signer=found.signer or "?")
