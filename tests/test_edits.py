"""Edits of a draft, told as a user would see them, on our own drafts and on ones as the cloud sends them."""

from __future__ import annotations

import numpy as np
import pytest

from ipynemo import edits
from ipynemo.draft import Draft
from ipynemo.errors import DraftError, NoSuchSegmentError, NoSuchTrackError


def clip() -> Draft:
    """Three pictures of 4, 6 and 5 s, a title over the first, captions over the others, music under all."""
    draft = edits.blank()
    for name, duration_s in (("a", 4), ("b", 6), ("c", 5)):
        draft = edits.add_picture(draft, f"asset-{name}", name=name, duration_s=duration_s)
    draft = edits.add_title(draft, "Hello", start_s=0, duration_s=3)
    draft = edits.add_caption(draft, "second", start_s=5, duration_s=4)
    draft = edits.add_caption(draft, "third", start_s=11, duration_s=4)
    return edits.set_music(draft, "calm")


def cloud() -> Draft:
    """A draft as the vendor's backend sends it: no ids, no starts, keys that we do not know."""
    return Draft(
        {
            "t": [
                {"tt": 0, "sg": [{"d": 4000, "x": 1}, {"d": 6000, "y": {"z": [1, None]}}]},
                {"tt": 1, "n": "BGM", "sg": [{"d": 10000, "vol": 1, "n": "Lo-fi"}], "k": "v"},
                {"tt": 7, "sg": [{"tx": "One", "d": 4000}, {"tx": "Two", "d": 6000}]},
                {"tt": 42, "sg": [{"d": 10000}], "odd": True},
            ],
            "future": {"key": 1},
        }
    )


def spans(draft: Draft, track: int) -> list[tuple[float, float]]:
    return [(s.start_s, s.end_s) for s in draft.track(track).segments]


def test_a_new_clip_has_its_tracks_in_order_and_its_length_written() -> None:
    draft = clip()
    assert [t.name for t in draft.tracks] == ["Pictures", "Title", "Captions", "Music"]
    assert spans(draft, 1) == [(0, 4), (4, 10), (10, 15)]
    assert spans(draft, 4) == [(0, 15)]
    assert draft.raw["d"] == 15000
    assert (draft.width_px, draft.height_px) == (1920, 1080)
    assert [s.id for t in draft.tracks for s in t.segments] == ["s1", "s2", "s3", "s4", "s5", "s6", "s7"]


def test_trimming_the_first_clip_moves_the_later_clips_up_and_their_texts_with_them() -> None:
    draft = edits.trim_segment(clip(), 1, 1, duration_s=2)
    assert spans(draft, 1) == [(0, 2), (2, 8), (8, 13)]
    assert spans(draft, 2) == [(0, 2)]
    assert spans(draft, 3) == [(3, 7), (9, 13)]
    assert spans(draft, 4) == [(0, 13)]
    assert draft.raw["d"] == 13000


def test_trimming_the_first_clip_keeps_later_clips_in_place() -> None:
    draft = edits.trim_segment(clip(), 1, 1, duration_s=2, ripple=False)
    assert spans(draft, 1) == [(0, 2), (4, 10), (10, 15)]
    assert spans(draft, 3) == [(5, 9), (11, 15)]
    assert spans(edits.trim_segment(cloud(), 1, 1, duration_s=1, ripple=False), 1) == [(0, 1), (4, 10)]


def test_trimming_the_start_of_a_video_begins_later_in_it() -> None:
    draft = edits.add_picture(edits.blank(), "v", duration_s=8, media="video", in_s=1)
    draft = edits.trim_segment(draft, 1, 1, cut_start_s=3)
    assert spans(draft, 1) == [(0, 5)]
    assert draft.track(1).segment(1).in_ms == 4000


