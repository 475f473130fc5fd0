"""What a draft looks like at one moment. The cloud has no such call."""

from __future__ import annotations

import base64

from ipynemo.backend.routes._common import Caller, ServerPart, SessionId, errors, router
from ipynemo.backend.schemas import PreviewAnswer, PreviewData, PreviewOrder
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError

__all__ = ["routes"]

routes = router("exports")


@routes.post("/api/preview/nemo_agent/me/{session_id}", responses=errors(404, 429))
async def preview(session_id: SessionId, order: PreviewOrder, server: ServerPart, caller: Caller) -> PreviewAnswer:
    """Draw one moment of a draft, small: the one sent, else the session's own."""
    await server.store.sessions.get(session_id, caller.user_id)
    if order.draft is None:
        draft, _version = await server.store.drafts.current(session_id)
    else:
        draft = Draft(order.draft)
    if draft.is_empty:
        raise InvalidRequestError(
            "There is nothing to look at yet.", hint="Upload a picture and ask for something first."
        )
    assets = await server.store.assets.of_draft(session_id, draft)
    picture = await server.previews.still(draft, assets, order.at_s, order.height_px)
    return PreviewAnswer(data=PreviewData(jpeg=base64.b64encode(picture).decode(), at_s=order.at_s))
