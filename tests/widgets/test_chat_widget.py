"""The chat on the embedded server: what the user says becomes what is to be done, and each ending is told."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_peer import TOKEN, Caught, serving, until, written

from ipynemo import AsyncSession, Draft, Nemo, Session, Timing
from ipynemo.client.mp4 import measured
from ipynemo.errors import InvalidRequestError, TurnFailedError
from ipynemo.intents import Action
from ipynemo.widgets import _chat_jobs, _talk
from ipynemo.widgets.chat import Chat


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("backend")) as address:
        yield address


@pytest.fixture
def nemo(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nemo]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYNEMO_DATA_DIR", str(tmp_path / "data"))
    with Nemo(address, token=TOKEN, language="en", timing=Timing(still_working_s=0.2, connect_s=5)) as nemo:
        yield nemo


@pytest.fixture
def session(nemo: Nemo) -> Session:
    return nemo.create_session("Talk", language="en")


@pytest.fixture
def chat(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caught]:
    monkeypatch.setattr(_chat_jobs, "LOOKS_AFTER_STOP_S", (0.0, 1.5))
    chat = Caught(session, language="en")
    yield chat
    chat.end()


def test_an_answer_is_told_and_its_draft_can_be_observed(chat: Caught) -> None:
    drafts: list[Any] = []
    chat.observe(lambda change: drafts.append(len(change["new"].track(1).segments)), "draft")
    reply = chat.send("edit Robots").result(30)
    assert reply.changes[0] == "Title added: 'Robots' (0–1 s)"
    assert chat.said()[0] == ("user", "edit Robots")
    assert chat.said()[1][0] == "agent"
    assert chat.said()[1][1].startswith("Title added: 'Robots' (0–1 s)")
    assert "changes" not in chat.history[1]  # they are the text already
    assert drafts == [1]
    assert chat.draft is not None
    assert chat.turn == {"state": "idle", "line": "", "turn": 0}


def test_the_pieces_that_the_page_gets_are_the_answer(chat: Caught) -> None:
    chat.ask("slowly 30")
    blocks, tail = written(chat.pushed)
    assert blocks == []
    assert tail.startswith("word0 word1 word2")
    # The first goes at once, and the last ones may be overtaken by the whole.
    assert 10 <= len([news for news in chat.pushed if news["kind"] == "delta"]) <= 40
    assert chat.history[-1]["nodes"][0]["c"][0].endswith("word29")


def test_a_tool_is_one_quiet_line_and_nothing_raw_reaches_the_page(chat: Caught) -> None:
    lines: list[str] = []
    chat.observe(lambda change: lines.append(change["new"]["line"]), "turn")
    chat.ask("tool 1")
    assert [line for n, line in enumerate(lines) if line and line not in lines[:n]] == [
        "Thinking…",
        "Editing the timeline…",
        "⏳ Still working…",
    ]
    assert chat.said()[-1] == ("agent", "The tool is done.")
    page = json.dumps([chat.get_state(), chat.pushed], default=str)
    assert "set_timeline_raw_name" not in page
    assert "secret_argument" not in page
    assert TOKEN not in page


def test_what_is_not_for_the_agent_is_done_here(chat: Caught, tmp_path: Path) -> None:
    chat.ask("credits")
    assert chat.said()[-1] == ("agent", "100 of 100 credits are left.")
    chat.ask("status")
    assert chat.said()[-1] == ("note", "The timeline is still empty. Upload a picture and say what you want.")
    chat.ask("upload")
    assert chat.said()[-1][1] == 'Upload with the Uploader widget, or in a cell: session.upload("picture.png")'
    chat.ask("edit Robots")
    chat.ask("show tracks")
    assert chat.said()[-1] == ("note", 'Timeline (1 track): 1. Title: "Robots" (0-1s)')
    chat.ask("send me the video")
    assert chat.history[-1]["link"]["href"] == "Talk.mp4"
    assert chat.clip is not None
    assert chat.clip.path.resolve() == tmp_path / "Talk.mp4"
    chat.ask("export")
    assert chat.history[-1]["link"]["href"] == "Talk-2.mp4"
    assert str(tmp_path) not in json.dumps(chat.get_state(), default=str)
    assert "You said" not in str(chat.said())


def test_nothing_to_export_is_told_where_it_happened(chat: Caught) -> None:
    chat.ask("export")
    until(lambda: chat.error, "the error")
    assert chat.said()[-1] == (
        "error",
        "There is nothing to export yet.\nUpload a picture and ask for something first.",
    )


def test_somebody_else_may_do_what_the_user_asks_for(chat: Caught) -> None:
    asked: list[tuple[str, bool]] = []
    off_the_loop = threading.current_thread

    def take(action: str) -> bool:
        asked.append((action, off_the_loop().name != "ipynemo"))
        return True

    chat.on_action(lambda action: 1 / 0)
    chat.on_action(take)
    chat.ask("export")
    assert chat.said()[-1] == ("note", "The export has begun; the export panel shows how far it is.")
    chat.ask("upload")
    assert chat.said()[-1] == ("note", "Choose a picture, a video or a sound in the upload panel.")
    chat.ask("status")
    assert asked == [("export", True), ("upload", True), ("state", True)]
    assert chat.clip is None


def test_talk_of_buttons_becomes_chips_that_do_the_thing(chat: Caught) -> None:
    chat.ask("buttons")
    assert chat.said()[-1][1] == ("Your title is in place. You can export the video right here. Just ask for it here.")
    assert [chip["label"] for chip in chat.history[-1]["chips"]] == ["Enhance", "Export the video"]
    assert chat.actions == (Action.EXPORT, Action.DO)
    chat.page(**chat.chip("Enhance"))
    chat.finish()
    assert chat.said()[-2:] == [("user", "Enhance"), ("agent", "You said: Enhance")]
    chat.ask("open")
    chat.page(**chat.chip("Show the credits"))
    chat.finish()
    assert chat.said()[-2:] == [("user", "Show the credits"), ("agent", "100 of 100 credits are left.")]
    # What the page sends is looked up, never believed.
    count = len(chat.history)
    for number in (99, -1, "0", None, True):
        chat.page(kind="chip", id=chat.history[-1]["id"], n=number)
    chat.page(kind="chip", id="x", n=0)
    chat.finish()
    assert len(chat.history) == count


def test_a_failed_turn_keeps_what_had_come_and_is_tried_again_on_request(chat: Caught) -> None:
    with pytest.raises(TurnFailedError):
        chat.send("boom").result(30)
    until(lambda: chat.error, "the error")
    assert [role for role, _ in chat.said()] == ["user", "agent", "error"]
    assert chat.said()[1] == ("agent", "One moment.")
    assert chat.history[-1]["error"]["action"] == "retry"
    assert "KeyError" not in str(chat.history)
    chat.page(kind="action", action="retry")
    chat.finish()
    until(lambda: chat.said()[-1][0] == "error", "the second error")
    assert [role for role, _ in chat.said()] == ["user", "agent", "agent", "error"]
    chat.page(kind="action", action="dismiss")
    assert chat.error is None
    assert [role for role, _ in chat.said()] == ["user", "agent", "agent"]


def test_stop_leaves_off_at_once_and_says_so(chat: Caught) -> None:
    future = chat.send("slowly 600")
    until(lambda: "word3 " in written(chat.pushed)[1], "a few words")
    chat.control._handle_custom_msg({"kind": "stop"}, [])
    assert future.result(30).text.startswith("word0 word1 word2")
    chat.finish()
    assert [role for role, _ in chat.said()] == ["user", "agent", "note"]
    assert chat.said()[-1][1] == "Stopped. What the backend had begun may still be finished."
    assert chat.error is None


def test_what_the_backend_finishes_after_a_stop_is_told(chat: Caught) -> None:
    chat.ask("edit Before")
    chat.send("tool 1")
    until(lambda: chat.turn["line"] == "Editing the timeline…", "the tool")
    chat.stop()
    until(lambda: "Done before the stop: Title added: 'Tool'" in chat.said()[-1][1], "what was done anyway")
    until(lambda: chat.draft is not None and len(chat.draft.track(1).segments) == 2, "the draft")


def test_a_second_message_is_refused_kindly_while_an_answer_is_under_way(chat: Caught) -> None:
    future = chat.send("slowly 600")
    with pytest.raises(InvalidRequestError, match="One moment: wait for the answer, or stop it"):
        chat.send("and then")
    chat.page(kind="send", text="and then", nonce=7)
    assert chat.pushed[-1] == {"kind": "taken", "nonce": 7, "refusal": "One moment: wait for the answer, or stop it."}
    assert [role for role, _ in chat.said()] == ["user"]
    chat.stop()
    future.result(30)


def test_a_page_that_opens_in_the_middle_gets_the_answer_so_far(chat: Caught) -> None:
    chat.send("slowly 600")
    until(lambda: "word5" in written(chat.pushed)[1], "a few words")
    with chat._lock:
        before = written(chat.pushed)
        chat.page(kind="hello")
        assert written(chat.pushed[-1:]) == before
    chat.stop()
    chat.finish()
    chat.pushed.clear()
    chat.page(kind="hello")
    assert chat.pushed == []


def test_without_a_session_the_chat_says_what_it_waits_for(session: Session) -> None:
    chat = Caught(language="en")
    assert chat.view == {"has_session": False, "is_cut": False}
    with pytest.raises(InvalidRequestError, match="The chat opens as soon as there is a session"):
        chat.send("hello")
    chat.page(kind="send", text="hello", nonce=1)
    assert chat.pushed[-1]["refusal"] == "The chat opens as soon as there is a session."
    chat.session = session
    assert isinstance(chat.session, AsyncSession)
    chat.ask("say hello")
    assert chat.said()[-1] == ("agent", "hello")
    chat.end()


@pytest.mark.parametrize("text", ["", "  \n", "\u202e\x00", "x" * 20_001, None, 3, ["a"]])
def test_what_is_no_message_is_refused(chat: Caught, text: Any) -> None:
    with pytest.raises(InvalidRequestError):
        chat.send(text)
    assert chat.history == []


def test_a_second_chat_of_a_session_shows_what_was_said(chat: Caught, session: Session, nemo: Nemo) -> None:
    chat.ask("edit Robots")
    again = Caught(nemo.session(session.session_id), language="en")
    assert again.said() == chat.said()
    until(lambda: again.draft is not None, "the draft")
    other = Caught(nemo.create_session("Other"), language="en")
    assert other.said() == []
    again.clear()
    assert again.history == []
    again.end()
    other.end()


def test_what_the_state_tells_of_earlier_messages_is_shown(
    session: Session, nemo: Nemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [{"role": "user", "text": "hi"}, {"role": "model", "text": "**Hello**"}]

    async def state(_self: AsyncSession) -> dict[str, Any]:
        return {"draft": {"t": [{"tt": 7, "sg": [{"tx": "A", "st": 0, "d": 1000}]}]}, "messages": messages}

    monkeypatch.setattr(AsyncSession, "state", state)
    chat = Caught(session, language="en")
    until(lambda: chat.draft is not None, "the state")
    assert chat.said() == [("user", "hi"), ("agent", "**Hello**")]
    assert chat.history[1]["nodes"] == [{"t": "p", "c": [{"t": "strong", "c": ["Hello"]}]}]
    chat.end()


def test_what_another_kernel_said_is_shown_with_what_its_silent_turn_did(
    session: Session, nemo: Nemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("edit A", "say **Hello**", "edit Robots"):
        session.chat(text, as_is=True)
    monkeypatch.setattr(_talk, "_kept", OrderedDict())  # a process that has not seen the session
    chat = Caught(nemo.session(session.session_id), language="en")
    until(lambda: chat.draft is not None, "the state")
    assert chat.said()[2:] == [
        ("user", "say **Hello**"),
        ("agent", "**Hello**"),
        ("user", "edit Robots"),
        ("agent", "Title added: 'Robots' (1–2 s); Length: 1 s → 2 s"),
    ]
    chat.end()


def test_a_new_session_goes_on_with_what_was_said(chat: Caught, nemo: Nemo) -> None:
    chat.session = nemo.session("00000000-0000-0000-0000-000000000000")
    until(lambda: chat.error, "the error")
    assert chat.history[-1]["error"]["action"] == "new_session"
    assert chat.said()[-1][1].startswith("This session no longer exists on the backend.")
    chat.page(kind="action", action="new_session")
    until(lambda: chat.said()[-1:] and chat.said()[-1][0] == "note", "the new session")
    chat.finish()
    assert chat.said()[-1][1] == "A new session has begun. Pictures must be uploaded again."
    chat.ask("say hello")
    assert chat.said()[-1] == ("agent", "hello")


def test_a_question_that_found_no_session_can_be_asked_again_in_the_new_one(nemo: Nemo) -> None:
    chat = Caught(nemo.session("00000000-0000-0000-0000-000000000001"), language="en")
    until(lambda: chat.error, "the error")
    chat.page(kind="action", action="dismiss")
    chat.ask("say hello")
    until(lambda: chat.error, "the error of the turn")
    chat.page(kind="action", action="new_session")
    until(lambda: chat.said()[-1:] and chat.said()[-1][0] == "note", "the new session")
    chat.finish()
    chat.page(**chat.chip("Ask again"))
    chat.finish()
    assert chat.said()[-2:] == [("user", "say hello"), ("agent", "hello")]
    chat.end()


def test_a_session_that_cannot_be_read_never_sends_a_message_again(address: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    timing = Timing(connect_s=1, read_budget_s=0.1, read_backoff_s=0.01)
    with Nemo(address, token=TOKEN, data=tmp_path, language="en") as good:
        chat = Caught(good.create_session("Talk"), language="en")
        chat.ask("boom")
        until(lambda: chat.error, "the error of the turn")
        chat.end()
        chat.error = None
    with Nemo(f"http://127.0.0.1:{port}", token=TOKEN, data=tmp_path, timing=timing, language="en") as gone:
        chat.session = gone.session("abc")
        until(lambda: chat.error, "the error")
        assert chat.history[-1]["error"]["action"] == "retry"
        states: list[str] = []
        chat.observe(lambda change: states.append(change["new"]["state"]), "turn")
        chat.page(kind="action", action="retry")
        until(lambda: chat.history and chat.history[-1].get("error"), "the same error")
        assert "working" not in states
        assert [role for role, _ in chat.said()] == ["error"]
        chat.end()


def test_out_of_credits_is_told_with_what_to_do(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("poor")
    with (
        serving(folder, "edit_cost=80") as address,
        Nemo(address, token=TOKEN, data=tmp_path, language="en") as nemo,
    ):
        chat = Caught(nemo.create_session("Talk"), language="en")
        chat.ask("edit One")
        chat.ask("edit Two")
        until(lambda: chat.error, "the error")
        assert chat.said()[-1][1].startswith("The credits are used up.")
        chat.ask("credits")
        assert chat.said()[-1] == ("agent", "20 of 100 credits are left.")
        assert "error" not in chat.history[-3]  # the old error has no button any more
        chat.end()


def test_the_chat_speaks_chinese(session: Session) -> None:
    chat = Caught(session, language="zh")
    chat.ask("积分")
    assert chat.said()[-1] == ("agent", "剩余 100 / 100 积分。")
    chat.ask("answer 请点击导出按钮下载视频。")
    assert [chip["label"] for chip in chat.history[-1]["chips"]] == ["导出视频"]
    assert "session." not in chat.said()[-1][1]
    assert chat.words["suggestion_1"] == "讲解什么是 AI 图像以及它是如何生成的"
    chat.end()


def test_a_long_answer_is_copied_and_shown_whole_on_demand(chat: Caught) -> None:
    chat.ask("long 100000")
    entry = chat.history[-1]
    assert entry["parts"] > 10
    state = {name: value for name, value in chat.get_state().items() if name not in ("_esm", "_css")}
    assert len(json.dumps(state, default=str)) < 30_000  # the first parts of it, and the words
    chat.pushed.clear()
    chat.page(kind="copy", id=entry["id"])
    assert len(chat.pushed[0]["text"]) > 90_000
    chat.page(kind="more", id=entry["id"], part=1)
    until(lambda: len(chat.pushed) == 2, "the next parts")
    assert (chat.pushed[1]["kind"], chat.pushed[1]["next"]) == ("more", 5)
    for part in (0, -1, 10**9, "1", None):
        chat.page(kind="more", id=entry["id"], part=part)
    assert chat.error is None


async def test_it_can_be_awaited_beside_other_work(session: Session) -> None:
    chat = Caught(session, language="en")
    reply = await asyncio.wrap_future(chat.send("say hello"))
    assert reply.text == "hello"
    chat.end()


def test_a_mistyped_keyword_is_refused(session: Session) -> None:
    with pytest.raises(TypeError, match=r"Chat takes no languages\. Did you mean language"):
        Chat(session, languages="en")
    with pytest.raises(TypeError, match="Chat takes no history"):
        Chat(session, history=[])


def test_in_plain_python_it_is_its_transcript(chat: Caught) -> None:
    assert chat._fallback_text() == ("Chat: Ask for an explanation of your picture, then refine it in your own words.")
    chat.ask("say **hello**")
    assert repr(chat) == "<Caught: You: say **hello**\n\nipynemo: **hello**>"


def test_a_preview_is_shown_where_it_was_asked_for(nemo_local: Nemo, tmp_path: Path) -> None:
    session = nemo_local.create_session("Preview", language="en")
    segment = {"id": "a", "st": 0, "d": 4000, "tx": "Hello"}
    session.save(Draft({"t": [{"tt": 7, "sg": [segment]}], "d": 4000, "m": {"width": 320, "height": 180}}))
    reply = session.chat("preview at 0:02")
    assert reply.text == "This is how it looks at 0:02."
    assert reply.still is not None
    assert reply.still.jpeg.startswith(b"\xff\xd8")
    assert '<img src="data:image/jpeg;base64,' in reply._repr_html_()
    chat = Caught(session, language="en")
    chat.ask("preview at 99 seconds")
    entry = chat.history[-1]
    assert (entry["role"], entry["text"]) == ("agent", "This is how it looks at 0:04.")
    assert entry["picture"].startswith("data:image/jpeg;base64,")
    assert entry["picture"] in chat._fallback_html()
    chat.end()


def test_a_range_plays_where_it_was_asked_for(nemo_local: Nemo) -> None:
    session = nemo_local.create_session("Range", language="en")
    words = [{"id": f"w{n}", "st": 1000 * n, "d": 1000, "tx": "Hello"} for n in range(40)]
    session.save(Draft({"t": [{"tt": 7, "sg": words}], "d": 40_000, "m": {"width": 320, "height": 180}}))
    reply = session.chat("preview from 1 to 2.5 seconds")
    assert reply.text == "This is 0:01 to 0:02."
    assert reply.preview is not None
    assert (reply.preview.duration_s, reply.preview.height_px, reply.preview.mp4[4:8]) == (1.5, 180, b"ftyp")
    assert '<video controls playsinline src="data:video/mp4;base64,' in reply._repr_html_()
    chat = Caught(session, language="en", playhead_s=38.5)
    for asked, told in (
        ("preview", "This is 0:38 to 0:40, small. The export is in full size."),
        ("show me scene 3", "This is 0:02 to 0:03, small. The export is in full size."),
        ("播放最后一秒", "This is 0:39 to 0:40, small. The export is in full size."),
    ):
        chat.ask(asked)
        entry = chat.history[-1]
        assert (entry["role"], entry["text"], entry["has_video"]) == ("agent", told, True)
        assert entry["picture"].startswith("data:image/jpeg;base64,")
        assert entry["picture"] in chat._fallback_html()
    chat.page(kind="video", id=entry["id"])
    assert chat.pushed[-1] == {"kind": "video", "id": entry["id"], "is_last": True}
    assert measured(io.BytesIO(chat.buffers[-1])) == (1.0, 320, 180)
    chat.ask("preview scene 41")
    assert chat.history[-1]["text"] == "There is no scene 41; the video has 40."
    chat.end()


@pytest.fixture(scope="module")
def nemo_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nemo]:
    with Nemo("local", data=tmp_path_factory.mktemp("local"), language="en") as nemo:
        yield nemo
