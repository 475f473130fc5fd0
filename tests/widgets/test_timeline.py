"""Timeline without a session: what the page gets, what it asks for, and what becomes of an edit."""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import Any

import pytest
import traitlets
from PIL import Image
from widget_kit import Wire, say, until

from ipynemo import Draft
from ipynemo.errors import InvalidRequestError, NoSuchSegmentError
from ipynemo.widgets._timeline_words import TIMELINE_WORDS
from ipynemo.widgets.timeline import Timeline

DRAFT = Draft(
    {
        "t": [
            {"tt": 0, "n": "Pictures", "sg": [
                {"id": "p1", "st": 0, "d": 4000, "n": "robot.png", "src": "https://cdn.example/a.png?sig=secret"},
                {"id": "p2", "st": 4000, "d": 6000, "n": "noise"}]},
            {"tt": 1, "n": "Music", "sg": [{"id": "m1", "st": 0, "d": 10000, "src": "music:lofi", "vol": 0.35}]},
            {"tt": 7, "sg": [{"id": "c1", "st": 5000, "d": 3000, "tx": "two\nlines"}]},
            {"tt": 42, "sg": []}],
        "d": 10000,
    }
)  # fmt: skip


def edit(timeline: Timeline, kind: str, *places: tuple[int, int], **fields: Any) -> None:
    """Let the page ask for an edit and wait for the end of it."""
    version = fields.pop("version", timeline.state["version"])
    say(timeline, kind="edit", edit=kind, places=[list(p) for p in places], version=version, **fields)
    until(lambda: not timeline.busy)


def spans(draft: Draft | None, track: int) -> list[tuple[float, float]]:
    assert draft is not None
    return [(s.start_s, s.end_s) for s in draft.track(track).segments]


def test_the_page_gets_columns_and_no_object_a_segment() -> None:
    timeline = Timeline(language="en")
    wire = Wire(timeline)
    timeline.draft = DRAFT
    [message] = [m for m in wire.messages if m["kind"] == "draft"]
    assert message["tracks"] == [
        {"kind": "video", "type": "0", "label": "Video", "name": "Pictures", "first": 0, "count": 2},
        {"kind": "audio", "type": "1", "label": "BGM", "name": "Music", "first": 2, "count": 1},
        {"kind": "text", "type": "7", "label": "Title", "name": "", "first": 3, "count": 1},
        {"kind": "other", "type": "42", "label": "Type 42", "name": "", "first": 4, "count": 0},
    ]
    assert (message["names"], message["texts"]) == (["robot.png", "noise", "", ""], ["", "", "", "two lines"])
    assert [source["name"] for source in message["sources"]] == ["a.png", "lofi"]
    assert "secret" not in repr(message)
    buffers = next(m["buffers"] for m in wire.sent if m["method"] == "custom" and m["content"] is message)
    assert [list(array(code, data)) for code, data in zip("ddi", (*buffers[:2], buffers[3]), strict=True)] == [
        [0, 4000, 0, 5000],
        [4000, 6000, 10000, 3000],
        [0, -1, 1, -1],
    ]
    assert array("f", buffers[2])[2] == pytest.approx(0.35)
    assert list(buffers[4]) == [0, 0, 0, 32]  # the text has a line break, so the page must ask for it


def test_a_new_page_asks_and_gets_the_latest_version() -> None:
    timeline = Timeline(draft=DRAFT)
    wire = Wire(timeline)
    say(timeline, kind="get")
    [message] = [m for m in wire.messages if m["kind"] == "draft"]
    assert message["version"] == timeline.state["version"]


def test_dragging_the_end_of_a_clip_moves_what_follows() -> None:
    timeline = Timeline(draft=DRAFT, language="en")
    edit(timeline, "trim_end", (1, 1), to_s=3)
    assert spans(timeline.draft, 1) == [(0, 3), (3, 9)]
    assert spans(timeline.draft, 2) == [(0, 9)]
    assert timeline.state["counts"] == {"changed": 2, "moved": 2, "added": 0, "removed": 0}
    assert "Video 'robot.png' trimmed: 4 s → 3 s" in timeline.state["changes"]
    timeline.language = "zh"
    assert "视频“robot.png”已变短：4 秒 → 3 秒" in timeline.state["changes"]
    assert list(timeline._pages.latest[1][4]) == [1, 4, 1, 4 | 32]


def test_dragging_edges_elsewhere_moves_nothing_else() -> None:
    timeline = Timeline(draft=DRAFT)
    edit(timeline, "trim_start", (3, 1), to_s=4)
    assert spans(timeline.draft, 3) == [(4, 8)]
    edit(timeline, "trim_start", (3, 1), to_s=6.5)
    edit(timeline, "trim_end", (3, 1), to_s=9)
    edit(timeline, "move", (3, 1), to_s=-3)
    assert spans(timeline.draft, 3) == [(0, 2.5)]
    assert spans(timeline.draft, 1) == [(0, 4), (4, 10)]


