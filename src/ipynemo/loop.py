"""The one background loop that owns every connection and every task.

A notebook cell can run on the kernel's main thread or on a subshell's, with a loop of its own each time; a script has
no loop at all. So one daemon thread with one loop does the work, and whoever calls waits for it in the way that fits:

- `bridge` awaits from any loop; cancelling the caller cancels the work.
- `run` blocks. Inside a running loop (a notebook cell) it keeps that loop turning meanwhile, by nest-asyncio2, which is
  applied at the first such call and never on import; an interrupt cancels the work, and nothing else that the loop
  turns.

Where there are no threads (JupyterLite) the running loop is the loop.

Whoever stops waiting gets control back when the work has cleaned up behind itself: closed its connection, removed its
temporary file. A forked child has a loop of its own.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import logging
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from ipynemo import interrupt
from ipynemo.errors import InvalidRequestError
from ipynemo.settings import has_threads

__all__ = [
    "background",
    "bridge",
    "bridged",
    "callbacks_here",
    "close_at_exit",
    "here",
    "off_loop",
    "on_our_loop",
    "run",
]

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

SHUTDOWN_S = 3.0  # what the interpreter waits at exit for connections to be closed
SETTLE_S = 1.0  # what whoever stops waiting gives the work to clean up behind itself


class _Closable(Protocol):
    async def aclose(self) -> None:
        """Close the connections."""


_open: weakref.WeakSet[_Closable] = weakref.WeakSet()


def close_at_exit(what: _Closable) -> None:
    """Close something on the background loop when the interpreter ends, if it is still there then."""
    _open.add(what)


class _Background:
    """The thread and its loop."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.ending = False
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, name="ipynemo", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        while True:
            try:
                self.loop.run_forever()
            except BaseException:  # `sys.exit()` in somebody's callback; others still wait for this loop
                log.info("Something tried to end ipynemo's thread.", exc_info=True)
            else:
                return

    def close(self) -> None:
        """Cancel what still runs, let it clean up, stop the loop."""
        if self.pid != os.getpid() or self.loop.is_closed():
            return  # a forked child has the object but not the thread
        self.ending = True

        async def wind_up() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(each.aclose() for each in list(_open)), return_exceptions=True)
            await self.loop.shutdown_asyncgens()

        try:
            asyncio.run_coroutine_threadsafe(wind_up(), self.loop).result(SHUTDOWN_S)
        except TimeoutError:
            log.warning("Some work did not stop within %s s at exit.", SHUTDOWN_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SHUTDOWN_S)
        if not self.thread.is_alive():
            self.loop.close()


_lock = threading.Lock()
_background: _Background | None = None
_of_parents: list[_Background] = []  # kept, because a loop that is collected closes what the parent still uses


def background() -> asyncio.AbstractEventLoop:
    """Return the background loop, started at the first call, and anew in a forked child."""
    global _background  # noqa: PLW0603 - one loop a process is the point of this module
    with _lock:
        if _background is None:
            _background = _Background()
            atexit.register(_background.close)
        return _background.loop


def _begin_anew() -> None:
    """In a forked child: the parent's thread is not here, and its lock may have been held at that moment."""
    global _background, _lock
    if _background is not None:
        _of_parents.append(_background)
    _background, _lock = None, threading.Lock()
    _open.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_begin_anew)


