"""Several wishes in one message, and messages that are no wishes: questions, refusals, what cannot be done."""

from __future__ import annotations

import pytest
from agent_samples import facts, say

SEVERAL: list[tuple[str, list[str]]] = [
    (
        'add a title "Hi" at 2 seconds and put happy music under it at 40%, then make it vertical',
        ["add_title", "set_music", "set_aspect"],
    ),
    ("remove the title and the music", ["remove_segment", "remove_track"]),
    ("remove the title and add a caption 'Bye'", ["remove_segment", "add_caption"]),
    ("make it vertical, 60 seconds long, and with happy music", ["set_aspect", "set_duration", "set_music"]),
    ("add a title 'A' and a caption 'B'", ["add_title", "add_caption"]),
    ("make the title red, the caption blue", ["restyle_text", "restyle_text"]),
    ("delete the title, the music, and the first clip", ["remove_segment", "remove_track", "remove_segment"]),
    ("make it 20 seconds without music", ["set_duration", "remove_track"]),
    ("Make it 20 seconds. Add epic music! Zoom in.", ["set_duration", "set_music", "set_motion"]),
    ("cut from 2 to 5 seconds and mute it", ["cut_range", "mute"]),
    ("add a title 'X' and make it red and put it at the top", ["add_title"]),
    ('make it a 20 second video with epic music and a title "Wow"', ["set_duration", "set_music", "add_title"]),
    ("put the title at the top and the caption at the bottom", ["restyle_text", "restyle_text"]),
]


@pytest.mark.parametrize(("message", "names"), SEVERAL, ids=[s[0] for s in SEVERAL])
def test_several_wishes_are_done_in_order(message: str, names: list[str]) -> None:
    turn = say(message)
    assert [name for name, _ in turn.calls] == names
    assert turn.errors == []


def test_the_example_of_the_documentation_is_done_to_the_letter() -> None:
    got = facts(say('add a title "Hi" at 2 seconds and put happy music under it at 40%, then make it vertical').draft)
    assert got["titles"] == [("Hello", 0, 3), ("Hi", 2, 5)]
    assert got["music"] == ("music:happy", 0.4)
    assert got["frame"] == (1080, 1920)


NOTHING = [
    ("don't add music", "All right, I leave that as it is."),
    ("do not make it vertical", "All right, I leave that as it is."),
    ("don't remove the title", "All right, I leave that as it is."),
    ("what music is there?", "Music: calm, at 30 %."),
    ("how long is it?", "The clip is 15 s long."),
    ("how many clips are there?", "3 clips, 1 titles, 2 captions."),
    ("what does the title say?", "Texts: “Hello” (0–3 s)"),
    ("is it vertical or square?", "The clip is 1920×1080 pixels, 30 pictures a second."),
    ("what is an AI image?", "An AI image is a picture that a trained model computes"),
    ("what can you do?", "I can: explain a picture"),
    ("how do I add a title?", "I can: explain a picture"),
    ("hello", "Hello! Upload a picture"),
    ("thanks!", "You are welcome."),
    ("add jazz music", "I have no jazz music. I can play calm, happy, curious, epic or lofi"),
    ("sing the captions", "I cannot sing or sound like a person you know."),
    ("translate the captions to French", "I cannot translate existing texts."),
    ("remove the background", "I cannot change what is inside a picture."),
    ("make it 4:3", "4:3 is not possible; there are 16:9, 9:16 and 1:1."),
    ("slow motion", "I cannot change the speed of a video."),
    ("export", "Say “export” on its own"),
    ("delete clip 7", "There is no clip 7; there are 3."),
    ("split at 40 seconds", "40 s is not inside the clip, which is 15 s long."),
    ("cut from 0 to 15 seconds", "That would be the whole clip of 15 s."),
    ("make it 16:9", "It is like that already."),
    ("add a title", "What should the title say?"),
    ("make it better", "What should be better?"),
    ("undo", "There is nothing to undo."),
    ("asdf qwer", "I did not understand: “asdf qwer”."),
    ("", "I got no words."),
]


@pytest.mark.parametrize(("message", "answer"), NOTHING, ids=[n[0] or "nothing" for n in NOTHING])
def test_what_is_no_edit_is_answered_and_changes_nothing(message: str, answer: str) -> None:
    turn = say(message)
    assert turn.calls == []
    assert answer in turn.text
