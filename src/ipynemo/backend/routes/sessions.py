"""Sessions and their state."""

from __future__ import annotations

import math
from typing import Any

from fastapi import Request

from ipynemo.backend.routes._common import Caller, ServerPart, SessionId, errors, file_data, iso, router
from ipynemo.backend.schemas import (
    DraftAnswer,
    DraftData,
    DraftOrder,
    MessageData,
    NewSession,
    SessionAnswer,
    SessionData,
    State,
    StateAnswer,
    StateData,
)
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError

__all__ = ["routes"]

routes = router("sessions")

MAX_DRAFT_CHARS = 4 << 20  # as JSON, all ASCII


@routes.post("/api/tasks/me/with-session/nemo_agent", responses=errors())
async def create_session(order: NewSession, server: ServerPart, caller: Caller) -> SessionAnswer:
    """Begin a session."""
    session = await server.store.sessions.create(caller.user_id, order.task_name.strip(), order.language)
    return SessionAnswer(
        data=SessionData(
            task_id=session.task_id,
            session_id=session.id,
            user_id=caller.user_id,
            expires_at=iso(session.expires_at),
        )
    )


@routes.get("/api/state/nemo_agent/me/{session_id}/latest", responses=errors(404))
async def state(session_id: SessionId, request: Request, server: ServerPart, caller: Caller) -> StateAnswer:
    """Tell where a session stands: its draft, its files, and what was said last."""
    session = await server.store.sessions.get(session_id, caller.user_id)
    draft, version = await server.store.drafts.current(session_id)
    assets = await server.store.assets.of_session(session_id)
    said = await server.store.sessions.said(session_id)
    return StateAnswer(
        data=StateData(
            state=State(
                draft=draft.raw,
                video_infos=[file_data(server, request, asset) for asset in assets],
                canvas_config=_canvas(draft),
                generated_media=[],
                video_analyses=[],
                messages=[MessageData(role="user" if role == "user" else "model", text=text) for role, text in said],
                timeline_version=version,
            ),
            session_id=session.id,
            task_name=session.task_name,
            language=session.language,
        )
    )


@routes.put("/api/state/nemo_agent/me/{session_id}/draft", responses=errors(404, 429))
async def save_draft(session_id: SessionId, order: DraftOrder, server: ServerPart, caller: Caller) -> DraftAnswer:
    """Put an edited draft in place of the session's; undo leads back. The cloud has no such call."""
    session = await server.store.sessions.get(session_id, caller.user_id, touch=True)
    draft = Draft(order.draft)
    if len(draft.to_json()) > MAX_DRAFT_CHARS:  # undo keeps many of them
        raise InvalidRequestError(f"The draft is larger than {MAX_DRAFT_CHARS >> 20} MiB.", hint="Make it simpler.")
    version = await server.turns.save(session, draft)
    return DraftAnswer(data=DraftData(draft=draft.raw, timeline_version=version))


def _canvas(draft: Draft) -> dict[str, Any]:
    width, height = draft.width_px or 1920, draft.height_px or 1080
    factor = math.gcd(width, height) or 1
    return {"width": width, "height": height, "ratio": f"{width // factor}:{height // factor}"}
