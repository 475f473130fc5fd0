"""A form without motion and a voice, by chat: for a new explainer, for a draft that is there, and back again."""

from __future__ import annotations

import pytest
import skimage.data
from agent_samples import clip
from skimage.io import imsave

from ipynemo import Draft, edits
from ipynemo.backend.agent import AssetFacts, Call, Say, Situation, respond
from ipynemo.backend.agent.situation import Result
from ipynemo.backend.explain import Wishes, storyboard
from ipynemo.backend.speech import SpeechError
from ipynemo.errors import DraftError


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> AssetFacts:
    path = tmp_path_factory.mktemp("picture") / "coffee.png"
    imsave(path, skimage.data.coffee()[::4, ::4])
    return AssetFacts("a1", "coffee.png", "image", path, None, 150, 100, "png")


def turn(message: str, draft: Draft, *assets: AssetFacts, **stacks: tuple[Draft, ...]) -> tuple[Draft, list[str], str]:
    """Return the draft after a message, the tools that were called, and what was said."""
    after, called, said = draft, [], []
    for step in respond(message, Situation(draft, assets, language="en", **stacks)):
        if isinstance(step, Call):
            called.append(step.name)
        elif isinstance(step, Say):
            said.append(step.text)
        elif isinstance(step, Result) and step.draft is not None:
            after = step.draft
    return after, called, " ".join(said)


def roles(draft: Draft) -> list[str]:
    return [str(track.meta.get("role")) for track in draft.tracks]


def is_reduced(draft: Draft) -> bool:
    return draft.meta.get("motion") == "reduced"


@pytest.mark.parametrize(
    "message",
    ["reduce motion", "without motion", "less movement please", "no animations", "减少动态", "关闭动效", "请减少动画"],
)
def test_motion_is_reduced_on_request_and_comes_back_with_undo(message: str) -> None:
    after, called, said = turn(message, clip())
    assert (called, is_reduced(after)) == (["reduce_motion"], True)
    assert said in {
        "Motion is reduced: pictures stand still, scenes change by crossfades.",
        "已减少动态：画面静止，场景之间用叠化。",
    }
    assert after.tracks[0].raw == clip().tracks[0].raw  # how things moved is kept
    assert turn("undo", after, undo=(clip(),))[0] == clip()


@pytest.mark.parametrize("message", ["bring back motion", "恢复动态", "don't reduce the motion"])
def test_motion_comes_back_on_request(message: str) -> None:
    after, called, _ = turn(message, edits.reduce_motion(clip()))
    assert (called, is_reduced(after)) == (["reduce_motion"], False)


def test_on_an_empty_timeline_the_pictures_are_placed_first(photograph: AssetFacts) -> None:
    after, called, _ = turn("reduce motion", Draft(), photograph)
    assert (called, is_reduced(after)) == (["add_picture", "reduce_motion"], True)


def test_one_clip_that_is_to_stand_still_is_no_reduced_motion() -> None:
    after, called, _ = turn("clip 2 without motion", clip())
    assert (called, is_reduced(after)) == (["set_motion"], False)


@pytest.mark.parametrize(
    "message", ["read it aloud", "with narration", "add a voice over", "narrate the captions", "加上旁白", "朗读字幕"]
)
def test_a_voice_reads_the_captions_aloud_on_request(message: str) -> None:
    after, called, said = turn(message, clip())
    assert called == ["narrate"]
    assert roles(after)[-2:] == ["narration", "voice_label"]
    voice, label = after.tracks[-2].segments[0], after.tracks[-1].segments[0]
    assert (voice.source, voice.start_ms, voice.duration_ms) == ("speech:en", 0, 15_000)
    assert (label.text, label.duration_ms) == ("Synthetic voice", 4000)
    assert "synthetic voice" in said.lower() or "合成语音" in said
    assert roles(turn(message, after)[0]) == roles(after)  # a second time is no second voice


