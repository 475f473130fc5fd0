"""Whose render is next, decided without a database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ipynemo.backend.store.fairness import Line, before, in_turn


def order(*lines: Line) -> list[str]:
    return [line.session_id for line in in_turn(lines)]


def test_users_come_in_turn_however_many_sessions_one_of_them_has() -> None:
    many = [Line("ann", f"a{n}", 1, first_at=float(n)) for n in range(5)]
    one = Line("ben", "b", 1, first_at=100.0)
    assert order(*many, one) == ["a0", "b", "a1", "a2", "a3", "a4"]


def test_within_a_user_the_session_goes_first_that_was_served_the_longest_ago() -> None:
    lines = [
        Line("ann", "served-late", 3, first_at=1.0, session_served_at=30.0),
        Line("ann", "served-early", 3, first_at=2.0, session_served_at=20.0),
        Line("ann", "never", 1, first_at=10.0),
    ]
    assert order(*lines) == ["never", "served-early", "served-late"]


def test_who_has_fewer_renders_running_goes_first() -> None:
    lines = [
        Line("ann", "running", 0, running=1, user_served_at=1.0),
        Line("ann", "a", 1, first_at=1.0, user_served_at=1.0),
        Line("ben", "b", 1, first_at=5.0, user_served_at=9.0),
    ]
    assert order(*lines) == ["b", "a"]


def test_newcomers_cannot_keep_out_who_has_been_waiting() -> None:
    patient = Line("ann", "a", 1, first_at=10.0, user_served_at=20.0)
    newcomers = [Line(f"new{n}", f"n{n}", 1, first_at=21.0 + n) for n in range(3)]
    assert order(*newcomers, patient)[0] == "a"


def test_a_session_with_a_render_that_runs_is_left_out() -> None:
    assert order(Line("ann", "a", 4, running=1), Line("ann", "b", 1)) == ["b"]


def test_a_render_that_was_lost_with_its_server_goes_first() -> None:
    waiting = Line("ben", "b", 1, first_at=1.0)
    lost = Line("ann", "a", 1, first_at=50.0, lost=True, user_served_at=60.0, session_served_at=60.0)
    assert order(waiting, lost) == ["a", "b"]


def test_the_place_in_the_queue_counts_one_of_each_other_not_all_of_theirs() -> None:
    lines = [
        Line("ann", "a", 30, running=1, first_at=1.0, user_served_at=1.0, session_served_at=1.0),
        Line("ben", "b", 1, first_at=5.0),
    ]
    assert before(lines, "b", 0) == 2  # the one that runs, and one of Ann's
    assert before(lines, "a", 0) == 1
    assert before(lines, "a", 3) == 5  # the one that runs, three of her own, and Ben's


users = st.sampled_from(["ann", "ben", "cho", "dan"])


moments = st.floats(0, 100)


@given(st.lists(st.tuples(users, moments, moments), max_size=12))
def test_every_waiting_session_is_in_the_order_once_and_nobody_is_two_turns_ahead(
    rows: list[tuple[str, float, float]],
) -> None:
    served = {user: at for user, _, at in rows}
    lines = [Line(user, f"s{n}", 1, 0, at, user_served_at=served[user]) for n, (user, at, _) in enumerate(rows)]
    given_turns = [line.user_id for line in in_turn(lines)]
    assert sorted(given_turns) == sorted(line.user_id for line in lines)
    for place in range(len(given_turns)):
        counts = {user: given_turns[:place].count(user) for user in set(given_turns[place:])}
        # Among those who still wait, nobody has had more than one turn more than another.
        assert not counts or max(counts.values()) - min(counts.values()) <= 1
