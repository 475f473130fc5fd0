"""What turns cost: put aside before, taken only for a change, refused when there is too little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import ServerProcess, User, start, turn

ACTING = (str(Path(__file__).with_name("acting_server.py")),)


def balance(user: User) -> tuple[int, int, int]:
    data = user.http.get("/api/credits/balance/simple").json()["data"]
    return data["available"], data["frozen"], data["total"]


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = start(tmp_path_factory.mktemp("priced") / "data", "--edit-cost=40", "--anonymous=1", script=ACTING)
    yield server
    server.end()


def test_an_edit_costs_its_price_and_the_third_of_forty_is_2001(priced: ServerProcess) -> None:
    user = priced.stranger()
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
    user = priced.stranger()
    for message in ("sleep 0", "boom", "known"):
        user.say(message)
    assert balance(user) == (100, 0, 100)


def test_while_a_turn_runs_its_price_is_frozen(priced: ServerProcess) -> None:
    user = priced.stranger()
    with user.http.stream("POST", "/run_sse", json=turn(user.session_id, "sleep 1")) as answer:
        assert balance(user) == (60, 40, 100)
        answer.read()
    assert balance(user) == (100, 0, 100)


def test_at_price_nothing_no_credit_is_needed(start_server) -> None:  # type: ignore[no-untyped-def]
    user = start_server("--credits=0", script=ACTING).user()
    user.say("free")
    assert balance(user) == (0, 0, 0)
    assert user.state()["timeline_version"] == 1
