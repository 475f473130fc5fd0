"""Statements as plain values and back, so that evidence can be stored with a file and need not be read again."""

from __future__ import annotations

import dataclasses
from typing import Any

from ipynemo.concepts.kinds import kind_of
from ipynemo.concepts.statements import Record, Statement

__all__ = ["statement_dict", "statement_from"]


def statement_dict(statement: Statement, *, private: bool) -> dict[str, Any]:
    """Return a statement as plain values that JSON can hold, its prompt only where that is wanted."""
    values = {
        key: value
        for key in ("source", "field", "value", "meaning", "level", "trusted")
        if (value := getattr(statement, key)) not in (None, False)
    }
    values["kind"] = kind_of(statement)
    if statement.record is not None:
        record = dataclasses.asdict(statement.record)
        record["settings"] = dict(statement.record.settings)
        if not private:
            del record["prompt"], record["negative"]
            record["prompt_kept"] = statement.record.prompt is not None
        values["record"] = record
    return values


def statement_from(values: dict[str, Any]) -> Statement:
    """Return the statement that `statement_dict` gave."""
    record = values.get("record")
    if record is not None:
        record = Record(
            record["generator"],
            record.get("model"),
            tuple(record.get("settings", {}).items()),
            record.get("prompt"),
            record.get("negative"),
            record.get("certain", True),
        )
    return Statement(
        values["source"],
        values["field"],
        values["value"],
        values.get("meaning"),
        values["level"],
        trusted=values.get("trusted", False),
        record=record,
    )