def test_holding_a_clip_longer_makes_room_and_the_music_goes_on_to_the_end() -> None:
    draft = edits.trim_segment(clip(), 1, 2, duration_s=8)
    assert spans(draft, 1) == [(0, 4), (4, 12), (12, 17)]
    assert spans(draft, 3) == [(5, 9), (13, 17)]
    assert spans(draft, 4) == [(0, 17)]


def test_trimming_a_text_leaves_everything_else_in_place() -> None:
    draft = edits.trim_segment(clip(), 3, 1, duration_s=1)
    assert spans(draft, 3) == [(5, 6), (11, 15)]
    assert spans(draft, 1) == [(0, 4), (4, 10), (10, 15)]


def test_cutting_a_range_takes_it_out_of_every_track() -> None:
    draft = edits.cut_range(clip(), 2, 6)
    assert spans(draft, 1) == [(0, 2), (2, 6), (6, 11)]
    assert spans(draft, 2) == [(0, 2)]
    assert spans(draft, 3) == [(2, 5), (7, 11)]
    assert spans(draft, 4) == [(0, 11)]


def test_cutting_inside_a_picture_shortens_it_and_inside_a_video_leaves_two_pieces() -> None:
    picture = edits.add_picture(edits.blank(), "p", duration_s=10)
    assert spans(edits.cut_range(picture, 2, 5), 1) == [(0, 7)]
    video = edits.add_picture(edits.blank(), "v", duration_s=10, media="video")
    cut = edits.cut_range(video, 2, 5)
    assert spans(cut, 1) == [(0, 2), (2, 7)]
    assert [s.in_ms for s in cut.track(1).segments] == [0, 5000]
    assert [s.id for s in cut.track(1).segments] == ["s1", "s2"]


def test_cutting_a_cloud_draft_keeps_what_we_do_not_know() -> None:
    raw = edits.cut_range(cloud(), 3, 5).raw
    assert raw["future"] == {"key": 1}
    assert raw["t"][0]["sg"] == [{"d": 3000, "x": 1, "st": 0}, {"d": 5000, "y": {"z": [1, None]}, "st": 3000}]
    assert raw["t"][1]["k"] == "v"
    assert raw["t"][3]["odd"] is True
    assert "d" not in raw


@pytest.mark.parametrize(("from_s", "to_s"), [(5, 5), (6, 5), (20, 30), (0, 15), (0, 99)])
def test_cutting_nothing_or_everything_is_refused(from_s: float, to_s: float) -> None:
    with pytest.raises(DraftError):
        edits.cut_range(clip(), from_s, to_s)


def test_splitting_a_video_gives_two_clips_that_play_on() -> None:
    video = edits.add_picture(edits.blank(), "v", duration_s=10, media="video", in_s=2)
    draft = edits.split_segment(video, 1, 1, 4)
    assert spans(draft, 1) == [(0, 4), (4, 10)]
    assert [s.in_ms for s in draft.track(1).segments] == [2000, 6000]


def test_splitting_a_moving_picture_lets_the_motion_go_on() -> None:
    motion = {"from": [0.5, 0.5, 1.0], "to": [0.25, 0.5, 2.0], "ease": "linear"}
    draft = edits.split_segment(edits.add_picture(edits.blank(), "p", duration_s=4, motion=motion), 1, 1, 2)
    first, second = (s.meta["motion"] for s in draft.track(1).segments)
    assert first == {"from": [0.5, 0.5, 1.0], "to": [0.375, 0.5, 1.5], "ease": "linear"}
    assert second == {"from": [0.375, 0.5, 1.5], "to": [0.25, 0.5, 2.0], "ease": "linear"}


def test_splitting_a_drawn_scene_lets_it_go_on() -> None:
    scene = {"id": "a", "st": 0, "d": 4000, "src": "p", "m": {"scene": "noising", "about": {}}}
    draft = Draft({"t": [{"tt": 0, "sg": [scene]}], "m": {}})
    twice = edits.split_segment(edits.split_segment(draft, 1, 1, 1), 1, 2, 2.5)
    assert [s.meta["part"] for s in twice.track(1).segments] == [[0, 0.25], [0.25, 0.625], [0.625, 1]]
    assert "part" not in edits.split_segment(edits.add_picture(edits.blank(), "p", duration_s=4), 1, 1, 2).to_json()


