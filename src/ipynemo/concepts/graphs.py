"""ComfyUI's graphs: which text steered the picture, as far as the graph tells.

A graph has a prompt where its one sampler leads back to one text. With several samplers, or texts that are joined on
the way, nobody but its author knows; then all of them are told, as "texts found in the graph".
"""

from __future__ import annotations

import json
from typing import Any

from ipynemo.concepts.statements import MAX_PROMPT_CHARS, Record, clean

__all__ = ["read_graph"]

MAX_NODES = 2_000
MAX_STEPS = 5_000  # links that are followed
MAX_TEXTS = 8
_MODEL_INPUTS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_TEXT_INPUTS = ("text", "text_g", "text_l", "t5xxl", "clip_l", "positive", "prompt", "string", "value")
_POSITIVE = ("positive", "guider", "conditioning")
_NEGATIVE = ("negative",)

Node = dict[str, Any]


def read_graph(value: Any) -> Record:
    """Return what a graph tells: of what was executed ("prompt"), or of what was on the screen ("workflow")."""
    if isinstance(value, dict):  # both in one, as films have them
        inner = value.get("prompt") or value.get("workflow")
        value = _loaded(inner) if isinstance(inner, str) else inner if isinstance(inner, dict) else value
    if not isinstance(value, dict):
        return Record("ComfyUI")
    if isinstance(value.get("nodes"), list):
        return _of_workflow([node for node in value["nodes"][:MAX_NODES] if isinstance(node, dict)])
    nodes = {
        str(key): node
        for key, node in list(value.items())[:MAX_NODES]
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }
    return _of_prompt(nodes)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_prompt(nodes: dict[str, Node]) -> Record:
    samplers = [node for node in nodes.values() if "sampler" in str(node.get("class_type", "")).lower()]
    samplers = [node for node in samplers if any(name in node["inputs"] for name in _POSITIVE)]
    texts = [found for node in samplers for found in _followed(nodes, node, _POSITIVE)]
    texts = list(dict.fromkeys(texts))
    negatives = list(dict.fromkeys(found for node in samplers for found in _followed(nodes, node, _NEGATIVE)))
    certain = len(samplers) == 1 and len(texts) == 1
    if not texts:
        texts = list(dict.fromkeys(text for node in nodes.values() if _encodes(node) for text in _texts(node)))
    inputs = [node["inputs"] for node in nodes.values()]
    sampler = samplers[0]["inputs"] if len(samplers) == 1 else {}
    return Record(
        "ComfyUI",
        _models([each[name] for each in inputs for name in _MODEL_INPUTS if isinstance(each.get(name), str)]),
        tuple(
            (name, clean(sampler[theirs], 60))
            for name, theirs in (("seed", "seed"), ("steps", "steps"), ("sampler", "sampler_name"), ("guidance", "cfg"))
            if isinstance(sampler.get(theirs), (str, int, float))
        ),
        _joined(texts),
        _joined(negatives) if certain else None,
        certain,
    )


def _encodes(node: Node) -> bool:
    return "textencode" in str(node.get("class_type") or node.get("type") or "").lower().replace("_", "")


def _texts(node: Node) -> list[str]:
    found = [node["inputs"].get(name) for name in _TEXT_INPUTS]
    return list(dict.fromkeys(text for text in found if isinstance(text, str) and text.strip()))


def _followed(nodes: dict[str, Node], sampler: Node, names: tuple[str, ...]) -> list[str]:
    """Return the texts that a sampler's inputs lead back to; each node is passed once, so that circles end."""
    waiting = [sampler["inputs"].get(name) for name in names]
    seen: set[str] = set()
    found: list[str] = []
    steps = 0
    while waiting and steps < MAX_STEPS:
        link = waiting.pop(0)
        steps += 1
        if not (isinstance(link, list) and link and str(link[0]) in nodes) or str(link[0]) in seen:
            continue
        key = str(link[0])
        seen.add(key)
        node = nodes[key]
        found += _texts(node)
        # Past a text encoder only what feeds its text matters; the model beside it would lead everywhere.
        follow = _TEXT_INPUTS if _encodes(node) else tuple(node["inputs"])
        waiting += [node["inputs"].get(name) for name in follow if name not in ("clip", "model", "vae", "negative")]
    return found


def _of_workflow(nodes: list[Node]) -> Record:
    """Read what was on the screen, with its values in a row and no names; so nothing of it is certain."""
    texts: list[str] = []
    models: list[str] = []
    for node in nodes:
        values = node.get("widgets_values")
        strings = [v for v in values[:50] if isinstance(v, str)] if isinstance(values, list) else []
        kind = str(node.get("type", "")).lower()
        if _encodes(node):
            texts += [text for text in strings if text.strip()]
        elif "loader" in kind and ("checkpoint" in kind or "unet" in kind or "diffusionmodel" in kind):
            models += [text for text in strings if "." in text]
    return Record("ComfyUI", _models(models), (), _joined(list(dict.fromkeys(texts))), None, certain=False)


def _models(names: list[str]) -> str | None:
    shown = [clean(name.replace("\\", "/").rpartition("/")[2], 60) for name in names[:MAX_TEXTS]]
    return ", ".join(list(dict.fromkeys(name for name in shown if name))[:3]) or None


def _joined(texts: list[str]) -> str | None:
    return clean("\n".join(text.strip() for text in texts[:MAX_TEXTS]), MAX_PROMPT_CHARS, lines=True) or None
