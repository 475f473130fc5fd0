"""The rule planner: clause in, planned tool calls out. A language model could take its place.

The rules are asked in a fixed order, from what can only mean one thing to what is vague; the first one that knows what
to do plans. Everything is deterministic.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.access import access_rule
from ipynemo.backend.agent.rules.answers import answer_to
from ipynemo.backend.agent.rules.context import Ask, Context, Do, Plan, Tell
from ipynemo.backend.agent.rules.leftover import leftover
from ipynemo.backend.agent.rules.order import order_rule, remove_rule
from ipynemo.backend.agent.rules.picture import aspect_rule, insert_rule, motion_rule, transition_rule
from ipynemo.backend.agent.rules.sound import sound_rule
from ipynemo.backend.agent.rules.story import story_rule
from ipynemo.backend.agent.rules.talk import better_rule, cannot_rule, history_rule, question_rule, small_talk
from ipynemo.backend.agent.rules.text import text_rule
from ipynemo.backend.agent.rules.time import time_rule
from ipynemo.backend.agent.words import ASPECT
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause

__all__ = ["Ask", "Context", "Do", "Plan", "Tell", "answer_to", "plan_clause"]

_FIRST = (history_rule, small_talk, question_rule, access_rule)
_THEN = (story_rule, text_rule)
_LAST = (sound_rule, transition_rule, motion_rule, order_rule, time_rule, remove_rule, insert_rule)
_SHAPE = re.compile(
    rf"{ASPECT.pattern}|\b(?:vertical|portrait|square|landscape|horizontal|widescreen)\b|竖屏|竖版|横屏|横版"
    rf"|方形|正方形"
)
_PLACELESS = ("no_pictures", "empty_draft", "one_clip", "no_music", "which_clip")


def plan_clause(clause: Clause, context: Context) -> Plan:
    """Return what is to be done about one clause, from the draft as it stands."""
    for rule in _FIRST:
        plan = rule(clause, context)
        if plan is not None:
            return _with_pictures(context, plan) if rule is access_rule else plan
    text_meant = re.search("[\ue000-\uefff]", clause.text) is not None
    plan = _plan(clause, context, text_meant=text_meant)
    if plan is None:
        return [Tell("not_understood", {"text": plain(clause.source, 80)})]
    if not any(isinstance(step, Do) and step.name == "explain_pictures" for step in plan):
        plan = _with_pictures(context, plan)
        if any(isinstance(step, Do) for step in plan):
            words = leftover(clause, context)
            if words:
                plan = [*plan, Tell("left_over", {"words": ", ".join(f"“{plain(w, 40)}”" for w in words[:5])})]
    return plan


def _plan(clause: Clause, context: Context, *, text_meant: bool) -> Plan | None:
    if not text_meant and story_rule(clause, context) is None:
        rest = replace(clause)
        cannot = cannot_rule(rest, context)
        if cannot is not None:
            can = _possible(rest, context) if len(rest.text) > len("add a") else None
            return [*(step for step in can or [] if isinstance(step, Do)), *cannot]
    return _possible(clause, context)


def _possible(clause: Clause, context: Context) -> Plan | None:
    for rule in _THEN:
        plan = rule(clause, context)
        if plan is not None:
            return plan
    better = better_rule(clause, context)
    if better is not None:
        return better
    shape = aspect_rule(clause, context)
    if shape is not None:
        rest = replace(clause, text=_SHAPE.sub(" ", clause.text))
        more = next((plan for rule in _LAST[:4] + _LAST[4:5] if (plan := rule(rest, context))), None)
        return shape + [step for step in more or [] if isinstance(step, Do)]
    for rule in _LAST:
        plan = rule(clause, context)
        if plan is not None:
            return plan
    return None


def _with_pictures(context: Context, plan: Plan) -> Plan:
    """Put the uploaded pictures on an empty timeline first, where the clause needs something to work on."""
    edits = [step for step in plan if isinstance(step, Do)]
    stuck = any(isinstance(step, Tell) and step.key in _PLACELESS for step in plan)
    if not context.situation.draft.is_empty or not context.visuals or not (edits or stuck):
        return plan
    if any(step.name in ("add_picture", "undo", "redo", "rename_draft", "read_file_evidence") for step in edits):
        return plan
    return [Do("add_picture", {"asset": asset.id}, "placed") for asset in context.visuals[:100]]
