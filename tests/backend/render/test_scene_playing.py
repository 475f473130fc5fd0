"""Drawn scenes in a film: the same frames however it is cut, no flashes, and nothing that could break it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from render_kit import draft_of, picture_like, plain, seg, video
from scene_kit import FIELDS, clip_of, rgb_of

from ipynemo import edits
from ipynemo.backend.render import MissingAssetError, check, still
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.motion import Motion
from ipynemo.backend.render.plan import build, plan
from ipynemo.backend.render.scene import Shot, to_scene
from ipynemo.backend.render.scenes import SCENES, noted
from ipynemo.backend.render.scenes.stage import Box, Moment, Stage
from ipynemo.draft.drawn import DRAWN

if TYPE_CHECKING:
    from pathlib import Path

    from ipynemo.draft import Draft

ABOUTS: dict[str, dict[str, Any]] = {
    "evidence": {"cards": [{"level": "stated", "label": "Stated", "text": "made with Z"}] * 3, "foot": "no more"},
    "pixels": {"swatches": [{"color": "#fa0", "share": 1}], "labels": {"count": "many", "pixel": "one"}},
    "noising": {"mark": 250, "labels": FIELDS},
    "denoising": {"badge": "An illustration", "labels": FIELDS},
    "limits": {"heading": "Open", "lines": ["one", "two"]},
}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("playing") / "p.png"
    Image.fromarray(picture_like(240, 160)).save(path)
    return path


def _shot(draft: Draft) -> Shot:
    (shot,) = to_scene(draft).layers[0]
    assert isinstance(shot, Shot)
    return shot


def test_every_scene_of_a_draft_has_a_drawing_and_the_other_way_round() -> None:
    assert set(SCENES) == set(DRAWN)


def test_a_scene_is_drawn_only_where_it_is_told_about_what() -> None:
    assert _shot(clip_of("limits", {"lines": []})).about == '{"lines": []}'
    for scene, about in (
        ("limits", None),
        ("limits", "words"),
        ("limits", ["x"]),
        ("opening", {}),
        ("gallop", {}),
        ("", {}),
    ):
        shot = _shot(clip_of(scene, about))
        assert (shot.scene, shot.about) == (None, None)


def test_a_drawn_scene_has_no_sound_of_its_own() -> None:
    assert _shot(clip_of("evidence", {})).volume == 0
    assert to_scene(clip_of("evidence", {})).sounds == ()


@pytest.mark.parametrize("scene", ABOUTS)
def test_frames_are_the_same_in_any_order_and_cut_anywhere(picture: Path, scene: str) -> None:
    draft = clip_of(scene, ABOUTS[scene], d=10_000, size=(160, 90))
    chunks = plan(draft, {"p": picture})
    assert [(chunk.start, chunk.frames) for chunk in chunks] == [(0, 120), (120, 120), (240, 60)]
    numbers = [0, 40, 119, 120, 121, 200, 299]
    whole = rgb_of(draft, picture, numbers)
    with closing(Composer(to_scene(draft), {"p": picture})) as film:
        again = {n: film.frame(n).rgb for n in numbers[::-1]}
    assert all(np.array_equal(again[n], frame) for n, frame in zip(numbers, whole, strict=True))
    for chunk in chunks:
        with closing(Composer(chunk.scene, {"p": picture})) as film:
            for number, frame in zip(numbers, whole, strict=True):
                if chunk.start <= number < chunk.start + chunk.frames:
                    assert np.array_equal(film.frame(number - chunk.start).rgb, frame), number


def test_the_second_half_of_a_split_scene_goes_on(picture: Path) -> None:
    whole = clip_of("noising", {"last": 999}, 2000)
    halves = edits.split_segment(whole, 1, 1, 1)
    before = rgb_of(whole, picture, [0, 15, 30])
    after = rgb_of(halves, picture, [0, 15, 30])
    assert [float(np.abs(a.astype(int) - b.astype(int)).mean()) < 3 for a, b in zip(before, after, strict=True)] == [
        True
    ] * 3
    assert float(np.abs(before[0].astype(int) - before[2].astype(int)).mean()) > 10
    odd = [[1, 0], [0.5, 0.5], "all", [None, 1e-9], [0.2, 0.4, 0.6]]
    assert {to_scene(clip_of("limits", {}, part=given)).layers[0][0].part for given in odd} == {(0.0, 1.0)}


def test_what_is_told_and_the_form_without_motion_are_in_a_chunks_key(picture: Path) -> None:
    def key(**more: Any) -> str:
        about = {"heading": "A"} | more.pop("about", {})
        (chunk,) = plan(clip_of("limits", about, **more), {"p": picture})
        return chunk.key

    keys = {key(), key(about={"heading": "B"}), key(about={"lines": ["x"]}), key(motion="reduced"), key(src=None)}
    assert len(keys) == 5
    assert key() == key()
    assert key() == key(about={"heading": "A"}, vol=0.3)


def test_the_data_of_scenes_belong_to_the_build() -> None:
    module = sys.modules["ipynemo.backend.render.plan"]
    folder = module.Path(module.__file__).parent / "scenes"
    seen: list[Any] = []

    class Counting:
        def update(self, data: bytes) -> None:
            seen.append(data)

        def hexdigest(self) -> str:
            return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.hashlib, "blake2b", lambda **_: Counting())
        module._own_code()
    hashed = b"".join(seen)
    assert (folder / "data" / "tiny_trajectory.png").read_bytes() in hashed
    assert (folder / "noising.py").read_bytes() in hashed
    assert "noising" not in build()


def test_a_scene_without_its_picture_is_named_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match="segment 1 of track 1"):
        check(clip_of("pixels", {}, src=None), {})
    with pytest.raises(MissingAssetError, match="'p'"):
        check(clip_of("evidence", {}), {"p": tmp_path / "gone.png"})
    for scene in ("noising", "limits", "evidence"):
        check(clip_of(scene, {}, src=None), {})
        assert plan(clip_of(scene, {}, src=None), {})[0].sources == frozenset()


def test_a_moment_of_a_scene_is_a_preview(picture: Path) -> None:
    jpeg = still(clip_of("denoising", ABOUTS["denoising"], size=(640, 360)), {"p": picture}, 1.0, height_px=180)
    assert jpeg[:2] == b"\xff\xd8"
    assert still(clip_of("limits", {"heading": "x"}, src=None), {}, 0.5)[:2] == b"\xff\xd8"


def test_scenes_dissolve_into_each_other_and_fade_out(picture: Path) -> None:
    fade = {"kind": "crossfade", "d": 400}
    parts = [
        seg(0, 1000, src="p", scene="noising", about=ABOUTS["noising"]),
        seg(1000, 1000, src="p", scene="denoising", about=ABOUTS["denoising"], transition=fade, fade_out_ms=300),
    ]
    with closing(Composer(to_scene(draft_of(video(*parts))), {"p": picture})) as film:
        before, during, after, end = (film.frame(n).rgb.astype(float) for n in (29, 36, 43, 59))
    assert np.abs(during - (before + after) / 2).mean() < 12
    assert end.max() < 60


def test_in_the_form_without_motion_the_camera_stands_still() -> None:
    move = {"from": [0.2, 0.5, 1.5], "to": [0.8, 0.5, 1.5]}
    crop = {"from": [0.2, 0.5, 1.5], "to": [0.2, 0.5, 1.5]}
    for motion, stands in (("zoom_in", True), (move, True), (crop, False)):
        draft = draft_of(video(seg(0, 1000, src="p", motion=motion)), motion="reduced")
        assert (_shot(draft).motion == Motion()) is stands
        assert to_scene(draft).reduced
    assert not to_scene(draft_of(video(seg(0, 1000, src="p")))).reduced


_ODD: list[Any] = [
    None, True, 0, -1, 1e308, 10**400, "", "x" * 50_000, "\u202e\u200b\u3164" * 20, "🧑‍🚀" * 30, "שלום עולם",
    "\x00\n\r\t", [], [[]] * 9, {}, {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, [None] * 10_000,
    "{t}{0}{x!r}", "%s", "\ud800",
]  # fmt: skip
_KEYS = [
    "cards", "more", "foot", "badge", "from", "last", "mark", "labels", "spot", "swatches", "heading", "lines", "level",
    "label", "text", "source", "note", "signal", "noise", "step", "count", "pixel", "palette", "color", "share",
]  # fmt: skip


def _odd(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random() if depth < 3 else 1.0
    if kind < 0.3:
        return {rng.choice(_KEYS): _odd(rng, depth + 1) for _ in range(rng.randint(0, 6))}
    if kind < 0.5:
        return [_odd(rng, depth + 1) for _ in range(rng.randint(0, 8))]
    return rng.choice(_ODD)


@pytest.mark.parametrize("scene", ABOUTS)
def test_whatever_a_scene_is_told_it_is_drawn(tmp_path: Path, scene: str) -> None:
    path = plain(tmp_path / "p.png", (200, 90, 30), (37, 23))
    rng = random.Random(scene)
    for _ in range(14):
        about = {key: _odd(rng) for key in rng.sample(_KEYS, rng.randint(1, 12))}
        size = rng.choice([(64, 64), (96, 64), (64, 128), (640, 64)])
        motion = {"motion": "reduced"} if rng.random() < 0.3 else {}
        draft = clip_of(scene, about, d=rng.choice([34, 100, 3000]), size=size, **motion)
        for frame in rgb_of(draft, path, [0, -2, -1]):
            assert frame.shape == (size[1], size[0], 3)


def test_what_a_scene_is_told_is_cut_to_what_can_be_shown() -> None:
    told = noted({"a": "x" * 10**6, "b": list(range(10_000)), "c": 10**400, "d": {"e": {"f": {"g": {"h": {"i": {}}}}}}})
    assert (len(told["a"]), len(told["b"]), told["c"]) == (2_000, 40, None)
    assert json.dumps(told["d"]) == '{"e": {"f": {"g": {"h": {"i": null}}}}}'
    assert len(noted({str(n): n for n in range(10_000)})) == 40
    assert len(_shot(clip_of("limits", {"heading": "x" * 10**6})).about or "") < 2_100


def test_layouts_keep_the_safe_margins_and_the_captions_free() -> None:
    for size, shape in (((1920, 1080), "wide"), ((1080, 1920), "tall"), ((1080, 1080), "square")):
        stage = Stage(size)
        assert stage.shape == shape
        assert stage.room.left == stage.room.top == pytest.approx(59.4)
        assert stage.room.bottom <= 0.85 * size[1]
        picture, text = stage.split(0.5)
        side_by_side = picture.right < text.left
        assert side_by_side is (shape == "wide")
        assert side_by_side or picture.bottom < text.top
        assert Box(0, 0, 100, 50).fitted((10, 10)) == Box(25, 0, 75, 50)
    assert Stage((1920, 1080)).room.bottom == pytest.approx(0.83 * 1080)


def test_things_come_in_smoothly_and_at_once_in_the_form_without_motion() -> None:
    came = [Moment(n / 100, 5.0).came(0.2, 0.5) for n in range(101)]
    assert came[20] == 0
    assert came[31] == 1
    assert max(np.diff(came)) < 0.16
    settled = Moment(0.2, 5.0, settled=True)
    assert (settled.came(0.2), settled.came(0.21)) == (1.0, 0.0)


def _badness(film: list[bytes], size: tuple[int, int]) -> float:
    """Return the worst that FFmpeg's `photosensitivity` finds, 1 being too much; a second of the first frame precedes.

    The filter counts what comes before the first frame as black; that is no flash of the film.
    """
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None, "the flash check needs ffmpeg"
    before = 45
    command = [
        ffmpeg, "-hide_banner", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p",
        "-s", f"{size[0]}x{size[1]}", "-r", "30", "-i", "-",
        "-vf", "photosensitivity=bypass=1,metadata=print:file=-", "-f", "null", "-",
    ]  # fmt: skip
    done = subprocess.run(command, input=b"".join([film[0]] * before + film), capture_output=True, check=True)
    told = [line for line in done.stdout.decode().splitlines() if line.startswith("lavfi.photosensitivity.badness=")]
    assert len(told) == before + len(film)
    return max(float(line.partition("=")[2]) for line in told[before:])


def test_the_flash_check_finds_flashes() -> None:
    film = [bytes([16 if n // 4 % 2 else 235] * (320 * 180 * 3 // 2)) for n in range(30)]
    assert _badness(film, (320, 180)) > 2
    assert _badness(film[:1] * 30, (320, 180)) < 0.05


@pytest.mark.parametrize(
    ("scene", "d"), [("evidence", 2400), ("pixels", 3000), ("noising", 2400), ("denoising", 2400), ("limits", 1200)]
)
def test_scenes_at_their_shortest_do_not_flash(tmp_path: Path, scene: str, d: int) -> None:
    rings = np.hypot(*np.meshgrid(np.arange(600) - 300, np.arange(400) - 200))  # a zoom into them flickers
    Image.fromarray(np.where(np.log2(rings + 1) * 2 % 2 < 1, 235, 20).astype(np.uint8)).save(tmp_path / "rings.png")
    with closing(Composer(to_scene(clip_of(scene, ABOUTS[scene], d=d)), {"p": tmp_path / "rings.png"})) as film:
        frames = [b"".join(plane.tobytes() for plane, _ in film.frame(n).planes.each) for n in range(film.scene.frames)]
    assert _badness(frames, (320, 180)) < 1
