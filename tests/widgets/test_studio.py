"""The studio in Python: its parts hand on what they make, sessions are opened, taken up and left. A real backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from widget_kit import Wire, clip_at, on_loop, say, until

from ipynemo import AsyncNemo, Draft, Nemo, Studio, edits
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._studio_past import client_of

SHORT = "make a 5 second video of this picture"


@pytest.fixture(scope="module")
def nemo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nemo]:
    with Nemo("local", data=tmp_path_factory.mktemp("studio"), language="en") as nemo:
        yield nemo


@pytest.fixture
def studio(nemo: Nemo) -> Iterator[Studio]:
    studio = Studio(nemo=nemo, language="en")
    assert on_loop(studio.ready) is studio.session
    until(lambda: all(part.session is studio.session for part in studio._parts))
    yield studio
    studio.close()


def picture(folder: Path) -> Path:
    path = folder / "robot.png"
    Image.new("RGB", (320, 240), (200, 60, 40)).save(path)
    return path


def with_draft(studio: Studio, folder: Path) -> Draft:
    if not studio.uploader.assets:
        studio.uploader.add(picture(folder))
        on_loop(studio.uploader.finished)
    studio.chat.send(SHORT).result(60)
    until(lambda: studio.timeline.draft is not None and not studio.busy)
    draft = studio.timeline.draft
    assert draft is not None
    return draft


def is_bare(studio: Studio) -> bool:
    """Whether all parts have gone to one session, in which there is nothing yet: no draft read, or an empty one."""
    draft = studio.timeline.draft
    return all(part.session is studio.session for part in studio._parts) and (draft is None or draft.is_empty)


def test_steps_light_up_as_they_become_possible_and_the_words_say_where_things_stand(
    studio: Studio, tmp_path: Path
) -> None:
    assert studio.view["steps"] == {"upload": "open", "ask": "locked", "look": "locked", "export": "locked"}
    until(lambda: studio.view["line"] == "Ready. Drop a picture to begin.")
    studio.uploader.add(picture(tmp_path))
    on_loop(studio.uploader.finished)
    until(lambda: studio.view["line"] == "Your picture is here. Ask for an explanation.")
    assert studio.view["steps"] == {"upload": "done", "ask": "open", "look": "locked", "export": "locked"}
    draft = with_draft(studio, tmp_path)
    until(lambda: studio.view["line"] == "The draft is there: 5 s. Look at it, change it, or export it.")
    assert studio.view["steps"] == {"upload": "done", "ask": "done", "look": "open", "export": "open"}
    assert draft == studio.chat.draft
    until(lambda: studio.exporter.view["can_export"])
    studio.exporter.clip = clip = clip_at(tmp_path / "robot.mp4")
    assert studio.player.clip is clip
    assert studio.view["line"] == "Your video is ready."
    assert studio.view["steps"] == {"upload": "done", "ask": "done", "look": "done", "export": "done"}


def test_an_edit_in_the_timeline_reaches_the_chat_and_the_exporter(studio: Studio, tmp_path: Path) -> None:
    draft = with_draft(studio, tmp_path)
    music = next(track for track in draft.tracks if track.kind == "audio")
    studio.timeline.edit(edits.set_volume(draft, track=music.number, volume=0.1))
    until(lambda: studio.chat.draft is not None and studio.chat.draft != draft)
    assert studio.chat.draft == studio.timeline.draft
    assert studio.timeline.draft is not None
    assert studio.timeline.draft.track(music.number).segments[0].volume == 0.1
    until(lambda: studio.exporter._known == studio.timeline.draft)
    studio.timeline.undo()
    until(lambda: studio.timeline.draft == draft)
    studio.chat.send("redo").result(60)
    until(lambda: studio.timeline.draft is not None and studio.timeline.draft != draft)


def test_what_the_chat_is_asked_for_is_done_in_the_panels(studio: Studio, tmp_path: Path) -> None:
    wire, begun = Wire(studio), []
    studio.exporter.export = lambda *_: begun.append("export")  # type: ignore[method-assign]
    studio.chat.send("export").result(60)
    assert begun == ["export"]
    assert {"kind": "focus", "part": "export"} in wire.messages
    studio.chat.send("upload").result(60)
    assert {"kind": "focus", "part": "upload"} in wire.messages


def test_earlier_work_is_found_and_gone_on_with(studio: Studio, nemo: Nemo, tmp_path: Path) -> None:
    draft = with_draft(studio, tmp_path)
    before = studio.session
    assert before is not None
    say(studio, kind="fresh")
    until(lambda: studio.session is not before)
    until(lambda: is_bare(studio))
    assert (studio.uploader.assets, studio.chat.history, studio.exporter.clip) == ((), [], None)
    until(lambda: before.session_id in [one["id"] for one in studio.earlier])
    told = next(one for one in studio.earlier if one["id"] == before.session_id)
    assert (told["title"], told["duration"], told["is_exporting"]) == (draft.title, "5 s", False)

    again = Studio(nemo=nemo, language="en")  # as after a restart of the kernel
    until(lambda: before.session_id in [one["id"] for one in again.earlier])
    say(again, kind="go_on", id=before.session_id)
    until(lambda: again.timeline.draft == draft)
    until(lambda: [entry["role"] for entry in again.chat.history][:2] == ["user", "agent"])
    assert again.chat.history[0]["text"] == SHORT
    until(lambda: again.view["steps"]["export"] == "open")
    say(again, kind="go_on", id="of somebody else")
    assert again.session is not None
    assert again.session.session_id == before.session_id
    again.close()


def test_a_part_that_begins_a_new_session_takes_the_others_along(studio: Studio, tmp_path: Path) -> None:
    with_draft(studio, tmp_path)
    before = studio.session
    say(studio.chat, kind="action", action="new_session")
    until(lambda: studio.session is not before)
    until(lambda: is_bare(studio))
    until(lambda: studio.view["steps"]["ask"] == "locked")


def test_what_stays_without_a_kernel_is_what_was_made(studio: Studio, tmp_path: Path) -> None:
    assert "Nothing was made yet" in studio._fallback_text()
    with_draft(studio, tmp_path)
    text, page = studio._fallback_text(), studio._fallback_html()
    for told in ("robot.png", SHORT, "Here is a draft of 5 s"):
        assert told in text
        assert told in page
    assert str(tmp_path) not in text + page
    assert len(page) < 100_000


def test_the_language_of_all_parts_is_the_studios(studio: Studio) -> None:
    studio.language = "zh"
    assert {part.language for part in studio._parts} == {"zh"}
    until(lambda: studio.view["line"] == "已就绪。拖入一张图片即可开始。")
    assert studio.view["where"] == "本地 — 数据不会离开这台电脑"


def test_two_studios_share_one_backend_and_a_wrong_name_is_refused() -> None:
    one, two = client_of(None, None), client_of("local", None)
    assert one is two
    assert one.is_local
    remote = client_of("https://example.org", None)
    assert (remote.is_local, remote.where) == (False, "Cloud — example.org")
    assert client_of(mine := AsyncNemo("local"), None) is mine
    with pytest.raises(InvalidRequestError, match="nemo is a client or the name of a backend, not int"):
        Studio(nemo=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Studio takes no sesion\. Did you mean session\?"):
        Studio(sesion=None)
