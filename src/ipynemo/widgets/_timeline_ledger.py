"""What is confirmed, and what is shown meanwhile: edits wait in line until the state has them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from ipynemo.draft import Draft
from ipynemo.draft.pairing import Place, pair

__all__ = ["Ledger"]

VERSIONS_KEPT: Final = 8  # a page's edit may refer to what it was shown a moment ago


class Ledger:
    """The draft of a timeline, with the edits that nobody has confirmed yet.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger.confirm(Draft({"d": 1}))
    >>> ledger.begin(Draft({"d": 2}))
    >>> ledger.shown == Draft({"d": 2}), ledger.pending
    (True, 1)
    >>> ledger.drop()
    >>> ledger.shown == Draft({"d": 1}), ledger.pending
    (True, 0)
    """

    def __init__(self) -> None:
        self.confirmed: Draft | None = None
        self._waiting: list[Draft] = []
        self._versions: OrderedDict[int, Draft | None] = OrderedDict()
        self.version = 0

    @property
    def shown(self) -> Draft | None:
        """The draft with every edit that waits."""
        return self._waiting[-1] if self._waiting else self.confirmed

    @property
    def pending(self) -> int:
        """How many edits wait."""
        return len(self._waiting)

    def begin(self, after: Draft) -> None:
        """Show an edit that is not confirmed."""
        self._waiting.append(after)

    def settle(self, after: Draft, result: Draft) -> bool:
        """Take the state's word for an edit; return false where later edits fell with it.

        They were made on what it was meant to be, so they do not fit what it has become.
        """
        place = next((i for i, one in enumerate(self._waiting) if one is after), None)
        self._waiting = [] if place is None else self._waiting[place + 1 :]
        fell = bool(self._waiting) and result != after
        if fell:
            self._waiting = []
        self.confirmed = result
        return not fell

    def confirm(self, draft: Draft | None) -> None:
        """Take a draft that came from elsewhere."""
        self.confirmed = draft

    def drop(self) -> None:
        """Show the confirmed draft again: an edit failed, and with it those that were made on top of it."""
        self._waiting = []

    def is_waiting(self, after: Draft) -> bool:
        """Return whether an edit still stands."""
        return any(after is one for one in self._waiting)

    def publish(self) -> int:
        """Give what is shown a number of its own."""
        self.version += 1
        self._versions[self.version] = self.shown
        while len(self._versions) > VERSIONS_KEPT:
            self._versions.popitem(last=False)
        return self.version

    def places_now(self, places: tuple[Place, ...], version: int) -> tuple[Place, ...] | None:
        """Return where segments that a page saw in a version stand now; None where one of them is gone."""
        was, now = self._versions.get(version), self.shown
        if was is None or now is None:
            return None
        if was is now or was == now:
            return places
        moved = pair(was, now).segments
        return None if any(place not in moved for place in places) else tuple(moved[place] for place in places)