def test_splitting_outside_a_segment_is_refused_with_its_times() -> None:
    with pytest.raises(DraftError, match=r"12 s is not inside segment 1 on track 1 \(0–4 s\)"):
        edits.split_segment(clip(), 1, 1, 12)


def test_moving_a_text_changes_only_its_start() -> None:
    assert spans(edits.move_segment(clip(), 2, 1, 7), 2) == [(7, 10)]
    assert spans(edits.move_segment(cloud(), 3, 1, 1), 3) == [(1, 5), (4, 10)]


def test_moving_a_clip_puts_it_in_its_place_among_the_others_and_its_texts_travel_along() -> None:
    draft = edits.move_segment(clip(), 1, 3, 0)
    assert [s.name for s in draft.track(1).segments] == ["c", "a", "b"]
    assert spans(draft, 1) == [(0, 5), (5, 9), (9, 15)]
    assert [(s.text, s.start_s) for s in draft.track(3).segments] == [("third", 1.0), ("second", 10.0)]
    assert spans(draft, 2) == [(5, 8)]


def test_reordering_needs_every_number_once() -> None:
    assert [s.name for s in edits.reorder_segments(clip(), 1, [2, 3, 1]).track(1).segments] == ["b", "c", "a"]
    for order in ([1, 2], [1, 1, 2], [0, 1, 2], []):
        with pytest.raises(DraftError):
            edits.reorder_segments(clip(), 1, order)


def test_removing_a_clip_closes_the_gap_and_takes_its_captions() -> None:
    draft = edits.remove_segment(clip(), 1, 2)
    assert spans(draft, 1) == [(0, 4), (4, 9)]
    assert [s.text for s in draft.track(3).segments] == ["third"]
    assert spans(draft, 4) == [(0, 9)]
    left = edits.remove_segment(clip(), 1, 2, ripple=False)
    assert spans(left, 1) == [(0, 4), (10, 15)]
    assert [s.text for s in left.track(3).segments] == ["second", "third"]


def test_scaling_the_whole_clip_keeps_it_free_of_gaps() -> None:
    draft = edits.set_duration(clip(), 10)
    assert spans(draft, 1) == [(0, 2.667), (2.667, 6.667), (6.667, 10)]
    assert spans(draft, 4) == [(0, 10)]
    assert draft.raw["d"] == 10000
    assert draft.duration_s == 10


def test_scaling_a_clip_does_not_slow_its_narration() -> None:
    raw = clip().raw
    raw["t"].append({"tt": 1, "sg": [{"src": "voice", "st": 3000, "d": 5000}]})
    assert spans(edits.set_duration(Draft(raw), 30), 5) == [(6, 11)]
    assert spans(edits.set_duration(Draft(raw), 5), 5) == [(1, 5)]


def test_texts_are_added_changed_and_styled() -> None:
    draft = edits.add_title(clip(), "Second", start_s=9, duration_s=2, place="top", size_px=60, color="#FF0000")
    assert [(s.text, s.start_s) for s in draft.track(2).segments] == [("Hello", 0), ("Second", 9)]
    style = {"role": "title", "place": "top", "size": 60, "color": "#ff0000"}
    assert draft.track(2).segment(2).meta["style"] == style
    draft = edits.restyle_text(draft, 2, 2, bold=False, place=(0.5, 0.25))
    assert draft.track(2).segment(2).meta["style"] == style | {"bold": False, "place": [0.5, 0.25]}
    assert edits.set_text(draft, 2, 1, "Bonjour").track(2).segment(1).text == "Bonjour"