@pytest.mark.parametrize(
    ("place", "column", "typed", "shown"),
    [
        ((1, 2), "name", "  two \n words ", lambda s: s.name == "two words"),
        ((1, 2), "name", "", lambda s: s.name is None),
        ((3, 1), "text", "new\ntext", lambda s: s.text == "new\ntext"),
        ((3, 1), "start", "0:06,5", lambda s: (s.start_s, s.end_s) == (6.5, 9.5)),
        ((3, 1), "end", "9 s", lambda s: (s.start_s, s.end_s) == (5, 9)),
        ((3, 1), "duration", "1.25", lambda s: (s.start_s, s.end_s) == (5, 6.25)),
        ((2, 1), "volume", "50", lambda s: s.volume == 0.5),
        ((2, 1), "volume", "7 %", lambda s: s.volume == 0.07),
        ((2, 1), "volume", "", lambda s: s.volume is None),
    ],
)
def test_a_cell_means_what_it_means_in_the_frame(place: tuple[int, int], column: str, typed: str, shown: Any) -> None:
    timeline = Timeline(draft=DRAFT)
    edit(timeline, "cell", place, column=column, value=typed)
    assert timeline.error is None
    assert timeline.draft is not None
    assert shown(timeline.draft.track(place[0]).segment(place[1]))
    others = [t for t in range(1, 5) if t != place[0]]
    assert [spans(timeline.draft, t) for t in others] == [spans(DRAFT, t) for t in others]


@pytest.mark.parametrize(
    ("place", "column", "typed", "message"),
    [
        ((3, 1), "start", "soon", "'soon' is no time."),
        ((3, 1), "end", "2", "row '3.1', column end_s: from 5 s to 2 s is no time."),
        ((2, 1), "volume", "loud", "'loud' is no volume."),
        ((3, 1), "volume", "10", "Track 3 is text; it has no sound."),
    ],
)
def test_what_a_cell_cannot_take_is_said_and_changes_nothing(
    place: tuple[int, int], column: str, typed: str, message: str
) -> None:
    timeline = Timeline(draft=DRAFT)
    wire = Wire(timeline)
    edit(timeline, "cell", place, column=column, value=typed)
    assert timeline.error is not None
    assert timeline.error["message"] == message
    assert timeline.draft is DRAFT
    assert {"kind": "settled"} in wire.messages  # the page takes its preview back


def test_removing_says_that_undo_brings_it_back_and_it_does() -> None:
    timeline = Timeline(draft=DRAFT, language="en")
    edit(timeline, "remove", (1, 1), (1, 2), (3, 1))
    assert [len(track.segments) for track in timeline.draft.tracks] == [0, 1, 0, 0]  # type: ignore[union-attr]
    assert timeline.state["note"] == "Removed. Undo brings it back."
    assert (timeline.state["can_undo"], timeline.state["can_redo"]) == (True, False)
    say(timeline, kind="undo")
    until(lambda: timeline.draft == DRAFT and not timeline.busy)
    timeline.undo()
    until(lambda: timeline.state["note"] == "There is nothing to undo.")
    timeline.redo()
    until(lambda: timeline.draft != DRAFT)


def test_an_edit_made_on_an_older_version_finds_its_segment() -> None:
    timeline = Timeline(draft=DRAFT, language="en")
    seen = timeline.state["version"]
    edit(timeline, "remove", (1, 1))
    edit(timeline, "cell", (1, 2), column="name", value="still noise", version=seen)
    assert timeline.draft is not None
    assert [s.name for s in timeline.draft.track(1).segments] == ["still noise"]
    edit(timeline, "cell", (1, 1), column="name", value="gone", version=seen)
    assert timeline.error is not None
    assert timeline.error["message"].startswith("The timeline changed in the meantime")


@pytest.mark.parametrize(
    "content",
    [
        {"edit": "explode", "places": [[1, 1]]},
        {"edit": "trim_end", "places": [[1, 1]], "to_s": float("nan")},
        {"edit": "trim_end", "places": [[1, 1], [1, 2]]},
        {"edit": "trim_end", "places": "all"},
        {"edit": "move", "places": [[0, 1]]},
        {"edit": "move", "places": []},
        {"edit": "cell", "places": [[1, 1]], "column": "raw", "value": "x"},
        {"edit": "cell", "places": [[1, 1]], "column": "name", "value": "x" * 20_001},
        {"edit": ["cell"], "places": [[1, 1]]},
    ],
)
def test_a_message_that_makes_no_sense_changes_nothing(content: dict[str, Any]) -> None:
    timeline = Timeline(draft=DRAFT)
    say(timeline, kind="edit", version=timeline.state["version"], **content)
    assert timeline.error is not None
    assert timeline.draft is DRAFT


