"""Reading bodies from strangers: how large, how deep, which characters; anything beyond is refused, never a crash."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["MAX_DEPTH", "MAX_JSON_BYTES", "StrictRoute", "parse"]

MAX_JSON_BYTES = 32 << 20
MAX_DEPTH = 100
OFFLOAD_BYTES = 256 << 10  # a larger body is parsed in a thread, so that other answers do not wait for it
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes no NUL, and UTF-8 no lone surrogate


def parse(body: bytes) -> Any:
    """Return the JSON value of a body.

    Raises
    ------
    ValueError
        It is not JSON, or JSON that nobody means: nested too deep, with NUL or half characters, with numbers beyond
        all use.
    """

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=refuse)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def _children(item: Any) -> list[Any]:
    match item:
        case str():
            if UNSTORABLE.search(item):
                raise ValueError("it holds a NUL or half a character")
        case float():
            if item in {float("inf"), float("-inf")}:
                raise ValueError("it holds a number too large")
        case dict():
            return [*item.keys(), *item.values()]
        case list():
            return item
    return []


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """Return the body's JSON value, or refuse it with 400."""
        body = await self.body()
        try:
            return await asyncio.to_thread(parse, body) if len(body) > OFFLOAD_BYTES else parse(body)
        except ValueError as error:  # also what JSON and UTF-8 decoding raise
            raise HTTPException(400, f"The body is not JSON that can be read: {error}.") from None


class StrictRoute(APIRoute):
    """A route that reads its JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given a strict request."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict
