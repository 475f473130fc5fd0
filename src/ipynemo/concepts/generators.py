"""Records that image generators leave in a file: which generator, never what it was told.

The words of a prompt belong to the user, so they go into `Statement.private` and nowhere else.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ipynemo.concepts.statements import MAX_PRIVATE_CHARS, Statement, clean

__all__ = ["from_png_texts", "from_text", "generator_of"]

MAX_RECORD_CHARS = 1_000_000  # ComfyUI's largest graphs are about half of that
MAX_RECORDS = 10  # of one file; generators write one to three

# Keywords that one generator alone uses.
_BY_KEYWORD: dict[str, str] = {
    "invokeai_metadata": "InvokeAI",
    "invokeai_graph": "InvokeAI",
    "invokeai_workflow": "InvokeAI",
    "sd-metadata": "InvokeAI",
    "dream": "InvokeAI",
    "fooocus_scheme": "Fooocus",
    "sui_image_params": "SwarmUI",
    "use_stable_diffusion_model": "Easy Diffusion",
    "generation_data": "image generator",
}
_JOB_ID = re.compile(r"\bJob ID: [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_A1111 = re.compile(r"^Steps: \d{1,6}, (?=.{0,300}(?:Sampler|Seed|CFG scale): )", re.IGNORECASE | re.MULTILINE)
_NODE = re.compile(r'"class_type"\s*:|"KSampler|"nodes"\s*:\s*\[')
_COMFY_PREFIX = re.compile(r"^(?:prompt|workflow):\s*(?=\{)", re.IGNORECASE)
_FOOOCUS_KEYS = frozenset({"base_model", "Base Model", "fooocus_version", "full_prompt", "metadata_scheme"})
_NOVELAI_KEYS = frozenset({"uc", "sampler", "steps", "scale", "noise_schedule", "request_type"})


def generator_of(keyword: str, text: str) -> str | None:
    """Return the name of the generator that writes records like this one; None where it is no such record.

    Parameters
    ----------
    keyword : str
        The name of the field: a PNG keyword, "UserComment", …
    text : str
        The record.
    """
    known = _BY_KEYWORD.get(keyword.lower())
    if known:
        return known
    bare = _COMFY_PREFIX.sub("", text[:MAX_RECORD_CHARS].strip())
    if bare.startswith("{"):
        return _of_json(keyword, bare)
    if _A1111.search(text[:MAX_RECORD_CHARS]):
        return "Fooocus" if "Version: Fooocus" in text else "Stable Diffusion web UI"
    if _JOB_ID.search(text[:MAX_PRIVATE_CHARS]):
        return "Midjourney"
    return "image generator" if keyword.lower() in ("prompt", "negative prompt") and text.strip() else None


def _of_json(keyword: str, text: str) -> str | None:
    if _NODE.search(text) and keyword.lower() not in ("comment", "description"):
        return "ComfyUI"
    keys = _keys(text)
    if "sui_image_params" in keys:
        return "SwarmUI"
    if "invokeai_metadata" in keys or {"app_version", "positive_prompt"} <= keys:
        return "InvokeAI"
    if keys & _FOOOCUS_KEYS:
        return "Fooocus"
    if "prompt" in keys and len(keys & _NOVELAI_KEYS) >= 3:
        return "NovelAI"
    if keyword.lower() == "parameters" or {"prompt", "seed"} <= keys or "negative_prompt" in keys:
        return "image generator"
    return None


def _keys(text: str) -> frozenset[str]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()


def from_text(source: str, keyword: str, text: str, *, known: str | None = None) -> Statement | None:
    """Return the statement for a text that holds a generator's record; None where it does not."""
    name = generator_of(keyword, text) or known
    if name is None:
        return None
    return Statement(
        source,
        clean(keyword, 40),
        f"{name} record",  # the name first: cards cut long values
        f"holds a generator record of {name}",
        "stated",
        clean(text, MAX_PRIVATE_CHARS, lines=True),
    )


def from_png_texts(texts: list[tuple[str, str]]) -> list[Statement]:
    """Return the statements of the text chunks of a PNG: records of generators, and the software it names."""
    named = {keyword.lower(): text for keyword, text in texts}
    novelai = "novelai" in f"{named.get('software', '')} {named.get('title', '')} {named.get('source', '')}".lower()
    found: list[Statement] = []
    for keyword, text in texts:
        known = "NovelAI" if novelai and keyword.lower() in ("comment", "description") else None
        record = from_text("PNG text", keyword, text, known=known)
        if record is not None:
            found.append(record)
            if len(found) >= MAX_RECORDS:
                break
        elif keyword.lower() == "software" and text.strip():
            found.append(Statement("PNG text", "Software", clean(text), "the software that wrote the file", "stated"))
    return found
