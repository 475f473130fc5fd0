"""What a draft looks like at one moment, or in a range, as a small film. The cloud has no such call."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from ipynemo.backend.excerpts import LONGEST_MS, ExcerptOrder
from ipynemo.backend.routes._common import Caller, ServerPart, SessionId, errors, router
from ipynemo.backend.schemas import PreviewAnswer, PreviewData, PreviewOrder
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError

__all__ = ["routes"]

routes = router("exports")

FILM: dict[str, Any] = {
    "description": "The moment; of a range the film, in fragments, while it is made.",
    "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
}


@routes.post(
    "/api/preview/nemo_agent/me/{session_id}",
    response_model=PreviewAnswer,
    responses={**errors(404, 429), 200: FILM},
)
async def preview(
    session_id: SessionId, order: PreviewOrder, request: Request, server: ServerPart, caller: Caller
) -> PreviewAnswer | Response:
    """Draw one moment of a draft, small, or make a range of it: the draft sent, else the session's own."""
    await server.store.sessions.get(session_id, caller.user_id)
    span = _span(order)
    if order.draft is None:
        draft, _version = await server.store.drafts.current(session_id)
    else:
        draft = Draft(order.draft)
    if draft.is_empty:
        raise InvalidRequestError(
            "There is nothing to look at yet.", hint="Upload a picture and ask for something first."
        )
    assets = await server.store.assets.of_draft(session_id, draft)
    if span is not None:
        if span[0] >= draft.duration_ms:
            raise InvalidRequestError(
                f"The draft ends at {draft.duration_ms / 1000:g} s.", hint="Ask for an earlier range."
            )
        wanted = ExcerptOrder(draft, assets, *span, order.height_px)
        return await _film(server.excerpts.pieces(caller.user_id, wanted), request)
    picture = await server.previews.still(draft, assets, order.at_s, order.height_px)
    return PreviewAnswer(data=PreviewData(jpeg=base64.b64encode(picture).decode(), at_s=order.at_s))


def _span(order: PreviewOrder) -> tuple[int, int] | None:
    """Return the range that is asked for; None for a moment."""
    if order.from_ms is None and order.to_ms is None:
        return None
    if order.from_ms is None or order.to_ms is None or not 0 < order.to_ms - order.from_ms <= LONGEST_MS:
        raise InvalidRequestError(
            "A range has from_ms and a later to_ms.", hint=f"It is at most {LONGEST_MS // 1000} s long."
        )
    return order.from_ms, order.to_ms


async def _film(pieces: AsyncIterator[bytes], request: Request) -> Response:
    """Answer with a film once its beginning is there: what is wrong until then can still be said."""
    first, gone = asyncio.ensure_future(anext(pieces)), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait([first, gone], return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not first.done():
            first.cancel()  # and with it the work
            await asyncio.wait([first])
    if first.cancelled():
        raise ClientDisconnect
    beginning = first.result()

    async def body() -> AsyncIterator[bytes]:
        yield beginning
        async for piece in pieces:
            yield piece

    return _Film(body(), pieces)


async def _gone(request: Request) -> None:
    """Return when the client is."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Film(StreamingResponse):
    """The answer with a film; a client that goes away ends the work on it."""

    def __init__(self, body: AsyncIterator[bytes], pieces: AsyncIterator[bytes]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(body, headers=headers, media_type="video/mp4")
        self._pieces = pieces

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._pieces.aclose()  # type: ignore[attr-defined]  # it is a generator