@pytest.mark.parametrize("message", ["remove the narration", "no voice", "turn off the narration", "去掉旁白"])
def test_the_voice_goes_on_request(message: str) -> None:
    after, called, _ = turn(message, edits.narrate(clip()))
    assert (called, after) == (["narrate"], clip())
    assert turn(message, clip())[2] in {"There is no narration.", "没有旁白。"}


def test_captions_that_cannot_be_said_in_their_time_are_named() -> None:
    long = edits.add_caption(
        edits.blank(), "This caption is far too long for half a second.", start_s=0, duration_s=0.5
    )
    said = turn("read it aloud", long)[2]
    assert "their ends are cut off: 0 s “This caption is far too long…”" in said


def test_without_captions_there_is_nothing_to_read_and_it_is_said() -> None:
    after, _, said = turn("read it aloud", edits.add_title(edits.blank(), "Hello", start_s=0))
    assert said.startswith("There is no caption to read aloud yet.")
    assert roles(after) == ["title"]


def test_the_music_is_still_the_music() -> None:
    narrated = edits.narrate(clip())
    louder = turn("music 50%", narrated)[0]
    assert [track.segments[0].volume for track in louder.tracks_of("audio")] == [0.5, 1.0]
    longer = turn("make it 30 seconds", narrated)[0]
    assert [track.segments[0].duration_ms for track in longer.tracks_of("audio")] == [30_000, 30_000]


@pytest.mark.parametrize(
    ("message", "reduced", "narrated", "seconds"),
    [
        ("explain this image without motion", True, False, 30),
        ("explain this image with narration", False, True, 45),
        ("explain this image with narration, 20 seconds", False, True, 20),
        ("讲解这张图，加上旁白，减少动态", True, True, 30),
        ("explain this image without narration", False, False, 30),
    ],
)
def test_an_explainer_is_made_so_from_the_start(
    message: str, reduced: bool, narrated: bool, seconds: int, photograph: AssetFacts
) -> None:
    after, called, _ = turn(message, Draft(), photograph)
    assert called[0] == "explain_pictures"
    assert (is_reduced(after), "narration" in roles(after), after.duration_s) == (reduced, narrated, seconds)


def test_an_explainer_with_a_voice_has_captions_whatever_was_said_of_them(photograph: AssetFacts) -> None:
    for language, voice in (("en", "speech:en"), ("zh", "speech:zh")):
        board = storyboard([photograph], Wishes(language=language, captions=False, narration=True))
        assert roles(board.draft)[-2:] == ["narration", "voice_label"]
        assert "caption" in roles(board.draft)
        assert board.draft.tracks[-2].segments[0].source == voice
        assert board.draft.meta["language"] == language


def test_without_an_engine_there_is_an_explainer_all_the_same(
    photograph: AssetFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_voice: str) -> None:
        raise SpeechError("There is no speech engine on this computer.", hint="Install eSpeak NG.")

    monkeypatch.setattr("ipynemo.backend.agent.tools.story.check_voice", missing)
    monkeypatch.setattr("ipynemo.backend.agent.tools.access.check_voice", missing)
    after, _, said = turn("explain this image with narration", Draft(), photograph)
    assert "The captions are not read aloud: There is no speech engine on this computer. Install eSpeak NG." in said
    assert "narration" not in roles(after)
    after, _, said = turn("read it aloud", clip())
    assert "There is no speech engine on this computer." in said
    assert after == clip()


def test_the_edits_are_told_in_words() -> None:
    still = edits.reduce_motion(clip())
    assert clip().diff(still) == ["Motion reduced: pictures stand still"]
    assert still.diff(clip()) == ["Motion no longer reduced"]
    assert clip().diff(still, language="zh") == ["已减少动态：画面静止"]
    assert edits.reduce_motion(still, on=False) == clip()
    with pytest.raises(DraftError, match="There is no caption to read aloud"):
        edits.narrate(Draft())
