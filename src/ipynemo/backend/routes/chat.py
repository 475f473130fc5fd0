"""The chat endpoint: a message in, a stream of events out."""

from __future__ import annotations

from starlette.responses import StreamingResponse

from ipynemo.backend.routes._common import Caller, ServerPart, errors, router
from ipynemo.backend.schemas import MAX_MESSAGE, TurnOrder
from ipynemo.errors import InvalidRequestError, PermissionDeniedError

__all__ = ["routes"]

routes = router("chat")


@routes.post(
    "/run_sse",
    response_class=StreamingResponse,
    responses={
        **errors(403, 404, 429),
        200: {
            "description": "The events of the turn, as ADK sends them; the end of the body is the end of the turn.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def run_sse(order: TurnOrder, server: ServerPart, caller: Caller) -> StreamingResponse:
    """Run a chat turn. A client that goes away does not end it: the state shows what became of it."""
    if order.user_id not in {"me", caller.user_id}:
        raise PermissionDeniedError("The turn is for another user.", hint='Send "me" as user_id.')
    message = "\n".join(part.text for part in order.new_message.parts).strip()
    if len(message) > MAX_MESSAGE:
        raise InvalidRequestError(f"A message has at most {MAX_MESSAGE} characters.")
    session = await server.store.sessions.get(order.session_id, caller.user_id, touch=True)
    turn = await server.turns.begin(session, message)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(turn.frames(), headers=headers, media_type="text/event-stream")
