"""CreditsBadge: credits in words where they count, and that nothing costs on this computer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from widget_kit import say, session, until

from ipynemo import AsyncNemo, AsyncSession, Credits
from ipynemo.errors import ConnectionFailedError
from ipynemo.widgets import CreditsBadge


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncSession:
    """A session of a backend elsewhere, with 100 credits of which 80 and then 30 are left."""
    answers = iter([Credits(80.0, 0.0, 100.0), Credits(30.5, 20.0, 100.0)])
    remote = AsyncNemo("https://example.org", token="nmv_usr_secret", data=tmp_path).session("ses_1", language="en")

    async def read() -> Credits:
        await asyncio.sleep(0)
        return next(answers)

    monkeypatch.setattr(remote, "credits", read)
    return remote


def test_on_this_computer_nothing_costs(tmp_path: Path) -> None:
    badge = CreditsBadge(session(tmp_path))
    assert badge.view["text"] == "Free — runs on this computer"
    assert badge.view["is_free"] is True
    badge.language = "zh"
    assert badge.view["text"] == "免费 — 在本机运行"


def test_without_a_session_it_says_so() -> None:
    badge = CreditsBadge(language="en")
    assert badge.view == {"text": "No session yet.", "note": "", "is_free": False, "can_refresh": False}


def test_credits_are_read_at_once_and_again_when_asked(cloud: AsyncSession) -> None:
    badge = CreditsBadge(cloud)
    until(lambda: badge.credits == Credits(80.0, 0.0, 100.0))
    until(lambda: badge.view["text"] == "80 of 100 credits")
    say(badge, kind="refresh")
    until(lambda: badge.credits == Credits(30.5, 20.0, 100.0))
    until(lambda: badge.view["text"] == "30.5 of 100 credits")
    assert badge.view["note"] == "20 reserved for work in progress"
    assert repr(badge) == "<CreditsBadge: 30.5 of 100 credits · 20 reserved for work in progress>"
    assert "nmv_usr_secret" not in str(badge.get_state()) + str(badge._repr_mimebundle_())


def test_a_backend_that_is_away_is_an_error_with_a_button(cloud: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Credits:
        raise ConnectionFailedError("example.org did not answer.")

    monkeypatch.setattr(cloud, "credits", away)
    badge = CreditsBadge(cloud, language="en")
    until(lambda: badge.error is not None)
    assert badge.error is not None
    assert (badge.error["message"], badge.error["action"]) == ("The backend cannot be reached.", "retry")
    assert badge.view["text"] == "Credits not read yet"
