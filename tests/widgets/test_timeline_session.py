"""Timeline with a session: directly on the embedded backend, in words on the cloud; pending until the state has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from widget_kit import Wire, say, until

from ipynemo import AsyncNemo, Draft, Nemo, Session, edits
from ipynemo.client import AsyncSession, Reply
from ipynemo.errors import NemoError, ServerError
from ipynemo.widgets._timeline_sentence import wishes
from ipynemo.widgets.timeline import Timeline

DRAFT = Draft(
    {
        "t": [
            {"tt": 0, "n": "Pictures", "sg": [{"id": "p1", "st": 0, "d": 4000}, {"id": "p2", "st": 4000, "d": 6000}]},
            {"tt": 1, "n": "Lo-fi", "sg": [{"id": "m1", "st": 0, "d": 10000, "vol": 1.0}]},
        ],
        "d": 10000,
    }
)


def ask(timeline: Timeline, kind: str, place: tuple[int, int], **fields: Any) -> None:
    say(timeline, kind="edit", edit=kind, places=[list(place)], version=timeline.state["version"], **fields)


# -- the embedded backend ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nemo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nemo]:
    with Nemo("local", data=tmp_path_factory.mktemp("data")) as nemo:
        yield nemo


@pytest.fixture
def session(nemo: Nemo, tmp_path: Path) -> Session:
    """A session with a picture and a title."""
    session = nemo.create_session("What is an AI image?", language="en")
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(tmp_path / "robot.png")
    session.upload(tmp_path / "robot.png")
    session.chat("explain what an AI image is and how it was created")
    return session


def test_the_embedded_backend_keeps_the_edit_and_undoes_it(session: Session) -> None:
    timeline = Timeline(session)
    until(lambda: timeline.state["has_draft"])
    before = session.draft()
    assert timeline.draft == before
    audio = before.tracks_of("audio")[0].number
    ask(timeline, "cell", (audio, 1), column="volume", value="12%")
    until(lambda: not timeline.busy)
    assert timeline.error is None
    assert session.draft().track(audio).segment(1).volume == 0.12
    assert timeline.draft == session.draft()
    assert timeline.state["pending"] == 0
    say(timeline, kind="undo")
    until(lambda: not timeline.busy)
    assert timeline.draft == session.draft() == before
    say(timeline, kind="redo")
    until(lambda: not timeline.busy)
    assert session.draft().track(audio).segment(1).volume == 0.12
    session.chat("set the volume of the music to 70%")
    say(timeline, kind="look")
    until(lambda: timeline.draft == session.draft())
    timeline.close()


def test_thumbnails_and_names_come_from_the_session(session: Session) -> None:
    timeline = Timeline(session)
    wire = Wire(timeline)
    until(lambda: any(m.get("files") for m in wire.messages if m["kind"] == "thumbs"))
    files = [m["files"] for m in wire.messages if m["kind"] == "thumbs"][-1]
    assert "robot.png" in {file["name"] for file in files.values()}
    assert any(file["thumb"].startswith("data:image/jpeg;base64,") for file in files.values())
    saved = timeline._fallback_html()
    assert ">robot.png</td></tr>" in saved
    assert not any(source in saved for source in timeline._pages.notes)


def test_a_session_that_is_gone_is_said(nemo: Nemo) -> None:
    timeline = Timeline(nemo.session("no-such-session"), language="en")
    until(lambda: timeline.error is not None)
    assert timeline.error is not None
    assert timeline.error["action"] == "new_session"
    assert timeline.state["is_reading"] is False


# -- the cloud --------------------------------------------------------------------------------------------------------


class Cloud:
    """A session of the cloud whose agent does what the test says; what it was told is kept."""

    def __init__(self, tmp_path: Path) -> None:
        nemo = AsyncNemo("https://cloud.example", token="nmv_usr_test", data=tmp_path)
        self.session: AsyncSession = nemo.session("s", language="en")
        self.told: list[str] = []
        self.result: Draft | NemoError | None = None
        self.go = asyncio.Event()
        vars(self.session).update(chat=self.chat, draft=self.draft)

    async def chat(self, text: str, *, as_is: bool = False) -> Reply:
        assert as_is
        self.told.append(text)
        await self.go.wait()
        if isinstance(self.result, NemoError):
            raise self.result
        return Reply("Done, I think.", draft=self.result)

    async def draft(self) -> Draft:
        return DRAFT

    def release(self, result: Draft | NemoError | None, timeline: Timeline) -> None:
        from ipynemo.loop import background

        self.result = result
        background().call_soon_threadsafe(self.go.set)
        until(lambda: not timeline.busy)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def begun(cloud: Cloud) -> Timeline:
    """Return a timeline with an edit that waits for the cloud."""
    timeline = Timeline(cloud.session, draft=DRAFT, language="en")
    ask(timeline, "cell", (2, 1), column="volume", value="35%")
    until(lambda: bool(cloud.told))
    return timeline


def test_on_the_cloud_an_edit_is_said_and_pending_until_the_state_has_it(cloud: Cloud) -> None:
    timeline = begun(cloud)
    assert cloud.told == [
        'Set the volume of segment 1 of track 2 (BGM "Lo-fi") to 35%. Change nothing else.',
    ]
    assert (timeline.state["pending"], timeline.state["is_cloud"]) == (1, True)
    assert timeline.draft is DRAFT
    buffers = timeline._pages.latest[1]
    assert memoryview(buffers[2]).cast("f")[2] == pytest.approx(0.35)
    assert list(buffers[4]) == [0, 0, 8]
    cloud.release(edits.set_volume(DRAFT, 2, 0.35), timeline)
    assert timeline.draft == edits.set_volume(DRAFT, 2, 0.35)
    assert (timeline.state["pending"], timeline.error) == (0, None)
    assert list(timeline._pages.latest[1][4]) == [0, 0, 1]  # not pending any more, but marked as changed


def test_an_edit_that_fails_is_taken_back_with_an_error(cloud: Cloud) -> None:
    timeline = begun(cloud)
    cloud.release(ServerError("The backend failed.", status=500), timeline)
    assert timeline.error is not None
    assert timeline.error["message"] == "The backend failed."
    assert (timeline.state["pending"], timeline.draft) == (0, DRAFT)
    assert memoryview(timeline._pages.latest[1][2]).cast("f")[2] == 1.0
    assert list(timeline._pages.latest[1][4]) == [0, 0, 0]


def test_an_agent_that_does_nothing_is_found_out(cloud: Cloud) -> None:
    timeline = begun(cloud)
    cloud.release(None, timeline)
    assert timeline.error is not None
    assert timeline.error["message"] == "The backend answered, but did not make this edit. Done, I think."
    assert timeline.error["action"] == "retry"
    assert timeline.draft is DRAFT


def test_an_agent_that_does_something_else_is_taken_at_its_word(cloud: Cloud) -> None:
    timeline = begun(cloud)
    cloud.release(edits.set_volume(DRAFT, 2, 0.5), timeline)
    assert timeline.draft == edits.set_volume(DRAFT, 2, 0.5)
    assert timeline.state["note"] == "The backend made a different edit; what changed is marked."


def test_edits_wait_in_line_and_fall_with_the_one_before(cloud: Cloud) -> None:
    timeline = begun(cloud)
    ask(timeline, "trim_end", (1, 2), to_s=9)
    until(lambda: timeline.state["pending"] == 2)
    assert timeline._ledger.shown is not None
    assert timeline._ledger.shown.duration_s == 9
    assert len(cloud.told) == 1
    cloud.release(ServerError("The backend failed.", status=500), timeline)
    assert (timeline.state["pending"], timeline.draft, len(cloud.told)) == (0, DRAFT, 1)


def test_too_much_for_one_message_is_refused_before_it_is_sent(cloud: Cloud) -> None:
    timeline = Timeline(cloud.session, draft=DRAFT, language="en")
    segments = [{"tx": f"text {i}", "d": 1000} for i in range(30)]
    big = Draft({"t": [{"tt": 7, "sg": segments}]})
    timeline.draft = big
    timeline.edit(Draft({"t": [{"tt": 7, "sg": []}]}))
    until(lambda: not timeline.busy)
    assert cloud.told == []
    assert timeline.error is not None
    assert timeline.error["message"].startswith("That is too much for one message to the cloud")
    assert timeline.draft is big


def test_a_draft_of_the_users_own_is_not_replaced_by_looking(cloud: Cloud) -> None:
    mine = Draft({"t": []})
    timeline = Timeline(cloud.session, draft=mine)
    say(timeline, kind="look")
    until(lambda: not timeline.busy)
    assert timeline.draft is mine


# -- the sentence -----------------------------------------------------------------------------------------------------


def test_an_edit_in_words_names_its_segment_and_says_the_whole_text() -> None:
    raw = DRAFT.raw
    raw["t"].append({"tt": 7, "sg": [{"id": "c", "tx": "Hello", "st": 0, "d": 3000}]})
    draft = Draft(raw)
    long = "An answer of some length, " * 10
    assert wishes(draft, edits.set_text(draft, 3, 1, long)) == [
        f'Change the text of segment 1 of track 3 (Title "Hello") to "{long}".'
    ]
    assert wishes(draft, edits.move_segment(draft, 3, 1, 2)) == [
        'Move segment 1 of track 3 (Title "Hello") so that it starts at 2 s.'
    ]
    assert wishes(draft, edits.remove_segment(draft, 3, 1)) == ['Remove segment 1 of track 3 (Title "Hello").']
    assert wishes(draft, edits.trim_segment(draft, 1, 2, duration_s=4))[:2] == [
        'Let segment 2 of track 1 (Video "Pictures") run from 4 s to 8 s (4 s long).',
        'Let segment 1 of track 2 (BGM "Lo-fi") run from 0 s to 8 s (8 s long).',
    ]
    assert wishes(draft, edits.set_motion(draft, "zoom_in", track=1, segment=1))[-1].startswith("The result: ")
