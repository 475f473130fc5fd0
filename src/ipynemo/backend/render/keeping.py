"""What was made last, kept in this process: the next part of a film often shows the same picture or the same text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Keep", "forget_all"]

Made = TypeVar("Made")

_all: list[Keep[object]] = []


class Keep(Generic[Made]):
    """A few things by key, those that were used last.

    Parameters
    ----------
    most : int
        How many; before another one is made, the oldest goes, so that there are never more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = threading.Lock()
        _all.append(self)  # type: ignore[arg-type] # they are only ever emptied

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, or make it; `make` may run in several threads at once."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
            while len(self._items) >= self._most:
                self._items.popitem(last=False)
        made = make()
        with self._lock:
            self._items[key] = made
            while len(self._items) > self._most:
                self._items.popitem(last=False)
        return made

    def has(self, key: Hashable) -> bool:
        """Return whether something is kept under a key."""
        with self._lock:
            return key in self._items

    def drop(self, key: Hashable) -> None:
        """Let go of one thing."""
        with self._lock:
            self._items.pop(key, None)

    def forget(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._items.clear()


def forget_all() -> None:
    """Let go of all that is kept anywhere; whoever uses some of it still has it."""
    for keep in _all:
        keep.forget()
