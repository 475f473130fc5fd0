"""PixelGrid: a picture is numbers - pixel by pixel, in the squares that a model cuts it into, and on a smaller map."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
import traitlets

from ipynemo.concepts.pixels import LATENT_NOTE, Zoom, enlarged, latent_grid, patches, zoomed
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._base import Face
from ipynemo.widgets._pictures import PICTURE_WORDS, Pictures, as_jpeg, as_png, data_url, given, shrunk
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["PixelGrid"]

VIEWS: Final = ("pixels", "patches", "latent")
OVERVIEW_PX: Final = 480
PATCHED_PX: Final = 224  # Dosovitskiy et al. 2021 read pictures of this size, in squares of 16
PATCH_PX: Final = 16
LATENT_SIDE_PX: Final = 512  # Rombach et al. 2022: 512 × 512 × 3 becomes 64 × 64 × 4


class PixelGrid(Face):
    """Shows the numbers of a few pixels, the squares of a vision model, and how much smaller a latent map is.

    Parameters
    ----------
    picture : path, array or image, optional
        It may also be set later.
    centre : (float, float)
        Where to look, across and down, 0–1. Observable.
    size_px : int
        Side of the block of pixels that is shown, 2 to 8.
    show : {"pixels", "patches", "latent"}
        Which view. Observable.

    Attributes
    ----------
    zoom : Zoom or None
        The pixels that are shown, with their place. Observable.
    """

    _esm = module("concept_pixels.js")
    _css = style("concept_pixels.css")

    WORDS: ClassVar[Words] = {
        "en": {
            **PICTURE_WORDS["en"],
            "name": "A picture is numbers",
            "views": "What to look at",
            "pixels": "Pixels",
            "patches": "Squares",
            "latent": "Smaller map",
            "across": "Across",
            "down": "Down",
            "place": "Pixels {left}–{right} across, {top}–{bottom} down",
            "alt": "The picture {name}; a frame marks the pixels shown",
            "count": "{width} × {height} pixels × 3 colours = {numbers} numbers",
            "table": "The numbers of these pixels: red, green, blue, each from 0 to 255",
            "row": "Row {n}",
            "column": "Column {n}",
            "order": "From top to bottom in each square: red, green, blue, from 0 (dark) to 255 (bright).",
            "alt_patches": "The middle of {name}, cut into {rows} × {columns} squares",
            "patches_says": "A vision model reads a picture as squares of {size} × {size} pixels, one after the other, "
            "like words. Here its middle, shrunk to {side} × {side}: {rows} × {columns} = {count} squares.",
            "alt_before": "The middle of {name}, {side} × {side} pixels",
            "alt_map": "The same as averages, {side} × {side} squares",
            "alt_spread": "The fourth number: how uneven each square is",
            "before": "{side} × {side} × 3 = {count} numbers",
            "map": "{side} × {side} × 4 = {count} numbers: three averages …",
            "spread": "… and how uneven each square is",
            "times": "Stable Diffusion works on a map that is {times} times smaller.",
            "latent_note": LATENT_NOTE,
        },
        "zh": {
            **PICTURE_WORDS["zh"],
            "name": "图片就是数字",
            "views": "看什么",
            "pixels": "像素",
            "patches": "方块",
            "latent": "更小的图",
            "across": "横向",
            "down": "纵向",
            "place": "横向第 {left}–{right} 个、纵向第 {top}–{bottom} 个像素",
            "alt": "图片 {name}；方框标出所显示的像素",
            "count": "{width} × {height} 像素 × 3 种颜色 = {numbers} 个数字",
            "table": "这些像素的数字：红、绿、蓝，各从 0 到 255",
            "row": "第 {n} 行",
            "column": "第 {n} 列",
            "order": "每格从上到下：红、绿、蓝，从 0（暗）到 255（亮）。",
            "alt_patches": "{name} 的中间部分，切成 {rows} × {columns} 个方块",
            "patches_says": "视觉模型把图片当作一个接一个的 {size} × {size} 像素方块来读，就像读词一样。"
            "这里是图片的中间部分，缩小到 {side} × {side}：{rows} × {columns} = {count} 个方块。",
            "alt_before": "{name} 的中间部分，{side} × {side} 像素",
            "alt_map": "同一部分的平均值，{side} × {side} 个方块",
            "alt_spread": "第四个数字：每个方块有多不均匀",
            "before": "{side} × {side} × 3 = {count} 个数字",
            "map": "{side} × {side} × 4 = {count} 个数字：三个平均值……",
            "spread": "……以及每个方块有多不均匀",
            "times": "Stable Diffusion 在一张小 {times} 倍的图上工作。",
            "latent_note": "替代演示：图片的平均值，排成同样大小的格子。"
            "真正的模型用训练好的网络来算它的图，数字是另外一些。",
        },
    }

    picture = traitlets.Any(None)
    centre = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.5, 0.5))
    size_px = traitlets.Int(8, min=2, max=8)
    show = traitlets.Enum(list(VIEWS), "pixels")
    zoom: Zoom | None = traitlets.Any(None).tag(outgoing=True)  # type: ignore[assignment]
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, picture: Any = None, *, session: Any = None, **traits: Any) -> None:
        self._pictures = Pictures()
        self._numbers: dict[str, Any] = {}
        self._moves = False
        super().__init__(session, picture=picture, **traits)
        self._compute()

    @traitlets.validate("picture")
    def _valid_picture(self, proposal: Any) -> Any:
        return given(proposal["value"], "PixelGrid")

    @traitlets.validate("centre")
    def _valid_centre(self, proposal: Any) -> tuple[float, float]:
        across, down = proposal["value"]
        if not (0 <= across <= 1 and 0 <= down <= 1):
            raise InvalidRequestError("The centre lies between (0, 0) and (1, 1).")
        return across, down

    @traitlets.observe("picture")
    def _picture_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._compute()

    @traitlets.observe("centre", "size_px", "show", "language")
    def _place_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._show()

    def _compute(self) -> None:
        picture = self.picture
        if picture is None:
            self._pictures.put({})
        else:
            read = _middle(picture.pixels, PATCHED_PX)
            cut = patches(read, PATCH_PX)
            square = _middle(picture.pixels, LATENT_SIDE_PX)
            grid = latent_grid(square)
            spread = np.rint(grid.values[..., 3:].repeat(3, axis=2) * 255).astype(np.uint8)
            self._pictures.put(
                {
                    "picture": as_jpeg(shrunk(picture.pixels, OVERVIEW_PX)),
                    "patches": as_jpeg(read),
                    "before": as_jpeg(shrunk(square, 256)),
                    "map": as_png(grid.to_rgb()),
                    "spread": as_png(spread),
                }
            )
            self._numbers = {
                "patches": {"rows": len(cut), "columns": cut.shape[1], "size": PATCH_PX, "side": PATCHED_PX},
                "latent": {
                    "side": LATENT_SIDE_PX,
                    "map_side": len(grid.values),
                    "picture_numbers": f"{grid.picture_numbers:,}",
                    "map_numbers": f"{grid.map_numbers:,}",
                    "times": f"{grid.times_smaller:g}",
                },
            }
        self._show()

    def _show(self) -> None:
        picture = self.picture
        if picture is None:
            self.zoom = None
            self.view = {"key": "", "empty": self._say("no_picture", call='PixelGrid("robot.png")')}
        else:
            self.zoom = zoomed(picture.pixels, self.size_px, self.centre)
            self.view = {
                "key": self._pictures.key,
                "name": picture.name or self._say("array"),
                "width": picture.width_px,
                "height": picture.height_px,
                "show": self.show,
                "centre": list(self.centre),
                "left": self.zoom.left_px,
                "top": self.zoom.top_px,
                "values": self.zoom.values.tolist(),
                **self._numbers,
            }
        if not self._moves:
            self._renew_saved()

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "ask":
            self._pictures.push(self._push)
        elif kind == "look" and self.picture is not None:
            across, down = (min(1.0, max(0.0, float(content.get(key, 0.5)))) for key in ("across", "down"))
            self._moves = True  # the saved form follows when it rests
            try:
                self.centre = (across, down)
            finally:
                self._moves = False
        elif kind == "rest":
            self._renew_saved()
        elif kind == "show" and content.get("view") in VIEWS:
            self.show = content["view"]

    def _lines(self) -> list[str]:
        view, zoom = self.view, self.zoom
        if zoom is None:
            return []
        numbers = f"{3 * view['width'] * view['height']:,}"
        rows, columns = zoom.values.shape[:2]
        left, top = zoom.left_px + 1, zoom.top_px + 1
        latent, cut = view["latent"], view["patches"]
        return [
            self._say("count", width=f"{view['width']:,}", height=f"{view['height']:,}", numbers=numbers),
            self._say("place", left=left, right=left + columns - 1, top=top, bottom=top + rows - 1),
            self._say("patches_says", **cut, count=cut["rows"] * cut["columns"]),
            self._say("times", times=latent["times"])
            + f" ({latent['picture_numbers']} / {latent['map_numbers']}) "
            + self._say("latent_note"),
        ]

    def _fallback_text(self) -> str:
        if self.zoom is None:
            return f"{self._say('name')}: {self._say('no_picture', call='PixelGrid(…)')}"
        rows = ["  ".join(self.zoom.text(row, column) for column in range(min(4, len(self.zoom.values[0]))))
                for row in range(min(4, len(self.zoom.values)))]  # fmt: skip
        count, place, *rest = self._lines()
        return "\n".join([f"{self._say('name')}: {self.view['name']}", count, place, *rows, *rest])

    def _fallback_html(self) -> str:
        if self.zoom is None:
            return super()._fallback_html()
        images = [
            (as_png(enlarged(self.zoom.values, 16)), self._say("table")),
            (
                as_png(enlarged(_opened(self._pictures["map"]), 2)),
                self._say("alt_map", side=self.view["latent"]["map_side"]),
            ),
        ]
        shown = " ".join(f'<img src="{data_url(data)}" alt="{escaped(alt)}">' for data, alt in images)
        lines = "".join(f"<p>{escaped(line)}</p>" for line in self._lines())
        return f"<p><strong>{escaped(self._say('name'))}</strong> {escaped(self.view['name'])}</p>{shown}{lines}"


def _middle(pixels: Any, side_px: int) -> Any:
    """Return the largest square in the middle of a picture, at the size at which a model reads it."""
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.fit(Image.fromarray(pixels), (side_px, side_px)), np.uint8)


def _opened(data: bytes) -> Any:
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.uint8)