def test_sound_is_set_muted_and_given_back() -> None:
    draft = edits.set_volume(clip(), track=4, volume=0.35)
    muted = edits.mute(draft, 4)
    assert muted.track(4).segment(1).volume == 0
    assert edits.mute(muted, 4, muted=False) == draft
    faded = edits.fade_audio(draft, 4, fade_in_s=2, fade_out_s=99)
    assert faded.track(4).segment(1).meta["fade_in_ms"] == 2000
    assert faded.track(4).segment(1).meta["fade_out_ms"] == 15000


def test_new_music_takes_the_place_and_the_volume_of_the_old() -> None:
    draft = edits.set_music(edits.set_volume(clip(), 4, 0.6), "epic")
    assert [t.kind for t in draft.tracks] == ["video", "text", "text", "audio"]
    assert (draft.track(4).segment(1).source, draft.track(4).segment(1).volume) == ("music:epic", 0.6)


def test_the_frame_and_the_pictures_are_set() -> None:
    draft = edits.set_aspect(clip(), "9:16")
    assert (draft.width_px, draft.height_px) == (1080, 1920)
    draft = edits.set_transition(draft, "crossfade", duration_s=0.5)
    assert [s.meta.get("transition") for s in draft.track(1).segments] == [
        None,
        {"kind": "crossfade", "d": 500},
        {"kind": "crossfade", "d": 500},
    ]
    draft = edits.set_motion(draft, "zoom_in", segment=2)
    assert [s.meta["motion"] for s in draft.track(1).segments] == ["still", "zoom_in", "still"]
    assert [s.meta["fit"] for s in edits.set_fit(draft, "blur").track(1).segments] == ["blur"] * 3
    faded = edits.fade_picture(draft, fade_in_s=1, fade_out_s=2)
    assert faded.track(1).segment(1).meta["transition"] == {"kind": "fade", "d": 1000}
    assert faded.track(1).segment(3).meta["fade_out_ms"] == 2000


def test_names_are_changed() -> None:
    draft = edits.rename_track(edits.set_title(clip(), "Robots"), 4, "Quiet")
    assert (draft.title, draft.track(4).name) == ("Robots", "Quiet")
    assert [t.name for t in edits.remove_track(draft, 2).tracks] == ["Pictures", "Captions", "Quiet"]


def test_a_picture_put_first_moves_the_others_and_their_texts_back() -> None:
    draft = edits.add_picture(clip(), "z", duration_s=2, position=1)
    assert [(s.source, s.start_s) for s in draft.track(1).segments][:2] == [("z", 0), ("asset-a", 2)]
    assert spans(draft, 3) == [(7, 11), (13, 17)]


def test_wrong_numbers_and_values_are_refused_with_help() -> None:
    with pytest.raises(NoSuchSegmentError, match="no segment 7 on track 3"):
        edits.set_text(clip(), 3, 7, "x")
    with pytest.raises(NoSuchTrackError):
        edits.set_volume(clip(), 9, 0.5)
    with pytest.raises(DraftError, match="0 to 1"):
        edits.set_volume(clip(), 4, 35)
    with pytest.raises(DraftError, match="Track 1 is video, not text"):
        edits.set_text(clip(), 1, 1, "x")
    with pytest.raises(DraftError, match="no sound"):
        edits.set_volume(clip(), 2, 0.5)
    with pytest.raises(DraftError, match="#rrggbb"):
        edits.restyle_text(clip(), 2, color="red")
    with pytest.raises(DraftError, match="16:9, 9:16, 1:1"):
        edits.set_aspect(clip(), "4:3")
    with pytest.raises(DraftError):
        edits.trim_segment(clip(), 1, 1, duration_s=float("nan"))
    with pytest.raises(DraftError, match="Nothing would be left"):
        edits.trim_segment(clip(), 1, 1, cut_start_s=5)


def test_an_edit_leaves_the_draft_it_started_from_as_it_was() -> None:
    draft = clip()
    before = draft.to_json()
    edits.cut_range(edits.mute(edits.set_duration(draft, 7)), 1, 2)
    assert draft.to_json() == before


