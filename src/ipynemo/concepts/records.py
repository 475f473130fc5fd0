"""What is in a generator's record: the prompt, the model, the settings - read, never guessed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ipynemo.concepts.graphs import read_graph
from ipynemo.concepts.statements import MAX_PROMPT_CHARS, Record, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_record"]

MAX_SETTINGS = 12
MAX_SETTING_CHARS = 60

# What is called what, by the generators: our name -> theirs, the likeliest first.
_PROMPT = ("prompt", "positive_prompt", "Prompt", "full_prompt", "c", "aipromptinformation")
_NEGATIVE = ("negative_prompt", "negativeprompt", "negative prompt", "Negative Prompt", "uc")
_MODEL = ("model", "Model", "base_model", "Base Model", "use_stable_diffusion_model", "sd_model_name", "model_weights")
_SETTINGS: dict[str, tuple[str, ...]] = {
    "seed": ("seed", "Seed"),
    "steps": ("steps", "Steps", "num_inference_steps"),
    "sampler": ("sampler", "Sampler", "scheduler", "sampler_name"),
    "guidance": ("cfg_scale", "CFG scale", "cfgscale", "scale", "guidance", "guidance_scale", "Guidance Scale"),
    "size": ("Size", "resolution", "Resolution", "size"),
    "version": ("Version", "version", "app_version"),
}
_A1111_END = re.compile(r"^Steps: \d{1,6}, .*$", re.MULTILINE)
_A1111_PAIR = re.compile(r'([A-Z][\w -]{0,40}): ("(?:[^"\\]|\\.){0,2000}"|[^,]{0,200})(?:, |$)')
_DREAM = re.compile(r'"([^"]{0,4000})"')  # InvokeAI before 2023: the prompt, then options as on a command line
_MIDJOURNEY_END = re.compile(r"\s*Job ID: [0-9a-f-]{36}.*$", re.IGNORECASE | re.DOTALL)
_MIDJOURNEY_OPTION = re.compile(r"\s--([a-z]+)(?:\s+([^\s-][^\s]*))?")


def read_record(generator: str, keyword: str, text: str) -> Record:
    """Return what a record holds; where it cannot be taken apart, the text itself stands for the prompt.

    Parameters
    ----------
    generator : str
        Whose record it is.
    keyword : str
        The name of the field that it stands in.
    text : str
        The record.
    """
    if text.startswith("{"):
        try:
            value: Any = json.loads(text)
        except (ValueError, RecursionError):
            return Record(generator)
        if generator == "ComfyUI":
            return read_graph(value)
        return _of_table(generator, value) if isinstance(value, dict) else Record(generator)
    if generator == "Midjourney":
        return _of_midjourney(text)
    if dream := _DREAM.match(text) if keyword.lower() == "dream" else None:
        return Record(generator, prompt=_words(dream[1]))
    end = _A1111_END.search(text)
    if end is not None:
        return _of_a1111(generator, text[: end.start()], end[0])
    if keyword.lower() in ("negative prompt", "negative_prompt"):
        return Record(generator, negative=_words(text))
    return Record(generator, prompt=_words(text))


def _words(text: object) -> str | None:
    return clean(text, MAX_PROMPT_CHARS, lines=True) or None if isinstance(text, str) else None


def _first(table: dict[str, Any], names: Iterable[str]) -> Any:
    return next((table[name] for name in names if table.get(name) not in (None, "", [], {})), None)


def _of_table(generator: str, table: dict[str, Any]) -> Record:
    """Read a flat table, or one within one, as InvokeAI and SwarmUI write it."""
    for inner in ("sui_image_params", "image", "invokeai_metadata", "v2"):
        if isinstance(table.get(inner), dict):
            table = {**table, **table[inner]}
    prompt = _first(table, _PROMPT)
    if isinstance(prompt, list):  # old InvokeAI: [{"prompt": …, "weight": …}]
        prompt = next((p.get("prompt") for p in prompt if isinstance(p, dict)), None)
    return Record(
        generator,
        _model(_first(table, _MODEL)),
        _settings(table),
        _words(prompt),
        _words(_first(table, _NEGATIVE)),
    )


def _model(value: Any) -> str | None:
    if isinstance(value, dict):  # InvokeAI
        value = _first(value, ("name", "model_name", "key"))
    if isinstance(value, str) and value.strip():
        return clean(re.split(r"[\\/]", value.strip())[-1], MAX_SETTING_CHARS) or None  # a folder may name its owner
    return None


def _settings(table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = []
    for name, theirs in _SETTINGS.items():
        value = _first(table, theirs)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            found.append((name, clean(value, MAX_SETTING_CHARS)))
    if not any(name == "size" for name, _ in found):
        width, height = table.get("width"), table.get("height")
        if isinstance(width, int) and isinstance(height, int):
            found.append(("size", f"{clean(width, 12)}x{clean(height, 12)}"))
    return tuple(found[:MAX_SETTINGS])


def _of_a1111(generator: str, words: str, settings: str) -> Record:
    """Read the web UI's three paragraphs: prompt, "Negative prompt: …", and a line that begins with the steps."""
    prompt, _, negative = words.partition("\nNegative prompt:")
    if words.startswith("Negative prompt:"):
        prompt, negative = "", words.removeprefix("Negative prompt:")
    table: dict[str, Any] = {}
    for name, value in _A1111_PAIR.findall(settings[: MAX_PROMPT_CHARS * 2]):
        table.setdefault(name, value.strip().strip('"'))
    return Record(generator, _model(table.get("Model")), _settings(table), _words(prompt), _words(negative))


def _of_midjourney(text: str) -> Record:
    words = _MIDJOURNEY_END.sub("", text[: MAX_PROMPT_CHARS * 2])
    options = dict(_MIDJOURNEY_OPTION.findall(f" {words}"))
    prompt = _MIDJOURNEY_OPTION.split(f" {words}", maxsplit=1)[0]
    version = options.get("v") or options.get("version")
    niji = options.get("niji")
    model = f"Midjourney v{clean(version, 10)}" if version else f"Niji {clean(niji, 10)}" if niji else None
    settings = tuple(
        (name, clean(options[theirs], MAX_SETTING_CHARS))
        for name, theirs in (("seed", "seed"), ("aspect", "ar"))
        if options.get(theirs)
    )
    return Record("Midjourney", model, settings, _words(prompt), _words(options.get("no") or ""))
