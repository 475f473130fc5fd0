"""Records that image generators leave in a file: whose record it is, and how it comes to be one statement.

The words of a prompt belong to the user, so they go into `Statement.record`, where no `repr` shows them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ipynemo.concepts.records import read_record
from ipynemo.concepts.statements import Statement, clean, unreadable

__all__ = ["aigc_label", "from_png_texts", "from_text", "generator_of", "names_generator", "speaks_of_ai"]

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
    "aipromptinformation": "image generator",
    "ipynemo_tiny_model": "ipynemo tiny diffusion model",
}
_JOB_ID = re.compile(r"\bJob ID: [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_A1111 = re.compile(r"^Steps: \d{1,6}, (?=.{0,300}(?:Sampler|Seed|CFG scale): )", re.IGNORECASE | re.MULTILINE)
_NODE = re.compile(r'\\?"class_type\\?"\s*:|"KSampler|\\?"nodes\\?"\s*:\s*\[')
_COMFY_PREFIX = re.compile(r"^(?:prompt|workflow):\s*(?=\{)", re.IGNORECASE)
_FOOOCUS_KEYS = frozenset({"base_model", "Base Model", "fooocus_version", "full_prompt", "metadata_scheme"})
_NOVELAI_KEYS = frozenset({"uc", "sampler", "steps", "scale", "noise_schedule", "request_type"})
_DRAW_THINGS_KEYS = frozenset({"c", "uc", "model", "sampler", "scale", "seed", "steps", "v2"})

# Forks of the web UI, by what only they write into its record; the web UI itself last.
_FORKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Version: Fooocus"), "Fooocus"),
    (re.compile(r"\bApp: SD\.Next|Backend: (?:Diffusers|Original)"), "SD.Next"),
    (re.compile(r"Version: f\d|Version: neo|Forge"), "Stable Diffusion WebUI Forge"),
    (re.compile(r"Civitai resources: "), "Civitai"),
    (re.compile(r"Version: ComfyUI"), "ComfyUI"),
)

# Names of generators, whole words: "imagen" alone is Spanish, and "AI" alone is in the name of many a photo editor.
_GENERATOR_NAMES = re.compile(
    r"stable[ _-]?diffusion|\bsdxl\b|comfyui|invoke ?ai|novelai|fooocus|swarmui|easy diffusion|midjourney|dall[-·]?e\b"
    r"|firefly|\b(?:google |vertex )?imagen[ -]?\d|google imagen|google ai\b|openai|chatgpt|gpt-4o|gpt-image"
    r"|google gemini|gemini[ -]\d|ideogram|leonardo\.ai|image generator|image creator|draw things|sd\.next|civitai"
    r"|stability ai|black forest labs|\bflux[. ]?1|\bsora\b|runwayml|runway gen|seedream|hunyuan|recraft|ipynemo tiny",
    re.IGNORECASE,
)
_AI_WORDS = re.compile(r"(?<![A-Za-z])(?:AI|A\.I\.|KI|IA|AIGC)(?![A-Za-z])|人工智能|\b(?i:ai[- ]generated)\b")
_AIGC_JSON = re.compile(r'\s{0,8}\{\s{0,8}"AIGC"\s{0,8}:')
_AIGC_LABELS = {
    "1": "labelled as made by AI",
    "2": "labelled as possibly made by AI",
    "3": "labelled as suspected to be made by AI",
}


def names_generator(text: str) -> bool:
    """Return whether a name is that of an image generator."""
    return _GENERATOR_NAMES.search(text[:1000]) is not None


def speaks_of_ai(text: str) -> bool:
    """Return whether a credit speaks of AI, rather than naming a person or an agency, which is nobody's business."""
    return names_generator(text) or _AI_WORDS.search(text[:1000]) is not None


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
        return next((name for mark, name in _FORKS if mark.search(text)), "Stable Diffusion web UI")
    if _JOB_ID.search(text[:MAX_RECORD_CHARS]):
        return "Midjourney"
    return "image generator" if keyword.lower() in ("prompt", "negative prompt") and text.strip() else None


