"""Rules for access: a form without motion, a voice that reads the captions aloud."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.context import Do, Plan, Tell, numbers_of
from ipynemo.backend.agent.rules.story import language_of, story_rule
from ipynemo.backend.agent.rules.wishes import MOVING, REDUCED, VOICE, wants_narration
from ipynemo.captions.cues import has_captions, is_narrated

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["access_rule"]


def access_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan a form without motion, or a voice; None where the clause is about something else, or a new explainer."""
    text = clause.text
    voice = re.search(VOICE, text) is not None
    reduced, moving = REDUCED.search(text), MOVING.search(text)
    if not (voice or reduced or moving) or story_rule(clause, context) is not None:
        return None
    plan = _voice(clause, context) if voice else []
    one = numbers_of(text, "clip", len(context.board.clips()))  # its camera is meant
    if (moving or (reduced and not clause.negated)) and not one:
        if context.situation.draft.is_empty:
            return [Tell("no_pictures")]
        plan.append(Do("reduce_motion", {"on": moving is None}, "moving" if moving else "reduce_motion"))
    return plan or None


def _voice(clause: Clause, context: Context) -> Plan:
    if wants_narration(clause.text) and not clause.negated:
        if not has_captions(context.situation.draft):
            return [Tell("no_captions")]
        return [Do("narrate", {"language": language_of(clause.text)})]
    if is_narrated(context.situation.draft):
        return [Do("narrate", {"on": False}, "not_narrated")]
    return [Tell("not_narrated")]