def test_what_was_removed_gives_its_id_to_nothing_else() -> None:
    draft = edits.remove_segment(edits.remove_segment(clip(), 3, 1), 1, 2)
    assert [s.id for t in draft.tracks for s in t.segments] == ["s1", "s3", "s4", "s6", "s7"]
    added = edits.add_caption(draft, "new", start_s=0)
    assert [s.id for s in added.track(3).segments] == ["s8", "s6"]
    other = edits.set_music(added, "happy")  # in place of s7, which is gone with this very edit
    assert other.track(4).segment(1).id == "s9"
    assert edits.remove_track(draft, 2).diff(edits.add_title(edits.remove_track(draft, 2), "Hi")) == [
        "Title added: 'Hi' (0–3 s)"
    ]
    ids = [t.raw["id"] for t in edits.add_title(edits.remove_track(draft, 2), "Hi").tracks]
    assert ids == ["t1", "t3", "t4", "t5"]


def test_foreign_ids_are_no_numbers_to_count_from() -> None:
    odd = Draft({"t": [{"tt": 7, "id": 5, "sg": [{"id": "s٣"}, {"id": "s" + "9" * 30}, {"id": "s-4"}, {"id": "s2"}]}]})
    assert edits.add_text(odd, "x").track(2).segment(1).id == "s3"


def test_numbers_of_numpy_are_numbers() -> None:
    one, two, three = np.array([1, 2, 3])
    half = np.float32(0.5)
    draft = clip()
    assert draft.track(one).segment(np.uint8(2)).name == "b"
    assert edits.trim_segment(draft, one, one, duration_s=two) == edits.trim_segment(draft, 1, 1, duration_s=2)
    assert edits.move_segment(draft, one, three, np.float64(0)) == edits.move_segment(draft, 1, 3, 0)
    assert edits.reorder_segments(draft, one, np.array([3, 1, 2])) == edits.reorder_segments(draft, 1, [3, 1, 2])
    assert edits.remove_segment(draft, three, one) == edits.remove_segment(draft, 3, 1)
    assert edits.split_segment(draft, one, two, np.int64(6)) == edits.split_segment(draft, 1, 2, 6)
    assert edits.set_text(draft, two, one, "x") == edits.set_text(draft, 2, 1, "x")
    assert edits.restyle_text(draft, two, place=(half, one), size_px=np.int16(40), bold=np.bool_(True)) == (
        edits.restyle_text(draft, 2, place=(0.5, 1), size_px=40, bold=True)
    )
    assert edits.set_volume(draft, np.int8(4), half, one) == edits.set_volume(draft, 4, 0.5, 1)
    assert edits.set_music(draft, "epic", seed=two) == edits.set_music(draft, "epic", seed=2)
    assert edits.add_picture(draft, "a", duration_s=two, position=one, in_s=half) == (
        edits.add_picture(draft, "a", duration_s=2, position=1, in_s=0.5)
    )
    view = {"from": np.array([half, half, 1.5]).tolist(), "to": [half, half, one]}
    assert edits.set_motion(draft, view, track=one) == (
        edits.set_motion(draft, {"from": [0.5, 0.5, 1.5], "to": [0.5, 0.5, 1]}, track=1)
    )


@pytest.mark.parametrize("number", [True, np.bool_(True), 1.0, np.float64(1), "1", None, np.array([1, 2])])
def test_what_is_no_whole_number_names_no_track(number: object) -> None:
    with pytest.raises(NoSuchTrackError):
        clip().track(number)  # type: ignore[arg-type]
    with pytest.raises(NoSuchTrackError):
        edits.rename_track(clip(), number, "x")  # type: ignore[arg-type]
    with pytest.raises(NoSuchSegmentError):
        edits.set_text(clip(), 2, number, "x")  # type: ignore[arg-type]


def test_a_time_beyond_all_bounds_is_refused_and_told() -> None:
    with pytest.raises(DraftError, match="start_s is 1e\\+15 s"):
        edits.move_segment(clip(), 2, 1, 10**400)