# -- selection, playhead, links ---------------------------------------------------------------------------------------


def test_the_selection_is_set_from_either_side() -> None:
    timeline = Timeline(draft=DRAFT, selection=[(1, 2)], playhead_s=2, language="zh")
    assert timeline.cursor == {"selection": [[1, 2]], "playhead_s": 2.0, "page": "", "number": 0}
    seen: list[Any] = []
    timeline.observe(lambda change: seen.append(change["new"]), "selection")
    say(timeline, kind="cursor", selection=[[2, 1], [9, 9]], playhead_s=3.5, page="p", number=7)
    assert (timeline.selection, timeline.playhead_s) == (((2, 1),), 3.5)
    assert (timeline.cursor["page"], timeline.cursor["number"]) == ("p", 7)
    assert seen == [((2, 1),)]
    with pytest.raises(NoSuchSegmentError, match="no segment 3 on track 1"):
        timeline.selection = [(1, 3)]
    with pytest.raises(InvalidRequestError):
        timeline.selection = [(True, 1)]
    with pytest.raises(InvalidRequestError):
        timeline.selection = [1]
    assert timeline.selection == ((2, 1),)


def test_rows_of_the_frame_can_be_selected() -> None:
    frame = DRAFT.to_frame()
    timeline = Timeline(draft=DRAFT)
    timeline.selection = zip(frame.track, frame.segment, strict=True)  # numbers of numpy
    assert timeline.selection == tuple((t.number, s.number) for t in DRAFT.tracks for s in t.segments)
    assert {type(number) for place in timeline.selection for number in place} == {int}
    assert timeline.cursor["selection"][0] == [1, 1]


def test_an_observer_that_fails_does_not_leave_the_page_waiting() -> None:
    timeline = Timeline(draft=DRAFT)

    def fail(_change: Any) -> None:
        raise ValueError("mine")

    timeline.observe(fail, "selection")
    say(timeline, kind="cursor", selection=[[2, 1]], playhead_s=0, page="p", number=3)
    assert (timeline.cursor["selection"], timeline.cursor["number"]) == ([[2, 1]], 3)


def test_the_selection_follows_its_segments() -> None:
    timeline = Timeline(draft=DRAFT, selection=[(1, 2), (2, 1)])
    edit(timeline, "remove", (1, 1))
    assert timeline.selection == ((1, 1), (2, 1))
    edit(timeline, "remove", (1, 1))
    assert timeline.selection == ((2, 1),)
    assert timeline.cursor["selection"] == [[2, 1]]
    timeline.draft = None
    assert timeline.selection == ()


def test_drafts_can_be_linked() -> None:
    one, other = Timeline(language="en"), Timeline(language="en")
    link = traitlets.dlink((one, "draft"), (other, "draft"))
    one.draft = DRAFT
    assert other.draft is DRAFT
    assert other.state["has_draft"] is True
    assert other.state["counts"] == {}  # there was nothing before, so nothing has changed
    link.unlink()


def test_a_python_edit_goes_the_same_way() -> None:
    timeline = Timeline(draft=DRAFT)
    timeline.edit(Draft({"t": []}))
    until(lambda: timeline.draft == Draft({"t": []}))
    until(lambda: timeline.state["can_undo"] is True)


def test_unknown_keywords_and_views_are_refused() -> None:
    with pytest.raises(TypeError, match="Did you mean selection"):
        Timeline(selections=[])
    with pytest.raises(traitlets.TraitError):
        Timeline(view="film")
    timeline = Timeline()
    say(timeline, kind="view", view="table")
    assert timeline.view == "table"


# -- what the page asks for -------------------------------------------------------------------------------------------


def test_json_is_shown_without_what_turns_lines_around_and_cut() -> None:
    raw = {"t": [{"tt": 7, "sg": [{"tx": "a\u202eb\x07", "d": 1}, {"tx": "x" * 1_000_000, "d": 1}]}], "d": 2}
    timeline = Timeline(draft=Draft(raw), language="en")
    wire = Wire(timeline)
    say(timeline, kind="json", track=1, segment=1, id="q")
    [answer] = wire.messages
    assert answer["id"] == "q"
    assert answer["selected"] == {
        "title": "Segment 1.1",
        "text": '{\n  "tx": "a\\u202eb\\u0007",\n  "d": 1\n}',
        "cut": "",
    }
    assert [piece["title"] for piece in answer["pieces"]] == ["The draft without its tracks", "Track 1: Text (2)"]
    assert len(answer["pieces"][1]["text"]) == 20_000
    assert answer["pieces"][1]["cut"].startswith("… 980")
    say(timeline, kind="full", track=1, segment=1, column="text", id="f")
    say(timeline, kind="full", track=1, segment=2, column="text", id="g")
    say(timeline, kind="copy", id="c")
    assert [m["text"] for m in wire.messages[1:3]] == ["ab\x07", None]
    assert wire.messages[3]["text"] == Draft(raw).to_json(indent=2)