class _Handed(Generic[T]):
    """Work in the hands of the background loop."""

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self.future: Future[T] = asyncio.run_coroutine_threadsafe(self._run(work), loop)

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        self._task = asyncio.current_task()
        return await work

    def cancel(self) -> Future[None] | None:
        """Cancel the work; return what ends when it has cleaned up, None where it had ended already."""
        if not self.future.cancel() or self._loop.is_closed():
            return None
        return asyncio.run_coroutine_threadsafe(self._settled(), self._loop)

    async def _settled(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=SETTLE_S)


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def bridge(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` on the background loop, from whichever loop this is.

    Cancelling the caller cancels the work.
    """
    if not has_threads():
        return await work
    ours = background()
    if asyncio.get_running_loop() is ours:
        return await work
    handed = _Handed(work, ours)
    try:
        with interrupt.awake():
            return await asyncio.wrap_future(handed.future)
    except asyncio.CancelledError:
        if settled := handed.cancel():
            await asyncio.wrap_future(settled)
        raise


def here(callback: Callable[..., object]) -> Callable[..., None]:
    """Return a function that calls `callback` where the caller is now: on its loop, in its context.

    So a progress bar is drawn in the cell that asked for it, and slow callbacks do not hold up the transfer. Without a
    running loop the callback is called on the background thread. What it raises is logged and stops nothing.
    """
    loop = _running()
    context = contextvars.copy_context()
    interrupted = False

    def call(*args: object) -> None:
        nonlocal interrupted
        if interrupted:
            return  # what was on its way to it
        try:
            callback(*args)
        except Exception:
            log.exception("A callback failed; the work goes on.")
        except BaseException:
            interrupted = True
            raise

    def deliver(*args: object) -> None:
        if loop is None or loop.is_closed():
            context.copy().run(call, *args)
        else:
            loop.call_soon_threadsafe(call, *args, context=context)

    return deliver


def callbacks_here(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments with those named `on_…` to be called where the caller is."""
    return {
        name: here(value) if name.startswith("on_") and callable(value) else value for name, value in kwargs.items()
    }


def bridged(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make a coroutine method run on the background loop; keyword arguments `on_…` are called where the caller is."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if has_threads() and asyncio.get_running_loop() is not background():
            kwargs = callbacks_here(kwargs)  # type: ignore[assignment]  # the same names and types
        return await bridge(method(*args, **kwargs))

    return call


def on_our_loop() -> bool:
    """Return whether this runs on the loop that carries the work, so that it must not wait for any of it."""
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        return False
    return not has_threads() or (_background is not None and here is _background.loop)


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call something that waits for a disk on a thread of its own; directly where there are no threads."""
    if not has_threads():
        return work(*args, **kwargs)
    call = functools.partial(contextvars.copy_context().run, work, *args, **kwargs)
    try:
        helper = asyncio.get_running_loop().run_in_executor(None, call)
    except RuntimeError:  # the interpreter is ending and gives no more threads; we are cleaning up
        return call()
    return await helper


def run(work: Coroutine[Any, Any, T]) -> T:
    """Block until `work` is done on the background loop, and return its result.

    Raises
    ------
    InvalidRequestError
        It was called from the background thread itself, where blocking would wait for itself, or inside a loop that
        cannot be kept turning.
    """
    if not has_threads():
        work.close()
        raise InvalidRequestError(
            "Blocking calls need threads, which this Python has not.",
            hint="Use ipynemo.AsyncNemo and `await` instead.",
        )
    ours = background()
    loop = _running()
    if loop is ours:
        work.close()
        raise InvalidRequestError(
            "A blocking call was made from ipynemo's own thread, where it would wait for itself.",
            hint="Use ipynemo.AsyncNemo and `await` here.",
        )
    if loop is not None:
        _let_nest(loop, work)
    handed = _Handed(work, ours)
    try:
        if loop is None:
            return handed.future.result()
        waiting = asyncio.wrap_future(handed.future, loop=loop)
        with interrupt.ends(waiting, loop):
            return loop.run_until_complete(waiting)
    except BaseException:
        if _background is not None and _background.ending and threading.current_thread().daemon:
            threading.Event().wait()  # the interpreter ends, and this thread with it; nobody is left to be told
        if settled := handed.cancel():
            wait([settled], 2 * SETTLE_S)
        raise


def _let_nest(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> None:
    """Make a running loop one that can be kept turning."""
    import nest_asyncio2

    try:
        nest_asyncio2.apply(loop)
    except ValueError as error:
        work.close()
        raise InvalidRequestError(
            f"A blocking call cannot wait inside this event loop ({type(loop).__module__}.{type(loop).__name__}).",
            hint="Use ipynemo.AsyncNemo and `await` here, or call from a thread.",
        ) from error
