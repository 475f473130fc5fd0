"""What turns cost: put aside before, taken only for a change, refused when there is too little."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ServerProcess, User, turn

ACTING = (str(Path(__file__).with_name("acting_server.py")),)


def balance(user: User) -> tuple[int, int, int]:
    data = user.http.get("/api/credits/balance/simple").json()["data"]
    return data["available"], data["frozen"], data["total"]


@pytest.fixture
def priced(start_server) -> ServerProcess:  # type: ignore[no-untyped-def]
    return start_server("--edit-cost=40", script=ACTING)


def test_an_edit_costs_its_price_and_the_third_of_forty_is_2001(priced: ServerProcess) -> None:
    user = priced.user()
    user.say("one")
    assert balance(user) == (60, 0, 100)
    user.say("two")
    assert balance(user) == (20, 0, 100)
    answer = user.http.post("/run_sse", json=turn(user.session_id, "three"))
    assert answer.json()["code"] == 2001
    assert answer.status_code == 403
    assert "20 are left" in answer.json()["message"]
    assert user.state()["timeline_version"] == 2


def test_a_turn_that_changes_nothing_or_fails_costs_nothing(priced: ServerProcess) -> None:
    user = priced.user()
    for message in ("sleep 0", "boom", "known"):
        user.say(message)
    assert balance(user) == (100, 0, 100)


def test_while_a_turn_runs_its_price_is_frozen(priced: ServerProcess) -> None:
    user = priced.user()
    with user.http.stream("POST", "/run_sse", json=turn(user.session_id, "sleep 1")) as answer:
        assert balance(user) == (60, 40, 100)
        answer.read()
    assert balance(user) == (100, 0, 100)


def test_at_price_nothing_no_credit_is_needed(start_server) -> None:  # type: ignore[no-untyped-def]
    user = start_server("--credits=0", script=ACTING).user()
    user.say("free")
    assert balance(user) == (0, 0, 0)
    assert user.state()["timeline_version"] == 1
