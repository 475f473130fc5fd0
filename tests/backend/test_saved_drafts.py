"""A draft that the user edited takes the place of the session's, and may be as odd as JSON allows."""

from __future__ import annotations

import random
from typing import Any

import httpx
from serving import User, title_draft

ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    -5e-324,
    2**62,
    "",
    "x" * 300,
    [],
    {},
    [[]],
    {"a": [1]},
    "\u202e",
    "\U0010ffff",
]
SAYINGS = [
    'add a title "Hello"',
    "make it shorter",
    "trim the first clip to 2 seconds",
    "move the title to the top",
    "set the volume to 30%",
    "change the aspect ratio to 9:16",
    "split the first clip at 1 second",
    "remove the title",
    "add calm music",
    "undo",
    "redo",
    "标题改成 你好",
]


def save(user: User, draft: Any) -> httpx.Response:
    return user.http.put(f"/api/state/nemo_agent/me/{user.session_id}/draft", json={"draft": draft})


def test_a_saved_draft_is_that_of_the_session_and_one_step_of_undo(somebody: User) -> None:
    first, second = title_draft("One"), title_draft("Two")
    answer = save(somebody, first)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"draft": first, "timeline_version": 1}
    assert save(somebody, second).json()["data"]["timeline_version"] == 2
    assert somebody.state()["draft"] == second
    somebody.say("undo")
    assert somebody.state()["draft"] == first


def test_a_draft_that_is_none_is_refused(somebody: User) -> None:
    for body in ({}, {"draft": None}, {"draft": []}, {"draft": "x"}):
        answer = somebody.http.put(f"/api/state/nemo_agent/me/{somebody.session_id}/draft", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, 422)


def test_a_draft_beyond_4_mib_is_refused_because_undo_keeps_many(somebody: User) -> None:
    answer = save(somebody, {"note": "x" * (4 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert "larger than 4 MiB" in answer.json()["message"]
    assert somebody.state()["timeline_version"] == 0


def test_no_odd_draft_breaks_a_turn(somebody: User) -> None:
    rng = random.Random(11)
    for n in range(40):
        segments = [
            {
                key: rng.choice(ODD)
                for key in ("id", "st", "d", "tx", "src", "in", "vol", "m", "n")
                if rng.random() < 0.7
            }
            for _ in range(rng.randrange(3))
        ]
        track = {"tt": rng.choice([0, 1, 7, 99, None, "x"]), "sg": rng.choice([segments, segments, rng.choice(ODD)])}
        draft = {
            "t": rng.choice([[track, track], [track, rng.choice(ODD)]]),
            "m": rng.choice(ODD),
            "d": rng.choice(ODD),
        }
        assert save(somebody, draft).status_code == 200
        assert somebody.state()["draft"] == draft
        events = somebody.say(SAYINGS[n % len(SAYINGS)])
        failures = [event["error"] for event in events if "error" in event]
        assert not [failure for failure in failures if failure.startswith("ServerError")], (draft, SAYINGS[n % 12])