def _of_json(keyword: str, text: str) -> str | None:
    keys = _keys(text)
    film = keyword.lower() in ("comment", "description")
    if _NODE.search(text) and (not film or keys & {"prompt", "workflow"}):
        return "ComfyUI"
    if "sui_image_params" in keys:
        return "SwarmUI"
    if "invokeai_metadata" in keys or {"app_version", "positive_prompt"} <= keys:
        return "InvokeAI"
    if keys & _FOOOCUS_KEYS:
        return "Fooocus"
    if "prompt" in keys and len(keys & _NOVELAI_KEYS) >= 3:
        return "NovelAI"
    if "c" in keys and len(keys & _DRAW_THINGS_KEYS) >= 5:
        return "Draw Things"
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
    if keyword == "AIGC" or _AIGC_JSON.match(text):
        return aigc_label(source, text)
    name = generator_of(keyword, text) or known
    if name is None:
        return None
    if text.lstrip().startswith("{") and not _keys(text.strip()[:MAX_RECORD_CHARS]):
        return unreadable(source, f"a text named {clean(keyword, 40)!r}")
    return Statement(
        source,
        clean(keyword, 40),
        f"{name} record",  # the name first: cards cut long values
        f"holds a generator record of {name}",
        "stated",
        record=read_record(name, keyword, _COMFY_PREFIX.sub("", text[:MAX_RECORD_CHARS].strip())),
    )


def aigc_label(source: str, text: str) -> Statement | None:
    """Return the statement of the label that Chinese law asks for (GB 45438-2025); its codes of people stay unread."""
    try:
        value: Any = json.loads(text[:MAX_RECORD_CHARS])
        if isinstance(value, dict) and "AIGC" in value:
            value = value["AIGC"]
        value = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return unreadable(source, "the AIGC label")
    label = str(value.get("Label", "")) if isinstance(value, dict) else ""
    if not label:
        return None
    meaning = _AIGC_LABELS.get(label)
    value = clean(label if label == "1" or not meaning else f"{label}, {meaning}")
    return Statement(source, "AIGC", value, meaning, "stated")


def from_png_texts(source: str, texts: list[tuple[str, str]]) -> list[Statement]:
    """Return the statements of named texts: records of generators, and the software and camera that are named."""
    named = {keyword.lower(): text for keyword, text in texts}
    novelai = "novelai" in f"{named.get('software', '')} {named.get('title', '')} {named.get('source', '')}".lower()
    easy = "use_stable_diffusion_model" in named
    found: list[Statement] = []
    records = 0
    for keyword, text in texts:
        low = keyword.lower()
        if (easy and low in _EASY) or (low == "fooocus_scheme" and "parameters" in named):
            continue  # told with the record that it belongs to
        known = "NovelAI" if novelai and low in ("comment", "description") else None
        record = from_text(source, keyword, _easy(named) if low == "use_stable_diffusion_model" else text, known=known)
        if record is not None:
            records += 1
            if records <= MAX_RECORDS:
                found.append(record)
        elif text.strip() and (statement := _tag(source, low, text, novelai=novelai)):
            found.append(statement)
    return found


_EASY = (
    "prompt",
    "negative_prompt",
    "negative prompt",
    "seed",
    "num_inference_steps",
    "guidance_scale",
    "sampler_name",
)
_TAG_NAMES = {"software": "Software", "encoder": "Encoder", "make": "Make", "model": "Model"}
_TAG_MEANINGS = {
    "software": "the software that wrote the file",
    "encoder": "the software that wrote the file",
    "make": "the maker of a camera or phone",
    "model": "a camera or phone",
    "source": "the model that made it",
}


def _easy(named: dict[str, str]) -> str:
    """Return Easy Diffusion's texts as one record."""
    kept = {key: value for key, value in named.items() if key in _EASY or key == "use_stable_diffusion_model"}
    return json.dumps(kept)


def _tag(source: str, low: str, text: str, *, novelai: bool) -> Statement | None:
    if low == "source" and novelai:
        return Statement(source, "Source", clean(text), _TAG_MEANINGS[low], "stated")
    if low in _TAG_NAMES and (low in ("software", "encoder") or source == "MP4"):
        return Statement(source, _TAG_NAMES[low], clean(text), _TAG_MEANINGS[low], "stated")
    return None
