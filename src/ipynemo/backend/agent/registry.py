"""Tools: typed functions draft -> draft, with a name, a JSON schema and a line of description.

The rule planner calls them by name with arguments, and so may a language model: what it sends is validated here, and
whatever goes wrong comes back as an answer and not as a traceback. `schemas()` is what such a model would be shown.
"""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ipynemo.backend.agent.situation import Situation
from ipynemo.draft import Draft
from ipynemo.errors import NemoError

__all__ = ["Done", "Outcome", "Tool", "call", "schemas", "tool", "tools"]

_INJECTED = ("draft", "situation")
_TOOLS: dict[str, "Tool"] = {}


@dataclass(frozen=True)
class Done:
    """What a tool hands back when there is more to say than the new draft.

    Parameters
    ----------
    draft : Draft or None
        None where the tool only looked.
    facts : dict
        What it did, for the one who tells it.
    """

    draft: Draft | None
    facts: dict[str, Any] = field(default_factory=dict)


P = ParamSpec("P")
T = TypeVar("T", Draft, Done)


@dataclass(frozen=True)
class Outcome:
    """The answer of a tool: a response that can be sent, and the new draft where there is one."""

    response: dict[str, Any]
    draft: Draft | None = None

    @property
    def failed(self) -> bool:
        """Whether the tool could not do it."""
        return "error" in self.response


@dataclass(frozen=True)
class Tool:
    """A tool as it is registered."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Draft | Done]
    injected: tuple[str, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as a language model is told of it: name, description and a JSON schema of its parameters."""
        parameters = self.arguments.model_json_schema()
        parameters.pop("title", None)
        return {"name": self.name, "description": self.description, "parameters": parameters}


def tool(function: Callable[P, T]) -> Callable[P, T]:
    """Register a function as a tool; its name, its type hints and the first line of its docstring describe it."""
    hints = typing.get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    injected = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in _INJECTED:
            injected.append(name)
        else:
            given = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[name] = (hints[name], given)
    name = function.__name__
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    arguments = create_model(name, __config__=config, **fields)
    description = (inspect.getdoc(function) or "").split("\n")[0]
    _TOOLS[name] = Tool(name, description, arguments, typing.cast("Any", function), tuple(injected))
    return function


def tools() -> dict[str, Tool]:
    """Return every tool by its name."""
    return dict(_TOOLS)


def schemas() -> list[dict[str, Any]]:
    """Return the description of every tool, as a language model is given it."""
    return [entry.schema for entry in _TOOLS.values()]


def call(name: str, args: dict[str, Any], situation: Situation) -> Outcome:
    """Call a tool on the situation's draft.

    A tool that is unknown, arguments that do not fit, and an edit that the draft cannot take give
    `{"error": "…"}`.
    """
    entry = _TOOLS.get(name)
    if entry is None:
        return Outcome({"error": f"UnknownTool: no tool {name!r}; there are {', '.join(_TOOLS)}"})
    try:
        checked = entry.arguments.model_validate(args)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return Outcome({"error": f"InvalidArguments: {where}: {first['msg']}"})
    values = {key: getattr(checked, key) for key in type(checked).model_fields}
    given = {"draft": situation.draft, "situation": situation}
    try:
        answer = entry.function(**{key: given[key] for key in entry.injected}, **values)
    except NemoError as error:
        return Outcome({"error": f"{type(error).__name__}: {error}"})
    if isinstance(answer, Done):
        return Outcome({"done": name, **answer.facts}, answer.draft)
    return Outcome({"done": name}, answer)
