"""The second wire of a widget: stop, cancel and the like, apart from the data.

A page's message is handled on a subshell, a thread beside the running cell, where the kernel has such (ipykernel 7).
But ipykernel 7.4 sends a message of the page to the shell that last published on the same comm; a comm that was opened
by a cell is then deaf while that cell runs, and one that answered a page that has been closed since is deaf for good.
Our comms take every message where the page sent it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

__all__ = ["Control", "answer_where_sent"]


def _where_sent(_data: Any, default: str | None) -> str | None:
    return default


def answer_where_sent(comm: Any) -> None:
    """Let messages on this comm be handled on the shell that the page sends them to.

    Kernels other than ipykernel 7.4 do so by themselves; there this changes nothing.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _where_sent


class Control(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets has no types
    """A comm without a view; what the page sends on it goes to `receive`."""

    def __init__(self, receive: Callable[[dict[str, Any]], None]) -> None:
        self._receive = receive
        super().__init__()

    def open(self) -> None:
        """Open the comm."""
        super().open()
        answer_where_sent(self.comm)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        if isinstance(content, dict):
            self._receive(content)
        super()._handle_custom_msg(content, buffers)

    def __repr__(self) -> str:
        return "<Control>"
