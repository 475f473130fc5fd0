"""Tokens, browser links, credits."""

from __future__ import annotations

import re

from fastapi import Request

from ipynemo.backend.routes._common import Caller, ServerPart, errors, iso, router
from ipynemo.backend.schemas import (
    ClaimAnswer,
    ClaimData,
    ClaimOrder,
    CreditsAnswer,
    CreditsData,
    TokenAnswer,
    TokenData,
)
from ipynemo.errors import InvalidRequestError, PermissionDeniedError, SessionNotFoundError

__all__ = ["open_routes", "routes"]

# A UUID by rights; other people's clients have ids of their own.
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{7,127}")
CLAIM_S = 600

open_routes = router("accounts", open_to_all=True)
routes = router("accounts")

CLIENT_ID_HEADER = {
    "name": "X-Client-Id",
    "in": "header",
    "required": True,
    "description": "A UUID that the client made and keeps.",
    "schema": {"type": "string", "pattern": f"^{CLIENT_ID.pattern}$"},
}


@open_routes.post(
    "/api/auth/anonymous-token",
    responses=errors(403, 429, open_to_all=True),
    openapi_extra={"parameters": [CLIENT_ID_HEADER]},
)
async def anonymous_token(request: Request, server: ServerPart) -> TokenAnswer:
    """Give a client the token of its anonymous user: the same one for seven days."""
    client_id = request.headers.get("x-client-id", "").strip()
    if not CLIENT_ID.fullmatch(client_id):
        raise InvalidRequestError(
            "X-Client-Id is missing, or not 8 to 128 letters, digits and . _ : -",
            hint="Make a UUID, keep it, and send it.",
        )
    if not server.config.anonymous:
        raise PermissionDeniedError(
            "This backend gives out no anonymous tokens.", hint="Set NEMO_TOKEN, or start it with --anonymous."
        )
    issued = await server.store.users.anonymous_token(client_id)
    return TokenAnswer(
        data=TokenData(
            token=issued.token, user_id=issued.user_id, expires_at=iso(issued.expires_at), credits=issued.credits
        )
    )


@routes.post("/api/auth/claim-token", responses=errors(404))
async def claim_token(order: ClaimOrder, server: ServerPart, caller: Caller) -> ClaimAnswer:
    """Give a token that a browser may open a session with, instead of the user's own."""
    session = await server.store.sessions.get(order.session_id, caller.user_id)
    if session.task_id != order.task_id:
        raise SessionNotFoundError("There is no such task in this session.", code=1002)
    claim = server.links.claim_token(caller.user_id, session.id, CLAIM_S)
    return ClaimAnswer(data=ClaimData(claim_token=claim, expires_in=CLAIM_S))


@routes.get("/api/credits/balance/simple", responses=errors())
async def balance(server: ServerPart, caller: Caller) -> CreditsAnswer:
    """Tell the credits."""
    purse = await server.store.users.balance(caller.user_id)
    return CreditsAnswer(data=CreditsData(available=purse.available, frozen=purse.frozen, total=purse.total))
