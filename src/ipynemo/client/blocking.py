"""The blocking twins: the same names without `await`, in a script and in a cell.

Each method hands its work to the twin on the background loop and waits (see `ipynemo.loop.run`). A test holds both
faces to the same names and signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from ipynemo.client.batch import DEFAULT_MESSAGE, OnPicture
from ipynemo.client.client import AsyncNemo
from ipynemo.client.exports import OnProgress
from ipynemo.client.preview import Preview
from ipynemo.client.previewing import OnBytes
from ipynemo.client.results import Explanations
from ipynemo.client.session import AsyncSession
from ipynemo.client.streaming import TurnStream
from ipynemo.client.transfer import Progress, Source
from ipynemo.client.values import Asset, Clip, Credits, Render, Reply, SessionInfo, Still
from ipynemo.draft import Draft
from ipynemo.events import Event
from ipynemo.loop import callbacks_here, run
from ipynemo.settings import Timing

__all__ = ["EventStream", "Nemo", "Session"]

P = ParamSpec("P")
T = TypeVar("T")


def _wait(method: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
    return run(method(*args, **callbacks_here(kwargs)))


class EventStream(Iterator[Event]):
    """The events of one turn, one after the other; the twin of `TurnStream`."""

    def __init__(self, stream: TurnStream) -> None:
        self._stream = stream

    @property
    def reply(self) -> Reply | None:
        """What the turn came to, once the stream has ended."""
        return self._stream.reply

    def __next__(self) -> Event:
        try:
            return run(self._stream.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None
        except Exception:
            raise
        except BaseException:
            # An interrupt that came just between two events; whoever caught it may hold this stream for a long time.
            self.close()
            raise

    def close(self) -> None:
        """Close the stream and its connection; the turn on the backend may go on."""
        run(self._stream.aclose())

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Session:
    """A session on the backend; the blocking twin of `AsyncSession`, whose methods say more."""

    def __init__(self, nemo: Nemo, twin: AsyncSession) -> None:
        self.nemo = nemo
        self._twin = twin

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self._twin.session_id

    @property
    def task_id(self) -> str | None:
        """The task's id, where it is known."""
        return self._twin.task_id

    @property
    def task_name(self) -> str:
        """What the session is called."""
        return self._twin.task_name

    @property
    def language(self) -> str:
        """The language of the answers."""
        return self._twin.language

    def __repr__(self) -> str:
        return repr(self._twin).replace("<AsyncSession", "<Session", 1)

    def upload(self, *sources: Source | Iterable[Source], on_progress: Progress | None = None) -> list[Asset]:
        """Upload pictures, videos and sounds, by path or by address."""
        return _wait(self._twin.upload, *sources, on_progress=on_progress)

    def stream(self, text: str) -> EventStream:
        """Send a message and iterate over what comes, as values of `ipynemo.events`."""
        return EventStream(self._twin.stream(text))

    def chat(self, text: str, *, on_event: Callable[[Event], object] | None = None, as_is: bool = False) -> Reply:
        """Send a message and wait for all that comes of it."""
        return _wait(self._twin.chat, text, on_event=on_event, as_is=as_is)

    def state(self) -> dict[str, Any]:
        """Return the session's state."""
        return _wait(self._twin.state)

    def draft(self) -> Draft:
        """Return the draft as it is now."""
        return _wait(self._twin.draft)

    def save(self, draft: Draft) -> Draft:
        """Put an edited draft in place of the session's."""
        return _wait(self._twin.save, draft)

    def credits(self) -> Credits:
        """Return the account's credits."""
        return _wait(self._twin.credits)

    def still(self, at_s: float = 0.0, *, draft: Draft | None = None, height_px: int = 360) -> Still:
        """Return what a draft looks like at a moment."""
        return _wait(self._twin.still, at_s, draft=draft, height_px=height_px)

    def preview(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        path: Source | None = None,
        *,
        draft: Draft | None = None,
        height_px: int = 360,
        on_progress: OnProgress | None = None,
        on_bytes: OnBytes | None = None,
    ) -> Preview:
        """Return a range of a draft as a small film, made faster than it plays."""
        options: dict[str, Any] = {"draft": draft, "height_px": height_px, "on_bytes": on_bytes}
        return _wait(self._twin.preview, start_s, end_s, path, on_progress=on_progress, **options)

    def export(
        self,
        path: Source | None = None,
        *,
        draft: Draft | None = None,
        quality: str = "high",
        captions: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Clip:
        """Render the draft and fetch the video."""
        options: dict[str, Any] = {"draft": draft, "quality": quality, "captions": captions}
        return _wait(self._twin.export, path, on_progress=on_progress, **options)

    def submit(self, draft: Draft | None = None, *, path: Source | None = None, quality: str = "high") -> Render:
        """Order a render and return at once."""
        return _wait(self._twin.submit, draft, path=path, quality=quality)

    def renders(self) -> list[Render]:
        """Return the renders that this computer has ordered in this session."""
        return _wait(self._twin.renders)

    def unfinished(self) -> Render | None:
        """Return the newest render that nobody has waited for."""
        return _wait(self._twin.unfinished)

    def render(self, render_id: str) -> Render:
        """Return a render as it is now."""
        return _wait(self._twin.render, render_id)

    def resume(
        self,
        render: Render | str,
        path: Source | None = None,
        *,
        captions: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Clip:
        """Wait for a render that was ordered before, and fetch the video."""
        return _wait(self._twin.resume, render, path, captions=captions, on_progress=on_progress)

    def cancel(self, render: Render | str) -> Render:
        """Cancel a render."""
        return _wait(self._twin.cancel, render)

    def browser_link(self) -> str:
        """Return a link that opens this session in the vendor's web editor."""
        return _wait(self._twin.browser_link)


class Nemo:
    """A client of the backend; the blocking twin of `AsyncNemo`, which says more.

    Examples
    --------
    >>> with Nemo() as nemo:  # doctest: +SKIP
    ...     session = nemo.create_session("What is an AI image?")
    ...     session.upload("robot.png")
    ...     session.chat("explain what an AI image is and how it was created")
    ...     session.export("explained.mp4")
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
        self._twin = AsyncNemo(backend, token=token, language=language, timing=timing, data=data, **options)

    @property
    def language(self) -> str:
        """The user's language, for new sessions."""
        return self._twin.language

    @property
    def timing(self) -> Timing:
        """Every wait."""
        return self._twin.timing

    @property
    def is_local(self) -> bool:
        """Whether the backend is the embedded one."""
        return self._twin.is_local

    @property
    def where(self) -> str:
        """Where pictures go, in words."""
        return self._twin.where

    def __repr__(self) -> str:
        return f"<Nemo {self.where}>"

    def __enter__(self) -> Nemo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and stop the embedded backend where this client started it."""
        _wait(self._twin.aclose)

    def create_session(self, task_name: str = "project", *, language: str | None = None) -> Session:
        """Open a new session."""
        return Session(self, _wait(self._twin.create_session, task_name, language=language))

    def session(self, session_id: str, *, task_id: str | None = None, language: str | None = None) -> Session:
        """Re-attach to a session, without a call."""
        return Session(self, self._twin.session(session_id, task_id=task_id, language=language))

    def sessions(self) -> list[SessionInfo]:
        """Return the sessions that this computer has used on this backend."""
        return _wait(self._twin.sessions)

    def credits(self) -> Credits:
        """Return the account's credits."""
        return _wait(self._twin.credits)

    def explain_many(
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
        """Make a clip of each picture; one that fails does not stop the others."""
        options: dict[str, Any] = {"concurrency": concurrency, "folder": folder, "quality": quality, "resume": resume}
        options["captions"] = captions
        return _wait(self._twin.explain_many, paths, message, on_picture=on_picture, **options)
