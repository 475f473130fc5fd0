"""AsyncNemo: the way in - which backend, which token, sessions, credits, whole batches."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Any
from weakref import WeakValueDictionary

from ipynemo.client.batch import DEFAULT_MESSAGE, Batch, OnPicture
from ipynemo.client.endpoint import choose_endpoint
from ipynemo.client.journal import Journal
from ipynemo.client.options import check_options
from ipynemo.client.patience import patiently
from ipynemo.client.results import Explanations
from ipynemo.client.session import AsyncSession
from ipynemo.client.transfer import Source, path_of
from ipynemo.client.values import Credits, SessionInfo
from ipynemo.client.wire import Wire, data_of
from ipynemo.errors import InvalidRequestError, ProtocolError
from ipynemo.loop import bridged, close_at_exit
from ipynemo.settings import DEFAULT_LANGUAGE, Settings, Timing, user_language

__all__ = ["AsyncNemo"]


class AsyncNemo:
    """A client of the backend: the embedded one, the cloud, or an address.

    Parameters
    ----------
    backend : str, optional
        `"local"`, `"cloud"`, or an address. Without it: `NEMO_API_URL`, else the cloud when a token is given or
        `NEMO_TOKEN` is set, else the embedded backend. The cloud is never contacted unless one of these names it.
    token : str, optional
        The user's own token; else `NEMO_TOKEN`, else an anonymous one.
    language : str, optional
        The user's language, for new sessions; else the locale's.
    timing : Timing, optional
        Every wait.
    data : path, optional
        The folder of the embedded backend and of the journal; else `IPYNEMO_DATA_DIR`, else the platform's.
    **options
        Of the embedded backend: `edit_cost`, `credits`, `plan_export`; `scheduler`, the address of a Dask scheduler
        whose workers are to make the clips; and `sign_certificate` with `sign_key`, two files (PEM) with which it
        signs every clip as a C2PA record, else `IPYNEMO_SIGN_CERTIFICATE` and `IPYNEMO_SIGN_KEY`.

    Examples
    --------
    >>> async with AsyncNemo() as nemo:  # doctest: +SKIP
    ...     session = await nemo.create_session("What is an AI image?")
    ...     await session.upload("robot.png")
    ...     reply = await session.chat("explain what an AI image is and how it was created")
    ...     clip = await session.export("explained.mp4")
    """

    def __init__(
        self,
        backend: str | None = None,
        *,
        token: str | None = None,
        language: str | None = None,
        timing: Timing | None = None,
        data: Source | None = None,
        **options: Any,
    ) -> None:
        settings = Settings.from_environ()
        folder = path_of(data).absolute() if data is not None else None
        endpoint = choose_endpoint(backend, token, settings, folder, options)
        if options and not endpoint.is_local:
            raise InvalidRequestError(
                f"{', '.join(sorted(options))}: such options are for the embedded backend only.",
                hint="Leave them out, or use AsyncNemo('local', …).",
            )
        check_options(options)
        self.language = language or user_language() or DEFAULT_LANGUAGE
        self.timing = timing or Timing()
        self._wire = Wire(endpoint, settings, self.timing)
        close_at_exit(self._wire)
        self._journal = Journal(endpoint.key, folder)
        self._exporting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def is_local(self) -> bool:
        """Whether the backend is the embedded one, so that nothing leaves this computer."""
        return self._wire.endpoint.is_local

    @property
    def where(self) -> str:
        """Where pictures go, in words: "Local — nothing leaves this computer" or "Cloud — <host>"."""
        return self._wire.endpoint.where

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.where}>"

    async def __aenter__(self) -> AsyncNemo:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @bridged
    async def aclose(self) -> None:
        """Close the connections, and stop the embedded backend where this client started it."""
        try:
            await self._wire.aclose()
        finally:
            await self._wire.endpoint.aclose()

    def _export_lock(self, session_id: str) -> asyncio.Lock:
        """Return the lock that all who hold this session share: one active export a session."""
        return self._exporting.setdefault(session_id, asyncio.Lock())

    # -- sessions -----------------------------------------------------------------------------------------------------

    @bridged
    async def create_session(self, task_name: str = "project", *, language: str | None = None) -> AsyncSession:
        """Open a new session.

        Parameters
        ----------
        task_name : str
            What it is called in lists.
        language : str, optional
            Of the answers; else the client's.
        """
        language = language or self.language
        doing = "open a session"
        order = {"task_name": task_name, "language": language}
        path = "/api/tasks/me/with-session/nemo_agent"
        answer = await patiently(
            self.timing, lambda: self._wire.call("POST", path, json=order, doing=doing, billed=True)
        )
        data = data_of(answer, doing=doing)
        session_id = data.get("session_id")
        if not isinstance(session_id, str) or not session_id:
            raise ProtocolError("The backend opened a session but names no id.")
        task_id = data.get("task_id")
        task_id = str(task_id) if task_id is not None else None
        await self._journal.note_session(session_id, task_id, task_name, language)
        return AsyncSession(self, session_id, task_id=task_id, task_name=task_name, language=language)

    def session(self, session_id: str, *, task_id: str | None = None, language: str | None = None) -> AsyncSession:
        """Re-attach to a session, without a call."""
        if not isinstance(session_id, str) or not session_id.strip():
            raise InvalidRequestError("There is no session id.", hint="nemo.sessions() lists what this computer used.")
        return AsyncSession(self, session_id, task_id=task_id, language=language)

    @bridged
    async def sessions(self) -> list[SessionInfo]:
        """Return the sessions that this computer has used on this backend, the last used first."""
        return await self._journal.sessions()

    @bridged
    async def credits(self) -> Credits:
        """Return the account's credits."""
        doing = "read the credits"
        data = data_of(await self._wire.call("GET", "/api/credits/balance/simple", doing=doing), doing=doing)

        def amount(name: str) -> float:
            value = data.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ProtocolError(f"The backend's credits hold no number for {name!r}.")
            return value

        return Credits(amount("available"), amount("frozen"), amount("total"))

    # -- whole pictures -----------------------------------------------------------------------------------------------

    @bridged
    async def explain_many(
        self,
        paths: Source | Iterable[Source],
        message: str = DEFAULT_MESSAGE,
        *,
        concurrency: int = 4,
        folder: Source | None = None,
        quality: str = "high",
        resume: bool = False,
        captions: bool = False,
        on_picture: OnPicture | None = None,
    ) -> Explanations:
        """Make a clip of each picture, each in a session of its own; one that fails does not stop the others.

        Parameters
        ----------
        paths : list of str or path, or one of them
            Pictures, by path or by address.
        message : str
            What the agent is asked for each.
        concurrency : int
            How many are at work at once, 1–32.
        folder : path, optional
            Where the clips go; else this folder. It is made where it is missing. A clip is named after its picture
            and never replaces a file.
        quality : {"high", "medium", "low"}
            Full size, 720 or 360 lines: a small one is done several times sooner.
        resume : bool
            Go on where an earlier run with the same message stopped, also after the kernel was restarted: what is done
            is not made again, a draft or a render that is there is used, and nothing is asked, or paid for, twice. A
            picture that was changed since then begins anew.
        captions : bool
            Also write captions and a transcript beside each clip, as `session.export` does.
        on_picture : callable, optional
            Called with `(Explained, done, total)` as each ends.

        Returns
        -------
        Explanations
            A list in the order of the paths: each with its clip, or its error. In a cell it shows the clips side by
            side, then what went wrong with which picture; `to_frame()` is the same as a table.
        """
        options: dict[str, Any] = {"folder": folder, "quality": quality, "resume": resume, "captions": captions}
        batch = Batch(self, message, on_picture=on_picture, **options)
        return await batch.run([paths] if isinstance(paths, (str, os.PathLike)) else list(paths), concurrency)
