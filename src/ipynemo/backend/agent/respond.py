"""One turn: a message in, steps out — what is said, which tools are called, what they answered.

The planner is the seam where a language model can take the place of the rules: it is asked clause by clause, sees the
draft as it stands, and names tools of the registry; everything else here stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ipynemo.backend.agent import telling, tools
from ipynemo.backend.agent.clauses import MOST_CLAUSES, Clause, clauses
from ipynemo.backend.agent.messages import Messages, languages, messages_for
from ipynemo.backend.agent.quotes import mask
from ipynemo.backend.agent.registry import call
from ipynemo.backend.agent.rules import Ask, Context, Do, Plan, Tell, answer_to, plan_clause
from ipynemo.backend.agent.rules.answers import asked
from ipynemo.backend.agent.situation import Call, Result, Say, Situation, Step
from ipynemo.backend.agent.words import MOST_CHARS, clean, is_chinese
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Planner = Callable[[Clause, Context], Plan]

__all__ = ["respond"]

# Edits that end without a word when they are all that was asked; the client then tells the difference itself.
SILENT = frozenset(
    {"set_volume", "trim_segment", "cut_range", "move_segment", "reorder_segments", "set_motion", "zoom_to"}
)

COURTESIES = frozenset({"hello", "thanks", "fine"})  # not returned where the message goes on to a wish

LOOKS = frozenset({"read_file_evidence", "undo", "redo"})  # they may leave the draft as it is, and still say something

_ENGLISH = re.compile(
    r"\b(?:the|a|an|and|to|it|is|at|of|in|add|make|put|title|caption|music|remove|delete|explain|this|image"
    r"|picture|video|clip"
    r"|cut|trim|shorter|longer|seconds?|undo|redo|what|how|can|you|please|with|from|zoom|mute|volume|hello"
    r"|hi|help|thanks"
    r"|move|split|change|set|vertical|square|better|crossfade|louder|quieter|start|over)\b"
)


def _language(folded: str, unquoted: str, situation: Situation) -> str:
    """Return the language of a message: Chinese or English where it shows, else the session's."""
    base = situation.language.replace("_", "-").split("-")[0].lower()
    outside = re.sub("[\ue000-\uefff]", " ", unquoted)
    if is_chinese(outside):
        return "zh"
    if _ENGLISH.search(folded):
        return "en"
    return base if base in languages() else "en"


