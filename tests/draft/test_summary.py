"""The timeline in one line: exactly the protocol's form, whatever the names hold."""

import pytest

from ipynemo.draft import Draft
from ipynemo.draft.summary import plain, summary_line


def line(*tracks):
    return summary_line(Draft({"t": list(tracks)}))


CITY = (
    'Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) 3. Title: "Urban Dreams" (0-3s)'
)


def test_the_line_has_exactly_the_form_of_the_protocol():
    assert (
        line(
            {"tt": 0, "sg": [{"n": "city timelapse", "d": 10000}]},
            {"tt": 1, "sg": [{"n": "Lo-fi", "d": 10000, "vol": 0.35}]},
            {"tt": 7, "sg": [{"tx": "Urban Dreams", "d": 3000}]},
        )
        == CITY
    )


def test_a_draft_without_tracks_and_a_track_without_segments_say_so():
    assert line() == "Timeline (0 tracks)"
    assert line({"tt": 0, "sg": []}) == "Timeline (1 track): 1. Video: (empty)"


@pytest.mark.parametrize(
    ("track", "label"),
    [
        ({"tt": 0}, "Video"),
        ({"tt": 1}, "BGM"),
        ({"tt": 7}, "Title"),
        ({"tt": 7, "m": {"role": "caption"}}, "Caption"),
        ({"tt": 7, "m": {"role": "card"}}, "Title"),
        ({"tt": 9}, "Type 9"),
        ({}, "Track"),
        ({"tt": "0"}, "Track"),
        ({"tt": True}, "Track"),
    ],
)
def test_a_track_is_called_by_its_type(track, label):
    assert line(track) == f"Timeline (1 track): 1. {label}: (empty)"


@pytest.mark.parametrize(
    ("segment", "track", "name"),
    [
        ({"n": "a", "src": "s"}, {"n": "b"}, "a"),
        ({"src": "s"}, {"n": "b"}, "b"),
        ({"n": " \n", "src": "s"}, {"n": ""}, "s"),
        ({"src": "https://cdn.example/x/city%20lights.mp4?token=secret#t"}, {}, "city lights.mp4"),
        ({"src": "C:\\clips\\city.mp4"}, {}, "city.mp4"),
        ({"src": "music:lofi"}, {}, "lofi"),
        ({"src": "data:image/png;base64,AAAA"}, {}, "untitled"),
        ({}, {}, "untitled"),
    ],
)
def test_a_segment_is_called_by_the_first_name_that_there_is(segment, track, name):
    assert line({"tt": 0, **track, "sg": [{**segment, "d": 1000}]}) == f"Timeline (1 track): 1. Video: {name} (0-1s)"


def test_a_title_without_words_goes_by_its_name():
    assert line({"tt": 7, "sg": [{"n": "opening", "d": 1000}]}) == "Timeline (1 track): 1. Title: opening (0-1s)"


def test_times_are_whole_or_have_up_to_two_decimals():
    segments = [{"n": "a", "d": 2500}, {"n": "b", "d": 1250}, {"n": "c", "d": 1001}]
    assert line({"tt": 0, "sg": segments}) == "Timeline (1 track): 1. Video: a (0-2.5s), b (2.5-3.75s), c (3.75-4.75s)"


def test_the_fourth_segment_and_the_rest_are_counted():
    segments = [{"n": f"c{i}", "d": 1000} for i in range(10)]
    assert line({"tt": 0, "sg": segments}) == ("Timeline (1 track): 1. Video: c0 (0-1s), c1 (1-2s), c2 (2-3s), +7 more")


def test_a_percentage_stands_only_where_sound_has_a_volume():
    assert line({"tt": 1, "sg": [{"n": "a", "d": 1000}]}).endswith("BGM: a (0-1s)")
    assert line({"tt": 1, "sg": [{"n": "a", "d": 1000, "vol": 0}]}).endswith("BGM: a (0-1s, 0%)")
    assert line({"tt": 1, "sg": [{"n": "a", "d": 1000, "vol": "35"}]}).endswith("BGM: a (0-1s)")
    assert line({"tt": 0, "sg": [{"n": "a", "d": 1000, "vol": 0.5}]}).endswith("Video: a (0-1s)")


def test_names_cannot_break_the_line_or_pose_as_a_part_of_it():
    assert line({"tt": 0, "sg": [{"n": "a\r\nb\u2028c\u202ed\x00e\ud800f", "d": 1000}]}).endswith("a b c d e f (0-1s)")
    long = line({"tt": 7, "sg": [{"tx": "word " * 1000, "d": 1000}]})
    assert long == 'Timeline (1 track): 1. Title: "word word word word word word word word…" (0-1s)'
    assert len(line(*({"tt": 0} for _ in range(5000)))) < 1000


def test_joiners_stay_because_emoji_and_scripts_are_spelt_with_them():
    assert plain("👩\u200d🔬 क्\u200dष") == "👩\u200d🔬 क्\u200dष"
    assert plain("x" * 41) == "x" * 39 + "…"
    assert plain("x" * 40) == "x" * 40
    assert plain(" " * 10_000) == ""
