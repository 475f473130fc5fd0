"""What stays of a widget when there is no kernel: a second output beside the living one.

A saved notebook is read by pages that cannot run a widget: a reopened JupyterLab says "model not found" and shows none
of the other forms of that output. So a widget displays two outputs: itself, and a small piece of HTML that the page
hides as long as the widget lives, and that is renewed when the widget has news worth keeping. The rules that hide one
or the other are plain CSS in the second output, so that no script is needed; where styles are stripped, the living one
is absent too.
"""

from __future__ import annotations

import contextvars
import html
import uuid
from typing import Any, Final

__all__ = ["MAX_SAVED_BYTES", "Saved", "escaped", "in_kernel", "publish"]

MAX_SAVED_BYTES: Final = 400_000  # of one widget's saved HTML; a notebook must stay small

# No widget lives here: JupyterLab's complaint is hidden. It lives: the saved form is hidden, with its gap.
_RULES: Final = (
    ".jp-OutputArea-child:has(+ .jp-OutputArea-child .nemo-saved-{id})"
    "> .jp-OutputArea-output.lm-Panel:not(:has(*)){{display:none}}"
    "body:has(.nemo-live-{id}) .nemo-saved-{id}{{display:none}}"
    ".jp-OutputArea-child:has(.nemo-live-{id}) + .jp-OutputArea-child:has(.nemo-saved-{id}){{display:none}}"
)


def escaped(text: str) -> str:
    """Return text for a page; half characters, which a file's name may hold, cannot be sent to one."""
    return html.escape(text.encode("utf-8", "replace").decode(), quote=True)


def in_kernel() -> bool:
    """Return whether outputs go to a page: there is an IPython, and it is a kernel's."""
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def publish(bundle: dict[str, Any], *, display_id: str | None = None, update: bool = False) -> None:
    """Show a bundle in the cell that runs, or in place of what has been shown under the same id."""
    from IPython.core.display_functions import publish_display_data

    transient = {"display_id": display_id} if display_id else None
    publish_display_data(  # type: ignore[no-untyped-call]
        data=bundle, metadata={}, transient=transient, update=update
    )


class Saved:
    """The second output of one widget."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.limit_bytes = MAX_SAVED_BYTES
        self._displays: list[str] = []
        self._shown: tuple[str, str] | None = None

    @property
    def live_class(self) -> str:
        """The class of the living widget's element."""
        return f"nemo-live-{self.id}"

    @property
    def is_shown(self) -> bool:
        """Whether there is a second output yet."""
        return bool(self._displays)

    def html(self, body: str) -> str:
        """Return the whole saved form around a body that is escaped already."""
        rules = _RULES.format(id=self.id)
        return f'<style>{rules}</style><div class="nemo-saved nemo-saved-{self.id}" dir="auto">{body}</div>'

    def display(self, body: str, text: str) -> None:
        """Add the second output to the cell that runs."""
        display_id = f"{self.id}-{len(self._displays)}"
        self._displays.append(display_id)
        self._shown = (body, text)
        publish(self._bundle(body, text), display_id=display_id)

    def renew(self, body: str, text: str) -> None:
        """Replace what the second output shows, wherever it is; nothing is sent when nothing has changed."""
        if self._shown == (body, text):
            return
        self._shown = (body, text)
        for display_id in self._displays:
            # In a context of its own: the news belongs to the cell that runs now, not to the one that began the work,
            # since a notebook that runs without a page hears of the cell that runs only.
            contextvars.Context().run(publish, self._bundle(body, text), display_id=display_id, update=True)

    def _bundle(self, body: str, text: str) -> dict[str, Any]:
        if len(body) > self.limit_bytes:
            body = f'<pre style="white-space:pre-wrap">{escaped(text[:20_000])}</pre>'
        return {"text/html": self.html(body), "text/plain": text}
