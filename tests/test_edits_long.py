"""Edits of long drafts: the values are made once, however many segments an edit touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipynemo import edits
from ipynemo.draft import Draft
from ipynemo.draft.pieces import MAX_MS, last_end_ms, read_track, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 60

LONG: dict[str, Any] = {
    "t": [
        {"tt": 0, "sg": [{"st": i * 1000, "d": 1000, "vol": 1, "m": {"media": "video"}} for i in range(COUNT)]},
        {"tt": 7, "sg": [{"st": i * 1000, "d": 900, "tx": f"text {i}"} for i in range(COUNT)]},
        {"tt": 1, "sg": [{"st": 0, "d": COUNT * 1000, "src": "music:calm"}]},
    ],
    "d": COUNT * 1000,
}


@pytest.mark.parametrize(
    "edit",
    [
        lambda draft: edits.trim_segment(draft, 1, 5, cut_start_s=0.2, cut_end_s=0.2),
        lambda draft: edits.remove_segment(draft, 1, 5),
        lambda draft: edits.move_segment(draft, 1, 5, 20),
        lambda draft: edits.cut_range(draft, 4.5, 8.5),
        lambda draft: edits.set_volume(draft, 1, 0.5),
        lambda draft: edits.restyle_text(draft, 2, bold=True),
        lambda draft: edits.set_motion(draft, "zoom_in"),
        edits.mute,
    ],
    ids=["trim", "remove", "move", "cut", "volume", "restyle", "motion", "mute"],
)
def test_an_edit_makes_one_draft_however_many_segments_it_touches(
    edit: Callable[[Draft], Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Draft(LONG)
    made: list[Draft] = []
    plain = Draft.__init__

    def counted(self: Draft, raw: Any = None) -> None:
        made.append(self)
        plain(self, raw)

    monkeypatch.setattr(Draft, "__init__", counted)
    after = edit(before)
    assert len(made) == 1
    assert after is made[0]
    assert after != before


def test_each_text_travels_with_the_first_clip_that_it_lies_in() -> None:
    clips = [{"st": 0, "d": 3000}, {"st": 3000, "d": 2000}, {"st": 5000, "d": 1000}]
    texts = [{"st": at, "d": 100, "tx": str(at)} for at in (5999, 0, 2999, 3000, 7000)]
    draft = Draft({"t": [{"tt": 0, "sg": clips}, {"tt": 7, "sg": texts}]})
    after = edits.reorder_segments(draft, 1, [3, 1, 2])
    assert [(s.text, s.start_ms) for s in after.track(2).segments] == [
        ("5999", 999),
        ("0", 1000),
        ("2999", 3999),
        ("3000", 4000),
        ("7000", 7000),
    ]


odd = st.none() | st.booleans() | st.text(max_size=2) | st.floats(-10, 10**13) | st.just(MAX_MS) | st.integers(-5, 9000)
pieces = st.fixed_dictionaries({}, optional={"st": odd, "d": odd}) | odd


@settings(max_examples=150, deadline=None)
@given(segments=st.lists(pieces, max_size=6) | odd)
def test_spans_are_what_the_values_have(segments: Any) -> None:
    values = read_track(1, {"sg": segments}).segments
    assert spans_of(segments) == [(value.start_ms, value.end_ms) for value in values]
    assert last_end_ms({"t": [{"sg": segments}]}) == max((value.end_ms for value in values), default=None)
