"""The tool that makes an explainer from uploaded pictures."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.backend.agent.tools.access import spoken_facts
from ipynemo.backend.explain import Wishes, evidence_for, languages, prompt_card, prompt_text, script_for, storyboard
from ipynemo.backend.speech import SpeechError, check_voice
from ipynemo.draft import Draft
from ipynemo.draft.drawn import is_drawn
from ipynemo.draft.summary import seconds_text
from ipynemo.errors import DraftError

__all__ = ["explain_pictures", "show_prompt"]

LEAST_S, MOST_S = 5.0, 600.0
_TOLD_BY = ("pictures", "cards", "captions")  # tracks whose names tell a language


@tool
def explain_pictures(
    situation: Situation,
    seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None,
    aspect: Literal["16:9", "9:16", "1:1"] | None = None,
    language: Annotated[str, Field(pattern="^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=40)] = "en",
    music: Literal["calm", "happy", "curious", "epic", "lofi", "none"] = "curious",
    volume: Annotated[float, Field(ge=0, le=1)] | None = None,
    captions: bool = True,
    titles: bool = True,
    show_prompt: bool = False,
    reduced_motion: bool = False,
    narration: bool = False,
    assets: list[str] | None = None,
) -> Done:
    """Make an explainer from the facts of the uploaded pictures, as in: explain what an AI image is."""
    chosen = [a for a in situation.assets if assets is None or a.id in assets]
    if assets and not chosen:
        raise DraftError(f"None of {', '.join(assets)} was uploaded.")
    shown = [a for a in chosen if a.kind in ("image", "video")]
    allowed = None if seconds is None else min(max(seconds, LEAST_S), MOST_S)
    wishes: dict[str, Any] = {"language": language, "captions": captions, "titles": titles, "show_prompt": show_prompt}
    wishes["total_ms"] = None if allowed is None else round(allowed * 1000)
    wishes["music"] = None if music == "none" else music
    wishes["reduced_motion"] = reduced_motion
    if volume is not None:
        wishes["music_volume"] = volume
    voice: dict[str, Any] = {}
    if narration:
        try:
            check_voice(language)
            wishes["narration"] = True
        except SpeechError as error:  # the explainer is none the worse for having captions only
            voice = {"no_voice": str(error)}
    frame = (situation.draft.width_px, situation.draft.height_px)
    kept = next((name for name, size in edits.ASPECTS.items() if size == frame), "16:9")
    board = storyboard(chosen, Wishes(aspect=aspect or kept, **wishes))
    voice |= {"voice": spoken_facts(board.draft, language)} if wishes.get("narration") else {}
    facts: dict[str, Any] = {
        "pictures": len(shown),
        "names": [f.name for f in board.facts],
        "total": seconds_text(board.total_ms),
        "asked": None if seconds is None else f"{seconds:g}",
        "bounded": allowed != seconds or (allowed is not None and board.total_ms > round(allowed * 1000)),
        "left_out": board.left_out,
        "levels": [f.evidence.level for f in board.facts],
        "prompt_record": any(c.kind == "record" for f in board.facts for c in f.evidence.claims),
        "prompt_shown": show_prompt and any(f.evidence.prompt for f in board.facts),
        **voice,
    }
    return Done(board.draft, facts)


@tool
def show_prompt(draft: Draft, situation: Situation, asset: str) -> Done:
    """Show the words of the file's prompt record on a card, as in: show the prompt."""
    found = next((a for a in situation.assets if a.id == asset), None)
    evidence = evidence_for(found) if found is not None and found.kind == "image" else None
    if evidence is None or not evidence.prompt:
        raise DraftError("There is no prompt to show in this file.")
    shots = [(t.number, s) for t in draft.tracks_of("video") for s in t.segments if s.source == asset]
    if not shots:
        raise DraftError("The picture is not on the timeline yet.")
    script = script_for(_language_of(draft))
    for track_number, shot in shots:
        if is_drawn(shot.meta) and shot.meta["scene"] == "evidence":
            after = _with_card(draft, track_number, shot.number, prompt_card(evidence, script))
            return Done(after, {"at": _seconds(shot.start_s)})
    card = prompt_text(evidence.prompt, script, certain=evidence.certain)
    shot = next((s for _, s in shots if s.meta.get("scene") == "prompt"), shots[-1][1])
    for track in draft.tracks_of("text"):
        for segment in track.segments:
            is_card = edits.text_role(track.meta, segment.meta) == "card"
            if is_card and shot.start_ms <= segment.start_ms < shot.end_ms:
                after = edits.set_text(draft, track.number, segment.number, card)
                return Done(after, {"at": _seconds(segment.start_s)})
    after = edits.add_text(draft, card, role="card", start_s=shot.start_s, duration_s=shot.duration_s)
    return Done(after, {"at": _seconds(shot.start_s)})


def _seconds(time_s: float) -> str:
    return f"{round(time_s, 1):g}"


def _language_of(draft: Draft) -> str:
    """Return the language that the storyboard was written in: as the draft says, else by what it calls its tracks."""
    if draft.meta.get("language") in languages():
        return str(draft.meta["language"])
    names = {track.name for track in draft.tracks}
    named = (code for code in languages() if names & {script_for(code).one("tracks", key) for key in _TOLD_BY})
    return next(named, "en")


def _with_card(draft: Draft, track: int, segment: int, card: dict[str, str]) -> Draft:
    """Return the draft with a card more on its evidence scene; behind the statement of the same source."""
    raw = draft.raw
    about = raw["t"][track - 1]["sg"][segment - 1]["m"]["about"]
    given = about.get("cards")
    cards = [one for one in given if isinstance(one, dict) and one != card] if isinstance(given, list) else []
    place = next((n for n, one in enumerate(cards, 1) if one.get("source") == card["source"]), len(cards))
    about["cards"] = [*cards[:place], card, *cards[place:]]
    return Draft(raw)