class _Turn:
    def __init__(self, message: str, situation: Situation, planner: Planner) -> None:
        self.start = situation.draft
        self.situation = situation
        self.planner = planner
        cleaned = clean(message[: MOST_CHARS * 2])
        self.cut = len(message) > MOST_CHARS * 2 or len(cleaned) > MOST_CHARS
        self.masked = mask(cleaned[:MOST_CHARS].strip())
        self.language = _language(self.masked.folded, self.masked.original, situation)
        self.messages: Messages = messages_for(self.language)
        self.stacks = {"undo": situation.undo, "redo": situation.redo}
        self.told: list[str] = []
        self.asked: list[str] = []
        self.used: list[str] = []
        self.plain = True
        self.many = False
        seed = f"{len(situation.history)}\n{message[:MOST_CHARS]}\n{situation.draft.to_json()}"
        self.mark = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def run(self) -> Iterator[Step]:
        found = clauses(self.masked)
        self.many = len(found) > 1
        context = Context(self.situation, self.language)
        if not found:
            self._tell(Tell("empty_message"))
        question = asked(context)
        answer = answer_to(question, self.masked, found, context) if question and found else None
        if answer is not None:
            yield from self._carry_out(answer, context)
        else:
            for clause in found[:MOST_CLAUSES]:
                context.situation = self.situation
                yield from self._wish(clause, context)
            if len(found) > MOST_CLAUSES:
                self._tell(Tell("too_many", {"count": MOST_CLAUSES}))
        if self.cut:
            self._tell(Tell("too_long", {"count": MOST_CHARS}))
        silent = self.plain and len(found) == 1 and len(set(self.used)) == 1 and set(self.used) <= SILENT
        unchanged = self.situation.draft == self.start
        if self.plain and self.used and unchanged and not set(self.used) & LOOKS:
            self.told = [self.messages.get("say", "nothing_to_change")]
        if not silent or unchanged:
            text = self._text()
            if text:
                yield Say(text)

    def _text(self) -> str:
        joint = "" if self.language == "zh" else " "
        if not self.told and not self.asked:
            self.told = [self.messages.get("say", "fine")]
        return joint.join(dict.fromkeys([*self.told, *self.asked]))

    def _wish(self, clause: Clause, context: Context) -> Iterator[Step]:
        plan = self.planner(clause, context)
        placing = [step for step in plan if isinstance(step, Do) and step.tell == "placed"]
        if placing:
            yield from self._place(placing, context)
            plan = self.planner(clause, context)
        yield from self._carry_out(plan, context)

    def _place(self, placing: list[Do], context: Context) -> Iterator[Step]:
        names = []
        for step in placing:
            yield from self._do(replace(step, tell="silent"), context)
            names += [asset.name for asset in self.situation.assets if asset.id == step.args["asset"]]
        shown = ", ".join(f"“{plain(name, 40)}”" for name in names[:5])
        self.told.append(self.messages.get("done", "placed", names=shown))
        self.plain = False

    def _carry_out(self, plan: Plan, context: Context) -> Iterator[Step]:
        for step in plan:
            if isinstance(step, Tell):
                if not (step.key in COURTESIES and self.many):
                    self._tell(step)
            elif isinstance(step, Ask):
                self.plain = False
                self.asked.append(telling.ask(step.key, step.facts, self.messages))
            else:
                yield from self._do(step, context)

    def _tell(self, step: Tell) -> None:
        self.plain = False
        self.told.append(telling.say(step.key, step.facts, self.messages))

    def _do(self, step: Do, context: Context) -> Iterator[Step]:
        if step.name == "explain_pictures":
            yield Say(self._announcement(step))
        identity = f"call-{self.mark}-{len(self.used) + 1}"
        yield Call(identity, step.name, step.args)
        outcome = call(step.name, step.args, self.situation)
        self.used.append(step.name)
        history = step.name if step.name in ("undo", "redo") and outcome.draft in self.stacks[step.name] else "edit"
        yield Result(identity, step.name, outcome.response, outcome.draft, history)  # type: ignore[arg-type]
        if outcome.failed:
            self.plain = False
            self.told.append(telling.failure(outcome.response, self.messages))
            return
        if outcome.draft is not None:
            self._advance(step, outcome.draft)
            context.situation = self.situation
        asset = next((a for a in self.situation.assets if a.id == step.args.get("asset")), None)
        self.told += telling.done(step, outcome.response, self.messages, asset)

    def _advance(self, step: Do, draft: object) -> None:
        now = self.situation
        undo, redo = list(now.undo), list(now.redo)
        steps = step.args.get("steps", 1)
        if step.name == "undo":
            gone = [undo.pop() for _ in range(min(steps, len(undo)))]
            redo += [now.draft, *gone[:-1]]
        elif step.name == "redo":
            gone = [redo.pop() for _ in range(min(steps, len(redo)))]
            undo += [now.draft, *gone[:-1]]
        elif now.draft == self.start and draft != self.start:
            undo, redo = [*undo, self.start], []  # so that "…, then undo" takes back what this turn did
        self.situation = replace(now, draft=draft, undo=tuple(undo), redo=tuple(redo))  # type: ignore[arg-type]

    def _announcement(self, step: Do) -> str:
        wanted = step.args.get("assets")
        shown = [a for a in self.situation.assets if a.kind != "audio" and (wanted is None or a.id in wanted)]
        key = "start_none" if not shown else "start" if len(shown) == 1 else "start_many"
        return self.messages.get("explain", key, count=len(shown))


def respond(message: str, situation: Situation, *, planner: Planner = plan_clause) -> Iterator[Step]:
    """Return the steps of one turn.

    Parameters
    ----------
    message : str
        What the user said; any text.
    situation : Situation
        Where the session stands.
    planner : callable
        Clause and context in, planned tool calls out; the rules, unless something else is given.

    Yields
    ------
    Say, Call or Result
        In the order in which the client is told.
    """
    assert tools  # noqa: S101 - importing the tools registers them
    yield from _Turn(message, situation, planner).run()
