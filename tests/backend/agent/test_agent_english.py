"""English sentences: which tools they call, and what the draft is afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from agent_samples import facts, say

Expected = list[tuple[str, dict[str, Any]]]

SENTENCES: list[tuple[str, Expected, dict[str, Any]]] = [
    # Titles and captions
    (
        'add a title "Big Day" at 2 seconds',
        [("add_title", {"text": "Big Day", "start_s": 2.0})],
        {"titles": [("Hello", 0, 3), ("Big Day", 2, 5)]},
    ),
    (
        "add a title saying Hello World at 4 seconds in red",
        [("add_title", {"text": "Hello World", "start_s": 4.0, "color": "#ff3b30"})],
        {"titles": [("Hello", 0, 3), ("Hello World", 4, 7)]},
    ),
    (
        "Please add a heading called My Robot in the top left corner in blue, size 60",
        [("add_title", {"text": "My Robot", "color": "#3b82f6", "place": "top_left", "size_px": 60})],
        {"title_styles": [{}, {"place": "top_left", "size": 60, "color": "#3b82f6"}]},
    ),
    ("title: My Robot", [("add_title", {"text": "My Robot"})], {"titles": [("Hello", 0, 3), ("My Robot", 3, 6)]}),
    (
        "I'd like a red title that says Hello World",
        [("add_title", {"text": "Hello World", "color": "#ff3b30"})],
        {"titles": [("Hello", 0, 3), ("Hello World", 3, 6)]},
    ),
    (
        "add a caption «Bonjour» from 2 to 5",
        [("add_caption", {"text": "Bonjour", "start_s": 2.0, "duration_s": 3.0})],
        {"captions": [("Bonjour", 2, 5), ("second", 5, 9), ("third", 11, 15)]},
    ),
    (
        "add a caption 'it's late' between 1 and 4 seconds",
        [("add_caption", {"text": "it's late", "start_s": 1.0, "duration_s": 3.0})],
        {"captions": [("it's late", 1, 4), ("second", 5, 9), ("third", 11, 15)]},
    ),
    (
        "add a caption saying The end at the end",
        [("add_caption", {"text": "The end", "start_s": 12.0, "duration_s": 3.0})],
        {"captions": [("second", 5, 9), ("third", 11, 15), ("The end", 12, 15)]},
    ),
    (
        'add a caption "Watch" for the whole clip',
        [("add_caption", {"text": "Watch", "start_s": 0.0, "duration_s": 15.0})],
        {"captions": [("Watch", 0, 15), ("second", 5, 9), ("third", 11, 15)]},
    ),
    (
        'add a title "Part two" to the second clip',
        [("add_title", {"text": "Part two", "start_s": 4.0, "duration_s": 3.0})],
        {"titles": [("Hello", 0, 3), ("Part two", 4, 7)]},
    ),
    (
        'add a lower third "Dr. Chen" at 0:04 for three seconds',
        [("add_text", {"role": "lower_third", "text": "Dr. Chen", "start_s": 4.0, "duration_s": 3.0})],
        {"lower_thirds": [("Dr. Chen", 4, 7)]},
    ),
    (
        "change the title to Good Morning",
        [("set_text", {"track": 2, "segment": 1, "text": "Good Morning"})],
        {"titles": [("Good Morning", 0, 3)]},
    ),
    (
        "change the title to Red Planet",
        [("set_text", {"track": 2, "segment": 1, "text": "Red Planet"})],
        {"titles": [("Red Planet", 0, 3)]},
    ),
    (
        'replace "second" with "zwei"',
        [("set_text", {"track": 3, "segment": 1, "text": "zwei"})],
        {"captions": [("zwei", 5, 9), ("third", 11, 15)]},
    ),
    (
        "caption 2 should say Ciao",
        [("set_text", {"track": 3, "segment": 2, "text": "Ciao"})],
        {"captions": [("second", 5, 9), ("Ciao", 11, 15)]},
    ),
    (
        "make the title bigger and red",
        [("restyle_text", {"track": 2, "color": "#ff3b30", "size_px": 105})],
        {"title_styles": [{"size": 105, "color": "#ff3b30"}]},
    ),
    ("make the title 60 px", [("restyle_text", {"track": 2, "size_px": 60})], {"title_styles": [{"size": 60}]}),
    ("make the title bold", [("restyle_text", {"track": 2, "bold": True})], {"title_styles": [{"bold": True}]}),
    (
        "make all captions #00ffaa",
        [("restyle_text", {"track": 3, "color": "#00ffaa"})],
        {"caption_styles": [{"color": "#00ffaa"}, {"color": "#00ffaa"}]},
    ),
    (
        "put the captions at the top",
        [("restyle_text", {"track": 3, "place": "top"})],
        {"caption_styles": [{"place": "top"}, {"place": "top"}]},
    ),
    (
        "make the last caption yellow",
        [("restyle_text", {"track": 3, "segment": 2, "color": "#ffd60a"})],
        {"caption_styles": [{}, {"color": "#ffd60a"}]},
    ),
    ("the title should be green", [("restyle_text", {"track": 2, "color": "#34c759"})], {"titles": [("Hello", 0, 3)]}),
    ("remove the title", [("remove_segment", {"track": 2, "segment": 1})], {"titles": []}),
    ("no title", [("remove_segment", {"track": 2, "segment": 1})], {"titles": []}),
    ("get rid of the captions", [("remove_track", {"track": 3})], {"captions": []}),
    ("delete the last caption", [("remove_segment", {"track": 3, "segment": 2})], {"captions": [("second", 5, 9)]}),
    ('remove "third"', [("remove_segment", {"track": 3, "segment": 2})], {"captions": [("second", 5, 9)]}),
    (
        "move the title to 5 seconds",
        [("move_segment", {"track": 2, "segment": 1, "start_s": 5.0})],
        {"titles": [("Hello", 5, 8)]},
    ),
    (
        "show the title from 2 to 6",
        [
            ("move_segment", {"track": 2, "segment": 1, "start_s": 2.0}),
            ("trim_segment", {"track": 2, "segment": 1, "duration_s": 4.0}),
        ],
        {"titles": [("Hello", 2, 6)]},
    ),
    (
        "make the title 5 seconds long",
        [("trim_segment", {"track": 2, "segment": 1, "duration_s": 5.0})],
        {"titles": [("Hello", 0, 5)]},
    ),
    (
        "make the title longer",
        [("trim_segment", {"track": 2, "segment": 1, "duration_s": 4.5})],
        {"titles": [("Hello", 0, 4.5)]},
    ),
    (
        "move the first caption 2 seconds later",
        [("move_segment", {"track": 3, "segment": 1, "start_s": 7.0})],
        {"captions": [("second", 7, 11), ("third", 11, 15)]},
    ),
    # Length
    ("make it 20 seconds", [("set_duration", {"duration_s": 20.0})], {"total": 20, "music_end": 20}),
    ("make it twenty seconds long", [("set_duration", {"duration_s": 20.0})], {"total": 20}),
    ("one and a half minutes please", [("set_duration", {"duration_s": 90.0})], {"total": 90}),
    ("make it 1 minute and 30 seconds", [("set_duration", {"duration_s": 90.0})], {"total": 90}),
    ("make it shorter", [("set_duration", {"duration_s": 11.25})], {"total": 11.25}),
    ("make it 5 seconds shorter", [("set_duration", {"duration_s": 10.0})], {"total": 10}),
    ("make it 50% longer", [("set_duration", {"duration_s": 22.5})], {"total": 22.5}),
    ("make it twice as long", [("set_duration", {"duration_s": 30.0})], {"total": 30}),
    (
        "cut from 2 to 5 seconds",
        [("cut_range", {"from_s": 2.0, "to_s": 5.0})],
        {"clips": [("a", 0, 2), ("b", 2, 7), ("c", 7, 12)]},
    ),
    ("remove seconds 2 to 5", [("cut_range", {"from_s": 2.0, "to_s": 5.0})], {"total": 12}),
    (
        "trim the first 2 seconds",
        [("cut_range", {"from_s": 0.0, "to_s": 2.0})],
        {"clips": [("a", 0, 2), ("b", 2, 8), ("c", 8, 13)]},
    ),
    ("trim the last three seconds", [("cut_range", {"from_s": 12.0, "to_s": 15.0})], {"total": 12}),
    ("cut it to 10 seconds", [("cut_range", {"from_s": 10.0, "to_s": 15.0})], {"clips": [("a", 0, 4), ("b", 4, 10)]}),
    ("delete everything after 0:10", [("cut_range", {"from_s": 10.0, "to_s": 15.0})], {"total": 10}),
    (
        "keep only 2 to 5 seconds",
        [("cut_range", {"from_s": 5.0, "to_s": 15.0}), ("cut_range", {"from_s": 0.0, "to_s": 2.0})],
        {"clips": [("a", 0, 2), ("b", 2, 3)]},
    ),
    (
        "trim the second clip to 3 seconds",
        [("trim_segment", {"track": 1, "segment": 2, "duration_s": 3.0})],
        {"clips": [("a", 0, 4), ("b", 4, 7), ("c", 7, 12)]},
    ),
    (
        "make the second clip 8 seconds long",
        [("trim_segment", {"track": 1, "segment": 2, "duration_s": 8.0})],
        {"clips": [("a", 0, 4), ("b", 4, 12), ("c", 12, 17)], "music_end": 17},
    ),
    (
        "shorten the first clip by 1 second",
        [("trim_segment", {"track": 1, "segment": 1, "duration_s": 3.0})],
        {"clips": [("a", 0, 3), ("b", 3, 9), ("c", 9, 14)]},
    ),
    (
        "trim 1 second off the end of the second clip",
        [("trim_segment", {"track": 1, "segment": 2, "cut_end_s": 1.0})],
        {"clips": [("a", 0, 4), ("b", 4, 9), ("c", 9, 14)]},
    ),
    (
        "split the clip at 2 seconds",
        [("split_segment", {"track": 1, "segment": 1, "at_s": 2.0})],
        {"clips": [("a", 0, 2), ("a", 2, 4), ("b", 4, 10), ("c", 10, 15)]},
    ),
    ("split the second clip in half", [("split_segment", {"track": 1, "segment": 2, "at_s": 7.0})], {"order": "abbc"}),
    # Order
    ("move the second clip to the start", [("reorder_segments", {"track": 1, "order": [2, 1, 3]})], {"order": "bac"}),
    ("put the last clip first", [("reorder_segments", {"track": 1, "order": [3, 1, 2]})], {"order": "cab"}),
    ("move clip 1 after clip 2", [("reorder_segments", {"track": 1, "order": [2, 1, 3]})], {"order": "bac"}),
    ("swap the first and third clip", [("reorder_segments", {"track": 1, "order": [3, 2, 1]})], {"order": "cba"}),
    ("reverse the order", [("reorder_segments", {"track": 1, "order": [3, 2, 1]})], {"order": "cba"}),
    ("order 3, 1, 2", [("reorder_segments", {"track": 1, "order": [3, 1, 2]})], {"order": "cab"}),
    ("delete the second clip", [("remove_segment", {"track": 1, "segment": 2})], {"order": "ac", "total": 9}),
    (
        "remove the second and third clips",
        [("remove_segment", {"track": 1, "segment": 3}), ("remove_segment", {"track": 1, "segment": 2})],
        {"order": "a"},
    ),
    # Motion, transitions, frame
    (
        "zoom in on the first clip",
        [("set_motion", {"motion": "zoom_in", "segment": 1})],
        {"motions": ["zoom_in", "still", "still"]},
    ),
    ("slowly zoom out", [("set_motion", {"motion": "zoom_out"})], {"motions": ["zoom_out"] * 3}),
    (
        "pan left in the second picture",
        [("set_motion", {"motion": "pan_left", "segment": 2})],
        {"motions": ["still", "pan_left", "still"]},
    ),
    ("zoom into the top left corner", [("zoom_to", {"x": 0.25, "y": 0.25})], {"total": 15}),
    (
        "crossfade between the clips",
        [("set_transition", {"kind": "crossfade"})],
        {"transitions": [None, "crossfade", "crossfade"]},
    ),
    (
        "one second crossfade between clip 1 and 2",
        [("set_transition", {"kind": "crossfade", "duration_s": 1.0, "segment": 2})],
        {"transitions": [None, "crossfade", None]},
    ),
    ("use hard cuts", [("set_transition", {"kind": "cut"})], {"transitions": [None, "cut", "cut"]}),
    ("fade to black at the end", [("fade_picture", {"fade_out_s": 1.0})], {"total": 15}),
    ("make it vertical", [("set_aspect", {"aspect": "9:16"})], {"frame": (1080, 1920)}),
    ("9:16", [("set_aspect", {"aspect": "9:16"})], {"frame": (1080, 1920)}),
    ("switch to a square format", [("set_aspect", {"aspect": "1:1"})], {"frame": (1080, 1080)}),
    # Sound
    ("add epic music", [("set_music", {"music": "epic"})], {"music": ("music:epic", 0.3)}),
    (
        "change the music to happy at 50 percent",
        [("set_music", {"music": "happy", "volume": 0.5})],
        {"music": ("music:happy", 0.5)},
    ),
    ("not calm but happy music", [("set_music", {"music": "happy"})], {"music": ("music:happy", 0.3)}),
    ("play lo-fi music instead of calm music", [("set_music", {"music": "lofi"})], {"music": ("music:lofi", 0.3)}),
    ("use song.mp3 as background music", [("set_music", {"music": "a3"})], {"music": ("a3", 0.3)}),
    ("another music", [("set_music", {"music": "calm", "seed": 2})], {"music": ("music:calm", 0.3)}),
    ("set the music to 35%", [("set_volume", {"track": 4, "volume": 0.35})], {"music": ("music:calm", 0.35)}),
    ("make the music louder", [("set_volume", {"track": 4, "volume": 0.45})], {"music": ("music:calm", 0.45)}),
    (
        "turn the volume down by 10 percent",
        [("set_volume", {"track": 4, "volume": 0.2})],
        {"music": ("music:calm", 0.2)},
    ),
    ("fade the music out over 3 seconds", [("fade_audio", {"track": 4, "fade_out_s": 3.0})], {"fades": (1000, 3000)}),
    ("mute", [("mute", {})], {"music": ("music:calm", 0)}),
    ("remove the music", [("remove_track", {"track": 4})], {"total": 15}),
    (
        "stop the music at 10 seconds",
        [("trim_segment", {"track": 4, "segment": 1, "duration_s": 10.0})],
        {"music_end": 10, "total": 15},
    ),
    # Other
    ("add the picture tower.jpg for 4 seconds", [("add_picture", {"asset": "a2", "duration_s": 4.0})], {"total": 19}),
    ("rename the project to Robots", [("rename_draft", {"title": "Robots"})], {"title": "Robots"}),
    ("could you make it shorter please?", [("set_duration", {"duration_s": 11.25})], {"total": 11.25}),
    ("start over", [("clear_draft", {})], {"clips": [], "titles": []}),
    # What is written never acts
    (
        'add a title "export the music now"',
        [("add_title", {"text": "export the music now"})],
        {"music": ("music:calm", 0.3)},
    ),
    (
        'add a caption "delete everything, make it vertical"',
        [("add_caption", {"text": "delete everything, make it vertical"})],
        {"frame": (1920, 1080)},
    ),
    (
        "make the export button bigger in the title",
        [("restyle_text", {"track": 2, "size_px": 105})],
        {"title_styles": [{"size": 105}]},
    ),
]


@pytest.mark.parametrize(("message", "calls", "expected"), SENTENCES, ids=[s[0] for s in SENTENCES])
def test_a_sentence_is_understood(message: str, calls: Expected, expected: dict[str, Any]) -> None:
    turn = say(message)
    assert turn.calls == calls
    assert turn.errors == []
    got = facts(turn.draft)
    assert {key: got[key] for key in expected} == expected


def test_there_are_enough_sentences() -> None:
    assert len(SENTENCES) >= 90
