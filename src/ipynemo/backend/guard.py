"""What stands before every route: who is it, and how much do they send.

Nothing of a body is read for a stranger. A body that is not an upload is read here, up to its limit, and handed on; an
upload goes through, as it is written to disk while it comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ipynemo.backend.envelope import error_answer, of_error
from ipynemo.backend.store import Store
from ipynemo.backend.strict import MAX_JSON_BYTES
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import AuthenticationError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["IDENTITY", "Guard"]

IDENTITY = "ipynemo_identity"  # the key in the scope's state
MAX_TOKEN_LENGTH = 512
OPEN = {"/health", "/api/auth/anonymous-token"}
OPEN_BELOW = "/api/files/"
UPLOADS_BELOW = "/api/upload-video/"
DRAIN_BYTES = 64 << 20
DRAIN_STRANGER_BYTES = 4 << 20
DRAIN_S = 10.0
BODY_IDLE_S = 60.0


class _Exchange:
    """One request and its answer.

    Before a refusal is sent, the rest of the body is read for a while: a client that is cut off while it still sends
    often never sees the answer.
    """

    def __init__(self, receive: Receive, send: Send, *, has_body: bool) -> None:
        self._receive = receive
        self._send = send
        self._complete = not has_body
        self.drain_bytes = DRAIN_BYTES

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            self._complete = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            await self._drain()
        await self._send(message)

    async def _drain(self) -> None:
        left = self.drain_bytes
        try:
            async with asyncio.timeout(DRAIN_S):
                while left > 0 and not self._complete:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            return


def _bearer(headers: dict[bytes, bytes]) -> str | None:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= MAX_TOKEN_LENGTH else None


class Guard:
    """Middleware that demands the token and bounds the body.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    store : Store
        Knows the users.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        path = scope["path"]
        has_body = b"content-length" in headers or b"transfer-encoding" in headers
        exchange = _Exchange(receive, send, has_body=has_body)
        if path not in OPEN and not path.startswith(OPEN_BELOW):
            token = _bearer(headers)
            try:
                identity = await self._store.users.who(token) if token else None
            except UnavailableError as outage:
                await of_error(outage)(scope, exchange.receive, exchange.send)
                return
            if identity is None:
                error = AuthenticationError(
                    "The token is wrong or has expired." if token else "The token is missing.",
                    hint="Send it as “Authorization: Bearer …”.",
                )
                exchange.drain_bytes = DRAIN_STRANGER_BYTES
                await of_error(error)(scope, exchange.receive, exchange.send)
                return
            scope.setdefault("state", {})[IDENTITY] = identity
        multipart = headers.get(b"content-type", b"").lower().startswith(b"multipart/")
        if path.startswith(UPLOADS_BELOW) and multipart:
            await self._app(scope, exchange.receive, exchange.send)
        elif has_body:
            await self._with_body(scope, headers, exchange.receive, exchange.send)
        else:
            await self._app(scope, receive, send)

    async def _with_body(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        declared = headers.get(b"content-length", b"0")
        too_large = declared.isdigit() and int(declared[:18]) > MAX_JSON_BYTES
        parts: list[bytes] = []
        size = 0
        try:
            while not too_large:
                async with asyncio.timeout(BODY_IDLE_S):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    return
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                too_large = size > MAX_JSON_BYTES
                if not message.get("more_body"):
                    break
        except TimeoutError:
            await error_answer(408, 408, "The rest of the request did not come.")(scope, receive, send)
            return
        if too_large:
            text = f"The body is larger than {MAX_JSON_BYTES >> 20} MiB."
            await error_answer(413, 413, text)(scope, receive, send)
            return
        body: bytes | None = b"".join(parts)
        parts.clear()

        async def replay() -> Message:
            nonlocal body
            if body is None:
                return await receive()
            message: Message = {"type": "http.request", "body": body, "more_body": False}
            body = None
            return message

        await self._app(scope, replay, send)
