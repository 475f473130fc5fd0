"""NoiseSlider: how training spoils a picture, step by step - and the way back, as an illustration.

All frames are computed in the kernel once and go to the page as one picture; the slider needs no kernel after that.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

import numpy as np
import traitlets

from ipynemo.concepts.noising import STEPS, alpha_bar, curve, even_steps, noised_frames
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._base import Face
from ipynemo.widgets._pictures import PICTURE_WORDS, Pictures, as_jpeg, data_url, given, shrunk
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["NoiseSlider"]

SIDE_PX: Final = 320
STRIP_QUALITY: Final = 40  # of JPEG: half of the strip is noise, and noise is what makes it large
COLUMNS: Final = 7
CURVE_POINTS: Final = 60
# Even changes, and the step that is explained in words everywhere else.
SHOWN_STEPS: Final = tuple(sorted({*even_steps(40), 250}))
SAVED_STEPS: Final = (0, 121, 258, 431, 999)
SAVED_SIDE_PX: Final = 120


class NoiseSlider(Face):
    """Adds noise to a picture, step by step, as the training of a diffusion model does; shows how much of it is left.

    Parameters
    ----------
    picture : path, array or image, optional
        It may also be set later.
    t : int
        The step that is shown, 0 to 999; the nearest one that was computed. Observable.
    seed : int
        Of the noise. One sample serves all steps.

    Examples
    --------
    >>> from ipynemo.widgets import NoiseSlider
    >>> slider = NoiseSlider("robot.png")  # doctest: +SKIP
    >>> slider.t = 250  # doctest: +SKIP
    """

    _esm = module("concept_noise.js")
    _css = style("concept_noise.css")

    WORDS: ClassVar[Words] = {
        "en": {
            **PICTURE_WORDS["en"],
            "name": "Training spoils pictures step by step",
            "slider": "Noise",
            "step": "Step {t} of {last}",
            "value": "Step {t} of {last}: picture times {signal}, noise times {noise}",
            "picture": "picture",
            "noise": "noise",
            "spoil": "Add noise",
            "back": "And back",
            "stop": "Stop",
            "alt": "{name} after {t} of {last} steps of added noise",
            "chart": "Two curves over the steps: the weight of the picture falls from 1 to 0, that of the noise rises "
            "from 0 to 1.",
            "first": "Here is the picture itself. Move the slider to add noise.",
            "middle": "What you see is {signal} × the picture + {noise} × noise. The weights are known beforehand; the "
            "model learns to guess the noise.",
            "last": "Almost nothing of the picture is left. A diffusion model begins a new picture here, with noise "
            "alone.",
            "saved": "{name}: noise added in {last} steps",
        },
        "zh": {
            **PICTURE_WORDS["zh"],
            "name": "训练一步一步地破坏图片",
            "slider": "噪声",
            "step": "第 {t} 步，共 {last} 步",
            "value": "第 {t} 步，共 {last} 步：图片乘以 {signal}，噪声乘以 {noise}",
            "picture": "图片",
            "noise": "噪声",
            "spoil": "加噪声",
            "back": "再往回走",
            "stop": "停止",
            "alt": "{name}，加了 {t} 步噪声（共 {last} 步）",
            "chart": "两条随步数变化的曲线：图片的权重从 1 降到 0，噪声的权重从 0 升到 1。",
            "first": "这是图片本身。拖动滑块来加噪声。",
            "middle": "你看到的是 {signal} × 图片 + {noise} × 噪声。权重是事先定好的；模型学的是猜出噪声。",
            "last": "图片几乎什么也不剩了。扩散模型画新图片时，就从这里开始：只有噪声。",
            "saved": "{name}：分 {last} 步加噪声",
        },
    }

    picture = traitlets.Any(None)
    t = traitlets.Int(0)
    seed = traitlets.Int(0)
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, picture: Any = None, *, session: Any = None, **traits: Any) -> None:
        self._pictures = Pictures()
        self._row = b""
        self._of_page = False
        super().__init__(session, picture=picture, **traits)
        self._compute()

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that were computed, in between which the slider does not stop."""
        return SHOWN_STEPS

    @property
    def weights(self) -> tuple[float, float]:
        """The weights of picture and noise at the step that is shown."""
        left = alpha_bar(self.t)
        return math.sqrt(left), math.sqrt(1 - left)

    @traitlets.validate("picture")
    def _valid_picture(self, proposal: Any) -> Any:
        return given(proposal["value"], "NoiseSlider")

    @traitlets.validate("t")
    def _valid_t(self, proposal: Any) -> int:
        wanted = int(proposal["value"])
        if not 0 <= wanted < STEPS:
            raise InvalidRequestError(
                f"Step {wanted} is not on the schedule.", hint=f"It has the steps 0 to {STEPS - 1}."
            )
        return min(SHOWN_STEPS, key=lambda step: abs(step - wanted))

    @traitlets.validate("seed")
    def _valid_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise InvalidRequestError("A seed is 0 or more.")
        return int(proposal["value"])

    @traitlets.observe("picture", "seed")
    def _picture_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._compute()

    @traitlets.observe("t")
    def _t_changed(self, _change: Any) -> None:
        if not self._of_page:  # the page knows what it said itself
            self._show()

    @traitlets.observe("language")
    def _other_words(self, _change: Any) -> None:
        self._show()

    def _compute(self) -> None:
        if self.picture is None:
            self._pictures.put({})
        else:
            small = shrunk(self.picture.pixels, SIDE_PX).astype(np.float32) / np.float32(255)
            # A value for each pixel, as in the mathematics: in coarser noise the eye loses a picture far too early.
            frames = noised_frames(small, list(SHOWN_STEPS), seed=self.seed)
            self._pictures.put({"strip": as_jpeg(_sheet(frames), STRIP_QUALITY)})
            tiny = shrunk(self.picture.pixels, SAVED_SIDE_PX).astype(np.float32) / np.float32(255)
            few = noised_frames(tiny, list(SAVED_STEPS), seed=self.seed)
            self._row = as_jpeg(np.concatenate(list(few), axis=1))
        self._show()

    def _show(self) -> None:
        if self.picture is None:
            self.view = {"key": "", "empty": self._say("no_picture", call='NoiseSlider("robot.png")')}
        else:
            size = shrunk(self.picture.pixels, SIDE_PX).shape
            points = curve(CURVE_POINTS)
            self.view = {
                "key": self._pictures.key,
                "name": self.picture.name or self._say("array"),
                "steps": list(SHOWN_STEPS),
                "weights": [[math.sqrt(alpha_bar(t)), math.sqrt(1 - alpha_bar(t))] for t in SHOWN_STEPS],
                "curve": [[int(t), round(float(s), 4), round(float(n), 4)] for t, s, n in zip(*points, strict=True)],
                "columns": COLUMNS,
                "width": int(size[1]),
                "height": int(size[0]),
                "t": self.t,
            }
        self._renew_saved()

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "ask":
            self._pictures.push(self._push, t=self.t)
        elif kind == "step" and content.get("t") in SHOWN_STEPS:
            self._of_page = True
            try:
                self.t = content["t"]
            finally:
                self._of_page = False

    def _fallback_text(self) -> str:
        if self.picture is None:
            return f"{self._say('name')}: {self._say('no_picture', call='NoiseSlider(…)')}"
        rows = [f"{self._say('name')} — {self.picture.name or self._say('array')}"]
        for t in SAVED_STEPS:
            signal, noise = math.sqrt(alpha_bar(t)), math.sqrt(1 - alpha_bar(t))
            rows.append(self._say("value", t=t, last=STEPS - 1, signal=f"{signal:.2f}", noise=f"{noise:.2f}"))
        return "\n".join([*rows, self._say("illustration")])

    def _fallback_html(self) -> str:
        if self.picture is None:
            return super()._fallback_html()
        alt = self._say("saved", name=self.picture.name or self._say("array"), last=STEPS - 1)
        weights = [(t, math.sqrt(alpha_bar(t)), math.sqrt(1 - alpha_bar(t))) for t in SAVED_STEPS]
        steps = " · ".join(f"{self._say('step', t=t, last=STEPS - 1)}: {s:.2f} / {n:.2f}" for t, s, n in weights)
        return (
            f"<p><strong>{escaped(self._say('name'))}</strong></p>"
            f'<img src="{data_url(self._row)}" alt="{escaped(alt)}" style="max-width:100%">'
            f"<p>{escaped(steps)} ({escaped(self._say('picture'))} / {escaped(self._say('noise'))})</p>"
            f"<p><em>{escaped(self._say('illustration'))}</em></p>"
        )


def _sheet(frames: Any) -> Any:
    """Return all frames as one picture, row by row."""
    count, height, width, _ = frames.shape
    rows = -(-count // COLUMNS)
    sheet = np.zeros((rows * height, COLUMNS * width, 3), np.uint8)
    for number, frame in enumerate(frames):
        row, column = divmod(number, COLUMNS)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = frame
    return sheet
