"""Face: what every widget shares - a session, two wires, texts in the user's language, errors where they happened.

Values go one way, from Python to the page, as traits; the page answers with messages, never by setting a trait. So a
trait has one owner, whichever thread a message is handled on. Work runs on ipynemo's own loop (`_start`), and what
other code observes is set on a helper thread (`_change`), where an observer may use a blocking session.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar, Final, TypeVar

import anywidget
import traitlets
from ipywidgets import widget_serialization  # type: ignore[import-untyped]

from ipynemo.client import AsyncSession, Session
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.loop import background, off_loop
from ipynemo.settings import has_threads, user_language
from ipynemo.widgets._control import Control, answer_where_sent
from ipynemo.widgets._failures import failure, unexpected
from ipynemo.widgets._saved import Saved, escaped, in_kernel, publish
from ipynemo.widgets._words import COMMON, Words, words_of

__all__ = ["Face"]

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]

WIDGET_MIME: Final = "application/vnd.jupyter.widget-view+json"


class Face(anywidget.AnyWidget):
    """The base of every widget.

    Parameters
    ----------
    session : AsyncSession or Session, optional
        It may also be set later.
    **traits
        The widget's own settings; an unknown name is refused.
    """

    WORDS: ClassVar[Words] = {"en": {}}

    session: AsyncSession | None = traitlets.Any(None, allow_none=True)  # type: ignore[assignment]
    language = traitlets.Unicode("en").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True, outgoing=True)
    error: dict[str, Any] | None = traitlets.Any(None).tag(sync=True, outgoing=True)  # type: ignore[assignment]
    words = traitlets.Dict().tag(sync=True, outgoing=True)
    control = traitlets.Instance(Control).tag(sync=True, outgoing=True, **widget_serialization)

    def __init__(self, session: AsyncSession | Session | None = None, **traits: Any) -> None:
        self._lock = threading.RLock()
        self._saved = Saved()
        self._running = 0
        self._again: tuple[Work[Any], str] | None = None
        _refuse_unknown(type(self), traits)
        session = self._twin_of(session)
        super().__init__(
            language=traits.pop("language", None) or getattr(session, "language", None) or user_language(),
            control=Control(self._take_control),
            **traits,
        )
        self.add_class(self._saved.live_class)
        # Last, when the wire is open: what is read for the session reaches the page.
        self.session = session

    def open(self) -> None:
        """Open the comm."""
        super().open()
        answer_where_sent(self.comm)

    def close(self) -> None:
        """Close both wires; the page removes the view. Work that runs goes on."""
        control = self._trait_values.get("control")
        super().close()
        if control is not None:
            control.close()

    # -- traits -------------------------------------------------------------------------------------------------------

    @traitlets.validate("session")
    def _valid_session(self, proposal: Any) -> AsyncSession | None:
        return self._twin_of(proposal["value"])

    @classmethod
    def _twin_of(cls, session: Any) -> AsyncSession | None:
        if session is None or isinstance(session, AsyncSession):
            return session
        if isinstance(session, Session):
            return session._twin
        raise InvalidRequestError(
            f"{cls.__name__} needs an AsyncSession or a Session, not {type(session).__name__}.",
            hint="Make one with ipynemo.Nemo().create_session().",
        )

    @traitlets.observe("session")
    def _session_changed(self, _change: Any) -> None:
        self._attached()

    @traitlets.default("words")
    def _default_words(self) -> dict[str, str]:
        return self._all_words()

    @traitlets.observe("language")
    def _language_changed(self, _change: Any) -> None:
        self.words = self._all_words()

    def _all_words(self) -> dict[str, str]:
        own = [cls.__dict__["WORDS"] for cls in reversed(type(self).__mro__) if "WORDS" in cls.__dict__]
        return words_of(self.language, COMMON, *own)

    def _say(self, key: str, **values: Any) -> str:
        """Return one of the widget's texts."""
        return str(self.words[key]).format(**values)

    def _attached(self) -> None:
        """Take note of a new session; a widget reads its state anew here."""

    # -- sending ------------------------------------------------------------------------------------------------------

    def send_state(self, key: Any = None) -> None:
        """Send traits to the page; reading and sending are one, so that the page ends with the latest."""
        with self._lock:
            super().send_state(key)

    def _push(self, content: Mapping[str, Any], buffers: Sequence[bytes | memoryview] | None = None) -> None:
        """Send a message to the page, from any thread."""
        with self._lock:
            if self.comm is not None:
                self.send(dict(content), buffers=list(buffers) if buffers else None)

    async def _change(self, **traits: Any) -> None:
        """Set traits that others observe; an observer may block, and what it raises is logged."""

        def change() -> None:
            for name, value in traits.items():
                try:
                    setattr(self, name, value)
                except Exception:
                    log.exception("Whoever observes %s.%s failed.", type(self).__name__, name)

        await off_loop(change)

    # -- work ---------------------------------------------------------------------------------------------------------

    def _start(self, work: Work[T], *, what: str, aside: bool = False) -> Future[T]:
        """Run a coroutine function on ipynemo's loop; errors are shown, `busy` is kept, "Try again" starts it anew.

        Parameters
        ----------
        work : callable
            Without arguments; use `functools.partial`.
        what : str
            In two words, for the log and for errors that nobody foresaw.
        aside : bool
            Whether it runs beside the widget's work: `busy`, the error shown and "Try again" stay as they are.
        """
        if not aside:
            self._again = (work, what)
            self.error = None
            self._count(+1)
        if has_threads():
            future = asyncio.run_coroutine_threadsafe(self._guarded(work, what), background())
        else:
            future = Future()
            task = asyncio.ensure_future(self._guarded(work, what))
            task.add_done_callback(lambda done: _hand_on(done, future))
        if not aside:
            future.add_done_callback(lambda _done: self._count(-1))
        return future

    async def _guarded(self, work: Work[T], what: str) -> T:
        try:
            return await work()
        except NemoError as error:
            log.info("%s: %s failed: %s", type(self).__name__, what, type(error).__name__)
            self._fail(error)
            raise
        except Exception:
            if threading.main_thread().is_alive():  # else the script has ended, and cut its work off
                log.exception("%s: %s failed.", type(self).__name__, what)
                self.error = unexpected(what, self.words)
            raise

    def _count(self, by: int) -> None:
        with self._lock:
            self._running += by
        # Not under the lock, for an observer may block; so two threads may set it in the wrong order, and each looks
        # again at what it has left behind.
        while self.busy != (self._running > 0):
            self.busy = self._running > 0

    def _fail(self, error: NemoError) -> None:
        """Show an error."""
        self.error = failure(error, self.words)

    # -- receiving ----------------------------------------------------------------------------------------------------

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        super()._handle_custom_msg(content, buffers)
        if not isinstance(content, dict):
            return
        if content.get("wire") == "control":  # of a page that has no second one
            self._take_control(content)
        else:
            self._take(content, lambda: self._receive(content, list(buffers or ())))

    def _take_control(self, content: dict[str, Any]) -> None:
        self._take(content, lambda: self._receive_control(content))

    def _take(self, content: dict[str, Any], receive: Callable[[], None]) -> None:
        try:
            if content.get("kind") == "action":
                self._act(str(content.get("action")))
            else:
                receive()
        except NemoError as error:
            self._fail(error)
        except Exception:
            log.exception("%s could not handle a message of the page.", type(self).__name__)
            self.error = unexpected(str(content.get("kind"))[:40], self.words)

    def _receive(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Take a message of the page; `content["kind"]` says which."""

    def _receive_control(self, content: dict[str, Any]) -> None:
        """Take a message on the second wire: stop, cancel."""

    def _act(self, action: str) -> None:
        """Do what an error's button says."""
        if action == "dismiss":
            self.error = None
        elif action == "retry" and self._again is not None:
            work, what = self._again
            self._start(work, what=what)
        elif action == "new_session" and self.session is not None:
            self._start(self._new_session, what="new session")

    async def _new_session(self) -> None:
        old = self.session
        if old is not None:
            session = await old.nemo.create_session(old.task_name or "project", language=old.language)
            await self._change(session=session)

    # -- what stays ---------------------------------------------------------------------------------------------------

    def _fallback_html(self) -> str:
        """Return the body of the saved form: escaped, self-contained, small, no path of this computer, no secret."""
        return f"<p>{escaped(self._fallback_text())}</p>"

    def _fallback_text(self) -> str:
        """Return the widget in plain words."""
        return f"ipynemo {type(self).__name__}"

    def _renew_saved(self) -> None:
        """Renew the saved form; called when there is something worth keeping, not with every step."""
        if self._saved.is_shown:
            self._saved.renew(self._fallback_html(), self._fallback_text())

    def _repr_mimebundle_(self, **_kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = {
            "text/plain": self._fallback_text(),
            "text/html": self._saved.html(self._fallback_html()),
            WIDGET_MIME: self.get_view_spec(),
        }
        return bundle, {}

    def _ipython_display_(self, **_kwargs: Any) -> None:
        if not in_kernel():
            print(self._fallback_text())  # noqa: T201 - a terminal's way to display
            return
        # Pages that know no widgets take the empty HTML; the words are in the second output.
        publish({WIDGET_MIME: self.get_view_spec(), "text/html": "", "text/plain": ""})
        self._saved.display(self._fallback_html(), self._fallback_text())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._fallback_text()}>"


def _hand_on(task: asyncio.Task[T], future: Future[T]) -> None:
    if task.cancelled():
        future.cancel()
        future.set_running_or_notify_cancel()
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())


def _refuse_unknown(cls: type[Face], given: Mapping[str, Any]) -> None:
    """Refuse keywords that the widget has no use for: a typing mistake must not pass in silence."""
    own: set[str] = {"layout"}
    for base in cls.__mro__:
        if issubclass(base, Face):
            own |= {
                name
                for name, trait in vars(base).items()
                if isinstance(trait, traitlets.TraitType)
                and not name.startswith("_")
                and not trait.metadata.get("outgoing")
            }
    for name in given:
        if name not in own:
            near = difflib.get_close_matches(name, own, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise TypeError(f"{cls.__name__} takes no {name}.{meant} It takes {', '.join(sorted(own))}.")
