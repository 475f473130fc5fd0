"""Every effect, drawn in the encoder's planes, beside the same in floats: never further off than 40 dB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from float_reference import reference
from PIL import Image
from render_kit import draft_of, picture_like, psnr, seg, text, video, write_film

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import to_scene

if TYPE_CHECKING:
    from pathlib import Path

LEAST_DB = 40
DISSOLVE = {"transition": {"kind": "crossfade", "d": 1000}}
FADE = {"transition": {"kind": "fade", "d": 1000}}
STRANGE = {"from": [0.4, 0.45, 1.1], "to": [0.6, 0.5, 1.9]}

pytestmark = pytest.mark.usefixtures("drawn_by")  # all of this holds for both samplers


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pictures")
    made = {}
    for name, size in (("wide", (760, 400)), ("photo", (640, 480)), ("tall", (210, 480)), ("small", (90, 50))):
        made[name] = folder / f"{name}.png"
        Image.fromarray(picture_like(*size, seed=len(name))).save(made[name])
    glass = Image.fromarray(picture_like(400, 300, 9)).convert("RGBA")
    glass.putalpha(Image.radial_gradient("L").resize((400, 300)))
    glass.save(folder / "glass.png")
    made["glass"] = folder / "glass.png"
    made["film"] = write_film(folder / "film.mp4", [(n / 30, (40 + 2 * n, 90, 200 - n)) for n in range(45)], (320, 180))
    return made


CASES: dict[str, tuple[list[dict[str, Any]], tuple[int, ...]]] = {
    "a still": ([video(seg(0, 1000, src="photo"))], (3,)),
    "a still, fitted": ([video(seg(0, 1000, src="photo", fit="contain"))], (3,)),
    "a still at odd places": ([video(seg(0, 1000, src="tall", fit="contain"))], (3,)),
    "a still on itself": ([video(seg(0, 1000, src="tall", fit="blur"))], (3,)),
    "a zoom": ([video(seg(0, 3000, src="photo", motion="zoom_in"))], (0, 31, 89)),
    "out of a zoom": ([video(seg(0, 3000, src="wide", motion="zoom_out"))], (0, 44)),
    "a pan": ([video(seg(0, 3000, src="wide", motion="pan_left"))], (0, 50, 89)),
    "a pan upwards": ([video(seg(0, 3000, src="photo", motion="pan_up"))], (20,)),
    "a move of its own": ([video(seg(0, 3000, src="photo", motion=STRANGE))], (0, 30, 60, 89)),
    "a small picture, zoomed": ([video(seg(0, 3000, src="small", motion="zoom_in"))], (40,)),
    "a zoom of a fitted picture": ([video(seg(0, 3000, src="tall", fit="contain", motion="zoom_in"))], (0, 40, 89)),
    "a zoom on itself": ([video(seg(0, 3000, src="tall", fit="blur", motion="zoom_in"))], (40,)),
    "a dissolve": (
        [video(seg(0, 1000, src="photo", motion="zoom_in"), seg(1000, 2000, src="wide", motion="pan_up", **DISSOLVE))],
        (29, 30, 44, 59, 60),
    ),
    "a dissolve between fitted pictures": (
        [video(seg(0, 1000, src="tall", fit="contain"), seg(1000, 2000, src="photo", fit="contain", **DISSOLVE))],
        (40,),
    ),
    "fades": ([video(seg(0, 3000, src="photo", fade_out_ms=1000, **FADE))], (0, 10, 45, 70, 89)),
    "something see-through over a picture": (
        [video(seg(0, 1000, src="photo")), video(seg(0, 1000, src="glass", fit="contain"))],
        (5,),
    ),
    "something see-through that moves": (
        [video(seg(0, 3000, src="photo", motion="zoom_in")), video(seg(0, 3000, src="glass", motion="pan_right"))],
        (40,),
    ),
    "a film": ([video(seg(0, 1500, src="film", fit="contain"))], (0, 20)),
    "a film that moves": ([video(seg(0, 1500, src="film", motion="zoom_in", in_ms=200))], (20,)),
    "texts": (
        [
            video(seg(0, 3000, src="photo", motion="zoom_in")),
            text(seg(0, 3000, tx="A title", style={"fade_ms": 600})),
            text(seg(0, 3000, tx="Who\nand what", style={"role": "lower_third"})),
            text(seg(0, 2000, tx="A caption that is long enough for two lines", style={"role": "caption"})),
            text(seg(0, 3000, tx="", style={"role": "card", "place": "top", "swatches": ["#ff0000", "#00c040"]})),
        ],
        (0, 3, 8, 45, 58, 88),
    ),
    "a text alone": ([text(seg(0, 1000, tx="Alone", style={"place": [0.31, 0.63]}))], (1, 15)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_effect_is_drawn_as_it_would_be_in_floats(name: str, assets: dict[str, Path]) -> None:
    tracks, numbers = CASES[name]
    scene = to_scene(draft_of(*tracks, size=(416, 234), background="#203040"))
    composer = Composer(scene, assets)
    for number in numbers:
        wanted = reference(scene, assets, number)
        drawn = composer.frame(number).planes
        reached = [round(psnr(plane, want), 1) for (plane, _), want in zip(drawn.each, wanted, strict=True)]
        assert min(reached) >= LEAST_DB, (number, reached)
    composer.close()
