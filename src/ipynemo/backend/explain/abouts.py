"""What a drawn scene shows: its `about`, made of the picture's facts and of texts in the clip's language.

The renderer draws what is in it and knows no language. Every number comes from the file or from a published schedule,
every statement bears who says it, and a prompt is in it only for a user who asked for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipynemo.backend.explain.captions import shorten
from ipynemo.backend.explain.scenes import values_of
from ipynemo.concepts.kinds import AI_KINDS, CAMERA_KINDS

if TYPE_CHECKING:
    from ipynemo.backend.explain.evidence import Claim, Evidence
    from ipynemo.backend.explain.facts import PictureFacts
    from ipynemo.backend.explain.script import Script

__all__ = ["about_for", "prompt_card"]

CARDS = 3  # as many as can be read in six seconds
CARDS_LONG, LONG_MS = 4, 9_000
PROMPT_COLUMNS = 150
NAME_COLUMNS = 40
LAST_STEP, MARKED_STEP = 999, 250
TINY_PROMPT, TINY_SEEDS = "red cross", (1, 2, 3, 4)  # drawn beforehand, and kept with the renderer


def about_for(
    scene: str, facts: PictureFacts | None, script: Script, length_ms: int, *, show_prompt: bool = False
) -> dict[str, Any]:
    """Return the `about` of a drawn scene.

    Parameters
    ----------
    scene : str
        One of `ipynemo.draft.drawn.DRAWN`.
    facts : PictureFacts or None
        Of the picture; "evidence" and "pixels" need them.
    length_ms : int
        Of the scene: where there is little time, fewer cards are shown.
    show_prompt : bool
        Whether the words of a prompt record may be seen.
    """
    if scene == "evidence" and facts is not None:
        room = CARDS_LONG if length_ms >= LONG_MS else CARDS
        return evidence_about(facts.evidence, script, room, show_prompt=show_prompt)
    if scene == "pixels" and facts is not None:
        return _pixels(facts, script)
    if scene == "noising":
        return {"last": LAST_STEP, "mark": MARKED_STEP, "labels": script.table_of("noise_labels")}
    if scene == "denoising":
        labels = {key: text for key, text in script.table_of("noise_labels").items() if key != "mark"}
        badge = script.one("denoising_labels", "badge" if facts else "badge_none")
        return {"badge": badge, "from": LAST_STEP, "labels": labels}
    if scene == "tiny_model":
        labels = script.table_of("tiny_labels", prompt=TINY_PROMPT)
        return {"prompt": TINY_PROMPT, "seeds": list(TINY_SEEDS), "labels": labels}
    if scene == "latent_grid":
        return {"labels": script.table_of("latent_labels")}
    return _limits(facts, script)


def _pixels(facts: PictureFacts, script: Script) -> dict[str, Any]:
    values = values_of(facts)
    labels = {"count": script.one("pixels_labels", "count", **values)}
    if facts.pixel:
        labels["pixel"] = script.one("pixels_labels", "pixel", **values)
    if facts.palette:
        labels["palette"] = script.one("pixels_labels", "palette")
    spot = [round(place, 4) for place in facts.spot]
    if facts.pixel and facts.width_px and facts.height_px:  # the middle of the very pixel that is named
        (x, y), _ = facts.pixel
        spot = [round((x + 0.5) / facts.width_px, 6), round((y + 0.5) / facts.height_px, 6)]
    swatches = [{"color": colour, "share": round(share, 3)} for colour, share in facts.palette]
    return {"spot": spot, "swatches": swatches, "labels": labels}


def _limits(facts: PictureFacts | None, script: Script) -> dict[str, Any]:
    level = facts.evidence.level if facts else "nothing"
    lines = []
    if facts and level in ("stated", "signed"):
        count = sum(claim.signed or level == "stated" for claim in facts.evidence.claims)
        lines.append(script.one("limits_labels", f"{level}_{'one' if count == 1 else 'many'}", count=count))
    elif level == "unread":
        lines.append(script.one("limits_labels", "unread"))
    lines += [script.one("limits_labels", key) for key in ("labels", "ai")]
    return {"heading": script.one("limits_labels", "heading"), "lines": lines}


def evidence_about(evidence: Evidence, script: Script, room: int, *, show_prompt: bool = False) -> dict[str, Any]:
    """Return the cards of what a file says, the strongest first, at most `room` of them."""
    foot = script.one("evidence_card", "foot")
    if not evidence.claims:
        level = "none" if evidence.readable else "unread"
        card = {"level": level, "label": script.one("evidence_card", level)}
        card |= {"text": script.one("evidence_card", f"{level}_text"), "source": "", "note": ""}
        if level == "none":
            card |= {key: script.one("evidence_card", f"none_{key}") for key in ("source", "note")}
        return {"cards": [card], "foot": foot}
    private = evidence.prompt is not None and not show_prompt
    told = _told(evidence, room)
    cards = [_card(claim, evidence, script, private=private) for claim in told]
    if show_prompt and evidence.prompt:
        after = next((n for n, claim in enumerate(told, 1) if claim.kind == "record"), len(cards))
        cards.insert(after, prompt_card(evidence, script))
    if evidence.conflict:
        words = {key: script.one("evidence_card", f"conflict_{key}") for key in ("text", "note")}
        cards.append({"level": "none", "label": script.one("evidence_card", "conflict"), "source": "", **words})
    about: dict[str, Any] = {"cards": cards, "foot": foot}
    if len(evidence.claims) > len(told):
        about["more"] = script.one("evidence_card", "more", count=len(evidence.claims) - len(told))
    return about


def _told(evidence: Evidence, room: int) -> list[Claim]:
    """Return the claims that get a card: of each kind one before there are two of any; both sides of a conflict."""
    first = {claim.kind: claim for claim in reversed(evidence.claims)}.values()
    ordered = sorted(evidence.claims, key=lambda claim: claim not in first)
    if evidence.conflict:
        sides = [next(c for c in ordered if c.kind in kinds) for kinds in (CAMERA_KINDS, AI_KINDS)]
        ordered = [*sides, *(claim for claim in ordered if claim not in sides)]
        room -= 1  # for the card that says so
    return sorted(ordered[:room], key=evidence.claims.index)


def _card(claim: Claim, evidence: Evidence, script: Script, *, private: bool) -> dict[str, str]:
    """Return one statement as a card: on what level it stands, what it says, where, and what that is worth."""
    source = claim.source if claim.kind == "broken" else _source(claim, script)
    spoken = claim.spoken(script)
    text = spoken[:1].upper() + spoken[1:]
    signer = shorten(evidence.signer.value, NAME_COLUMNS) if evidence.signer else ""
    level, label, note = "stated", "stated", script.one("evidence_card", "stated_note")
    if claim.kind == "signer" and claim.signed:
        level = label = "signed"
        text = script.one("evidence_card", "signer_text", signer=signer)
        note = script.one("evidence_card", "signer_known" if claim.trusted else "signer_unknown")
    elif claim.signed:
        level = label = "signed"
        note = script.one("evidence_card", "signed_note", signer=signer) if signer else ""
    elif claim.kind in ("broken", "online"):
        level, label, note = "unread", "unread", ""
    elif claim.kind in ("misfit", "signer"):
        level, label, note = "unread", "misfit", ""
    elif claim.kind == "record" and private:
        note = script.one("evidence_card", "record_note")
    label = script.one("evidence_card", label)
    return {"level": level, "label": label, "text": text, "source": source, "note": note}


def _source(claim: Claim, script: Script) -> str:
    return script.one("evidence_card", "source", source=claim.source, field=claim.field)


def prompt_card(evidence: Evidence, script: Script) -> dict[str, str]:
    """Return the words of a prompt record as a card; only for a user who asked for them."""
    claim = next((claim for claim in evidence.claims if claim.kind == "record"), None)
    key = "prompt_text" if evidence.certain else "texts_text"
    text = script.one("evidence_card", key, prompt=shorten(evidence.prompt or "", PROMPT_COLUMNS))
    source = _source(claim, script) if claim else ""
    label, note = script.one("evidence_card", "stated"), script.one("evidence_card", "stated_note")
    return {"level": "stated", "label": label, "text": text, "source": source, "note": note}
