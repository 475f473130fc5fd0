"""CreditsBadge: the account's credits in words; on the embedded backend nothing is counted, and the badge says so."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets

from ipynemo.client import Credits
from ipynemo.widgets._base import Face
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["CreditsBadge"]


class CreditsBadge(Face):
    """The credits of the session's account, with a button to look again.

    Attributes
    ----------
    credits : Credits or None
        As last read.
    """

    _esm = module("credits.js")
    _css = style("credits.css")

    WORDS: ClassVar[Words] = {
        "en": {
            "local": "Free — runs on this computer",
            "credits": "{available} of {total} credits",
            "frozen": "{frozen} reserved for work in progress",
            "unknown": "Credits not read yet",
            "refresh": "Look at the credits again",
            "name": "Credits",
        },
        "zh": {
            "local": "免费 — 在本机运行",
            "credits": "积分：{available} / {total}",
            "frozen": "{frozen} 积分已为进行中的任务预留",
            "unknown": "尚未读取积分",
            "refresh": "重新查询积分",
            "name": "积分",
        },
    }

    credits = traitlets.Instance(Credits, allow_none=True).tag(outgoing=True)
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, session: Any = None, **traits: Any) -> None:
        super().__init__(session, **traits)
        self._show()

    def _attached(self) -> None:
        if self.session is not None and not self._is_free:
            self.refresh()

    def refresh(self) -> None:
        """Read the credits anew."""
        if self.session is not None:
            self._start(self._read, what="credits")

    async def _read(self) -> None:
        session = self.session
        if session is not None:
            await self._change(credits=await session.credits())

    @property
    def _is_free(self) -> bool:
        return self.session is not None and self.session.nemo.is_local

    @traitlets.observe("credits", "session", "language")
    def _news(self, _change: Any) -> None:
        self._show()

    def _show(self) -> None:
        if self._is_free:
            text, note = self._say("local"), ""
        elif self.session is None:
            text, note = self._say("no_session"), ""
        elif self.credits is None:
            text, note = self._say("unknown"), ""
        else:
            count = self.credits
            text = self._say("credits", available=f"{count.available:g}", total=f"{count.total:g}")
            note = self._say("frozen", frozen=f"{count.frozen:g}") if count.frozen else ""
        self.view = {"text": text, "note": note, "is_free": self._is_free, "can_refresh": bool(self.session)}
        self._renew_saved()

    def _fallback_text(self) -> str:
        return " · ".join(part for part in (self.view.get("text"), self.view.get("note")) if part)

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        if content.get("kind") == "refresh":
            self.refresh()
