"""Where a studio's sessions come from: the client that the notebook's studios share, and earlier work to go on with."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from typing import Final

from ipynemo.client import AsyncNemo, AsyncSession, Nemo, SessionInfo
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.widgets._rendering import running, unfinished

__all__ = ["Earlier", "client_of", "earlier_work"]

log = logging.getLogger(__name__)

LOOKED_AT: Final = 12  # sessions of the journal; most studios are opened and left as they are
SHOWN: Final = 5

# A cell that runs again must not start another server beside the one that runs: (process, data) -> client.
_embedded: dict[tuple[int, str], AsyncNemo] = {}


@dataclass(frozen=True)
class Earlier:
    """A session with something in it."""

    info: SessionInfo
    draft: Draft
    is_exporting: bool


def client_of(nemo: AsyncNemo | Nemo | str | None, language: str | None) -> AsyncNemo:
    """Return the client to use: the one given, or one of the backend that a name or the environment says.

    Raises
    ------
    InvalidRequestError
        It is neither a client nor the name of a backend.
    """
    if isinstance(nemo, AsyncNemo):
        return nemo
    if isinstance(nemo, Nemo):
        return nemo._twin
    if nemo is not None and not isinstance(nemo, str):
        raise InvalidRequestError(
            f"nemo is a client or the name of a backend, not {type(nemo).__name__}.",
            hint="Pass an ipynemo.AsyncNemo, an ipynemo.Nemo, 'local', 'cloud' or an address.",
        )
    client = AsyncNemo(nemo, language=language)
    if not client.is_local:
        return client
    return _embedded.setdefault((os.getpid(), client._wire.endpoint.key), client)


async def earlier_work(nemo: AsyncNemo, without: AsyncSession) -> list[Earlier]:
    """Return sessions of this computer that have a draft, the last used first."""
    infos = [info for info in await nemo.sessions() if info.session_id != without.session_id][:LOOKED_AT]
    found = await asyncio.gather(*(_look(nemo, info) for info in infos))
    return [one for one in found if one is not None][:SHOWN]


async def _look(nemo: AsyncNemo, info: SessionInfo) -> Earlier | None:
    session = nemo.session(info.session_id, task_id=info.task_id, language=info.language)
    try:
        draft = await session.draft()
        if draft.is_empty:
            return None
        is_exporting = running(session) is not None or await unfinished(session) is not None
        return Earlier(info, draft, is_exporting)
    except NemoError as error:
        log.info("An earlier session could not be looked at: %s", type(error).__name__)
        return None