def test_a_megabyte_of_name_reaches_the_page_as_a_line() -> None:
    raw = {"t": [{"tt": 0, "n": "n" * 1_000_000, "sg": [{"n": "<b>\u202e" * 300_000, "d": 1000}]}]}
    timeline = Timeline(draft=Draft(raw))
    content, _ = timeline._pages.latest
    assert len(repr(content)) < 2_000
    assert content["names"][0].startswith("<b> <b>")
    assert "\u202e" not in repr(content)


def test_ten_thousand_segments_are_less_than_a_megabyte() -> None:
    tracks = [
        {"tt": tt, "sg": [{"st": i * 3000, "d": 2900, "n": f"clip {i}"} for i in range(2500)]} for tt in (0, 1, 7, 9)
    ]
    timeline = Timeline(draft=Draft({"t": tracks}))
    content, buffers = timeline._pages.latest
    assert sum(map(len, buffers)) == 10_000 * (8 + 8 + 4 + 4 + 1)
    assert len(repr(content)) < 400_000
    assert len(repr(timeline.get_state())) < 350_000  # the module and the style sheet; no draft
    assert len(timeline._fallback_html()) < 60_000


def test_pictures_are_given_by_source_or_path(tmp_path: Path) -> None:
    path = tmp_path / "robot.png"
    Image.new("RGB", (64, 48), "red").save(path)
    timeline = Timeline(draft=DRAFT, thumbnails={"https://cdn.example/a.png?sig=secret": path})
    wire = Wire(timeline)
    say(timeline, kind="get")
    [files] = [m["files"] for m in wire.messages if m["kind"] == "thumbs"]
    [(key, file)] = files.items()
    assert key == timeline._pages.latest[0]["sources"][0]["key"]
    assert file["thumb"].startswith("data:image/jpeg;base64,")
    with pytest.raises(InvalidRequestError):
        timeline.thumbnails = {"a": "javascript:alert(1)"}


# -- what stays -------------------------------------------------------------------------------------------------------


def test_the_saved_form_has_bars_a_table_and_no_markup_of_the_draft() -> None:
    raw = {"t": [{"tt": 7, "n": "<i>", "sg": [{"tx": "<script>alert(1)</script>", "d": 5000}]}, {"tt": 0, "sg": []}]}
    html = Timeline(draft=Draft(raw), language="en")._fallback_html()
    assert "<script" not in html
    assert "<i>" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4
    assert "width:99.90%" in html
    assert html.count("<tr>") == 2
    zh = Timeline(draft=Draft(raw), language="zh")._fallback_html()
    assert (
        '<th scope="col" dir="auto" style="padding:2px 10px 2px 0;text-align:left;vertical-align:top">轨道</th>' in zh
    )


def test_the_saved_form_names_files_and_no_bare_ids() -> None:
    sources = [
        "9f3ac2e1",
        "b7",
        "music:calm",
        "https://cdn.example/a/city%20lights.mp4?sig=x",
        "https://cdn.example/q8",
    ]
    timeline = Timeline(draft=Draft({"t": [{"tt": 0, "sg": [{"d": 1000, "n": "n", "src": s} for s in sources]}]}))
    timeline._pages.notes = {"b7": ("robot.png", "")}
    cells = re.findall(r"<td[^>]*>([^<]*)</td></tr>", timeline._fallback_html())
    assert cells == ["", "robot.png", "calm", "city lights.mp4", ""]


def test_without_a_draft_it_says_what_to_do() -> None:
    timeline = Timeline(language="en")
    assert timeline._fallback_text().startswith("Timeline: No timeline yet. Upload a picture")
    assert (timeline.state["has_draft"], timeline.state["is_reading"]) == (False, False)
    assert Timeline(draft=DRAFT)._fallback_text() == DRAFT.summary()


def test_the_page_uses_traits_words_and_messages_that_exist() -> None:
    script = str(Timeline._esm)
    assert set(re.findall(r'model\.get\("(\w+)"\)', script)) <= set(Timeline.class_trait_names(sync=True))
    own = set(re.findall(r'(?:desk\.say\(|say\(model, )"(\w+)"', script))
    assert len(own) > 20
    assert own <= set(TIMELINE_WORDS["en"]) | {"dismiss"}
    sent = set(re.findall(r'kind: "(\w+)"', script)) - {"action"}
    sources = [Path(f"src/ipynemo/widgets/{name}.py").read_text() for name in ("timeline", "_timeline_screen")]
    handled = set(re.findall(r'"(\w+)"', "".join(sources)))
    assert sent <= handled
