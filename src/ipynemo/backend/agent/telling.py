"""Telling what was done, in the user's language: the facts of a tool's answer put into a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.vocabulary import COLOURS
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from ipynemo.backend.agent.messages import Messages
    from ipynemo.backend.agent.rules import Do
    from ipynemo.backend.explain import AssetFacts

__all__ = ["ask", "done", "failure", "say"]

_QUESTIONS = {"title": "text_title", "caption": "text_caption"}


def say(key: str, facts: dict[str, Any], messages: Messages) -> str:
    """Return a message that reports no tool's work."""
    facts = dict(facts)
    if "kind" in facts:
        facts["kind"] = messages.get("kind", facts["kind"])
    if "music" in facts:
        facts["music"] = messages.get("value", facts["music"])
    if "text" in facts:
        facts["text"] = plain(str(facts["text"]), 80)
    return messages.get("say", key, **facts)


def ask(key: str, facts: dict[str, Any], messages: Messages) -> str:
    """Return a question."""
    if key == "ask_text":
        return messages.get("ask", _QUESTIONS.get(facts.get("kind", ""), "text_other"))
    return messages.get("ask", "new_text" if key == "ask_new_text" else key)


def failure(response: dict[str, Any], messages: Messages) -> str:
    """Return why a tool could not do it."""
    return messages.get("say", "failed", message=plain(str(response["error"]).split(": ", 1)[-1], 300))


def done(step: Do, response: dict[str, Any], messages: Messages, asset: AssetFacts | None = None) -> list[str]:
    """Return what a tool did, as sentences; none where there is nothing worth saying."""
    key = step.tell or step.name
    if key == "silent":
        return []
    if key in ("read_file_evidence", "prompt"):
        return _evidence(key, response, messages, asset)
    if key == "explain_pictures":
        return _explained(response, messages)
    facts: dict[str, Any] = {**step.args, **response}
    for name in ("text", "before", "what", "title", "name"):
        if isinstance(facts.get(name), str):
            facts[name] = plain(facts[name], 60)
    if key == "restyle_text":
        facts["look"] = messages.get("look", "and").join(_look(step.args, messages)) + ""
    if key in ("fade_picture", "fade_audio"):
        facts |= _fades(step.args, messages)
    if key == "set_motion":
        segment = step.args.get("segment")
        facts["which"] = messages.get("look", "clip", number=segment) if segment else messages.get("look", "all_clips")
        facts["motion"] = messages.get("value", response.get("motion", ""))
    if key == "set_transition":
        key = "set_transition_cut" if step.args["kind"] == "cut" else key
        facts["kind"] = messages.get("value", step.args["kind"])
    if key == "set_duration" and response.get("bounded"):
        key = "set_duration_bounded"
    if key == "narrate" and response.get("long"):
        key = "narrate_long"
    if key == "set_music":
        facts["music"] = messages.get("value", facts["music"]) if response.get("mood") else plain(facts["music"], 60)
    return [messages.get("done", key, **facts)]


def _look(args: dict[str, Any], messages: Messages) -> list[str]:
    parts = []
    if "color" in args:
        name = next((name for key, (_, name) in COLOURS.items() if key == args["color"]), args["color"])
        parts.append(messages.get("look", "color", value=messages.get("value", name)))
    if "size_px" in args:
        parts.append(messages.get("look", "size", value=args["size_px"]))
    if "place" in args:
        parts.append(messages.get("look", "place", value=messages.get("value", args["place"])))
    if "bold" in args:
        parts.append(messages.get("look", "bold" if args["bold"] else "not_bold"))
    return [f" {part}" if i and messages.language == "en" else part for i, part in enumerate(parts)]


def _fades(args: dict[str, Any], messages: Messages) -> dict[str, str]:
    fade_in, fade_out = args.get("fade_in_s"), args.get("fade_out_s")
    facts = {"fade_in": "", "fade_out": ""}
    if fade_in:
        facts["fade_in"] = messages.get("look", "fade_in", value=f"{fade_in:g}")
    if fade_out:
        joint = messages.get("look", "and") if fade_in else ""
        facts["fade_out"] = joint + messages.get("look", "fade_out", value=f"{fade_out:g}")
    if not fade_in and not fade_out:
        facts["fade_out"] = messages.get("look", "no_fade")
    return facts


def _explained(response: dict[str, Any], messages: Messages) -> list[str]:
    names = ", ".join(f"“{plain(name, 40)}”" for name in response["names"][:5])
    count = response["pictures"]
    names += " …" if len(response["names"]) > 5 else ""
    key = "done_none" if count == 0 else "done" if count == 1 and names else "done_many"
    told = [messages.get("explain", key, total=response["total"], names=names, count=count)]
    if response["bounded"]:
        told.append(messages.get("explain", "bounded", asked=response["asked"], total=response["total"]))
    if len(response["levels"]) == 1:
        told.append(messages.get("explain", f"evidence_{response['levels'][0]}"))
    if response["prompt_shown"]:
        told.append(messages.get("explain", "prompt_shown"))
    elif response["prompt_record"]:
        told.append(messages.get("explain", "prompt_record"))
    told += _voice(response, messages)
    if response["left_out"]:
        told.append(messages.get("explain", "left_out", names=", ".join(response["left_out"][:10])))
    return told


def _voice(response: dict[str, Any], messages: Messages) -> list[str]:
    """Return what there is to say about a voice that was asked for."""
    if "no_voice" in response:
        return [messages.get("explain", "no_voice", message=plain(response["no_voice"], 300))]
    if "voice" not in response:
        return []
    key = "narrate_long" if response["voice"]["long"] else "narrate"
    return [messages.get("done", key, **response["voice"])]


def _evidence(key: str, response: dict[str, Any], messages: Messages, asset: AssetFacts | None) -> list[str]:
    if key == "prompt":
        from ipynemo.backend.explain import evidence_for

        found = evidence_for(asset) if asset else None
        if found is None or not found.prompt:
            return [messages.get("say", "no_prompt")]
        return [messages.get("say", "prompt_is" if found.certain else "texts_are_found", prompt=found.prompt)]
    return list(response["answer"])
