"""A draft at one moment, drawn small by the embedded backend: what it will look like, before it is exported."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

from ipynemo.client.values import Still
from ipynemo.client.wire import Wire, data_of
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, ProtocolError

__all__ = ["still_of"]

SMALLEST_PX, LARGEST_PX = 64, 1080


async def still_of(
    wire: Wire, session_id: str, at_s: float, draft: Draft | None, height_px: int, *, is_local: bool
) -> Still:
    """Ask for a moment; see `AsyncSession.still`."""
    if not is_local:
        raise InvalidRequestError(
            "The cloud draws no previews.", hint="Export the draft to see it.", session_id=session_id
        )
    if isinstance(at_s, bool) or not isinstance(at_s, (int, float)) or not 0 <= at_s <= 1e6:
        raise InvalidRequestError(f"at_s is a time in seconds, 0 or more, not {at_s!r}.")
    if isinstance(height_px, bool) or not isinstance(height_px, int) or not SMALLEST_PX <= height_px <= LARGEST_PX:
        raise InvalidRequestError(f"height_px is {SMALLEST_PX}–{LARGEST_PX}, not {height_px!r}.")
    doing = "draw a preview"
    order: dict[str, Any] = {"at_s": float(at_s), "height_px": height_px}
    if draft is not None:
        order["draft"] = draft.raw
    path = f"/api/preview/nemo_agent/me/{quote(session_id, safe='')}"
    answer = await wire.call("POST", path, json=order, doing=doing, session_id=session_id)
    told = data_of(answer, doing=doing, session_id=session_id).get("jpeg")
    try:
        picture = base64.b64decode(told if isinstance(told, str) else "", validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    if not picture.startswith(b"\xff\xd8"):
        raise ProtocolError("The backend's preview is no JPEG.", session_id=session_id)
    return Still(float(at_s), picture)
