"""SaveAgain: save a picture again and watch its labels vanish - and see that one can be invented as easily.

The copies are real: written by Pillow into a folder of their own, read by the same reader of evidence, and removed.
"""

from __future__ import annotations

import functools
import io
import tempfile
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final, Literal

import numpy as np
import traitlets

from ipynemo.concepts.evidence import Evidence, evidence
from ipynemo.errors import InvalidRequestError
from ipynemo.loop import off_loop
from ipynemo.widgets._base import Face
from ipynemo.widgets._evidence_view import (
    EVIDENCE_WORDS,
    evidence_html,
    evidence_text,
    evidence_view,
    read_evidence,
)
from ipynemo.widgets._pictures import PICTURE_WORDS, Given, Pictures, as_jpeg, given, shrunk
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["SaveAgain", "Way"]

Way = Literal["png", "jpeg", "keep_exif", "label"]
WAYS: Final[tuple[Way, ...]] = ("png", "jpeg", "keep_exif", "label")
SUFFIX: Final = {"png": ".png", "jpeg": ".jpg", "keep_exif": ".jpg", "label": ".png"}
THUMB_PX: Final = 240
GPS: Final = 0x8825  # places are stripped from anything that is written here
INVENTED: Final = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:RDF>
</x:xmpmeta>"""


class SaveAgain(Face):
    """Two copies of one picture: the original file, and what is left of its labels when it has been saved again.

    Parameters
    ----------
    picture : path, array or picture of the tiny model, optional
        The original file, best one with labels. It may also be set later.

    Attributes
    ----------
    before, after : Evidence or None
        Of the original and of the copy. Observable.
    vanished : tuple of str
        What the original states and the copy does not. Observable.

    Examples
    --------
    >>> from ipynemo.widgets import SaveAgain
    >>> again = SaveAgain("robot.png")  # doctest: +SKIP
    >>> again.save("jpeg").level  # doctest: +SKIP
    'none'
    """

    _esm = module("concept_labels.js")
    _css = style("concept_labels.css")

    WORDS: ClassVar[Words] = {
        "en": {
            **PICTURE_WORDS["en"],
            **EVIDENCE_WORDS["en"],
            "name": "Save again and watch the label vanish",
            "rule": "No label does not mean no AI. Labels can be removed or invented.",
            "original": "The original file",
            "copy": "The copy",
            "ask": "Save it again as …",
            "png": "PNG",
            "jpeg": "JPEG",
            "keep_exif": "JPEG, keeping its EXIF",
            "label": "PNG with an invented label",
            "waiting": "Choose below how to save it; then compare.",
            "gone": "gone",
            "alt": "The picture {name}",
            "same": "The pixels are the same, every one of them.",
            "differ": "The pixels differ by {mean} levels of 255 on average.",
            "result_gone": "Statements that vanished: {count}. Nothing in the picture shows it.",
            "result_kept": "Nothing vanished.",
            "result_invented": "The copy’s label was invented just now, by this button. It reads like a true one.",
            "folder": "The copy is made in a folder of its own and removed again.",
        },
        "zh": {
            **PICTURE_WORDS["zh"],
            **EVIDENCE_WORDS["zh"],
            "name": "再存一次，看标签消失",
            "rule": "没有标签不等于没有用 AI。标签可以被删掉，也可以被伪造。",
            "original": "原始文件",
            "copy": "副本",
            "ask": "另存为……",
            "png": "PNG",
            "jpeg": "JPEG",
            "keep_exif": "保留 EXIF 的 JPEG",
            "label": "带假标签的 PNG",
            "waiting": "在下面选择怎样另存，然后比较。",
            "gone": "消失了",
            "alt": "图片 {name}",
            "same": "像素完全一样，一个也没变。",
            "differ": "像素平均相差 {mean} 级（共 255 级）。",
            "result_gone": "消失的说明：{count} 条。从画面上看不出来。",
            "result_kept": "什么也没有消失。",
            "result_invented": "副本上的标签是这个按钮刚刚编造的。它读起来和真的一样。",
            "folder": "副本放在单独的文件夹里，用完就删掉。",
        },
    }

    picture = traitlets.Any(None)
    before: Evidence | None = traitlets.Any(None).tag(outgoing=True)  # type: ignore[assignment]
    after: Evidence | None = traitlets.Any(None).tag(outgoing=True)  # type: ignore[assignment]
    vanished: tuple[str, ...] = traitlets.Tuple().tag(outgoing=True)  # type: ignore[assignment]
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, picture: Any = None, *, session: Any = None, **traits: Any) -> None:
        self._pictures = Pictures()
        self._way: Way | None = None
        self._off = 0.0
        super().__init__(session, picture=picture, **traits)
        self._look()

    @traitlets.validate("picture")
    def _valid_picture(self, proposal: Any) -> Any:
        return given(proposal["value"], "SaveAgain")

    @traitlets.observe("picture")
    def _picture_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._look()

    @traitlets.observe("language")
    def _other_words(self, _change: Any) -> None:
        self._show()

    def save(self, way: Way = "png") -> Evidence:
        """Save the picture again; return what the copy still states.

        Parameters
        ----------
        way : {"png", "jpeg", "keep_exif", "label"}
            As most programs do it, pixels only; as some do it, with the camera's EXIF but without places; or with a
            label that is invented on the spot.
        """
        picture = self.picture
        if picture is None:
            raise InvalidRequestError("There is no picture to save.", hint='Give one: SaveAgain("robot.png").')
        if way not in WAYS:
            raise InvalidRequestError(f"A picture is saved as {', '.join(WAYS)}, not as {way!r}.")
        data = _copy(picture, way)
        with tempfile.TemporaryDirectory(prefix="ipynemo-") as folder:
            path = Path(folder) / f"{PurePath(picture.name).stem or 'picture'}-copy{SUFFIX[way]}"
            path.write_bytes(data)
            found = evidence(path)
            copied = given(path, "SaveAgain")
        if copied is None:
            raise InvalidRequestError("The copy shows no picture.")
        self._way = way
        self._off = float(np.abs(copied.pixels.astype(np.int16) - picture.pixels).mean())
        self._pictures.put({**self._thumbs(picture), "copy": as_jpeg(shrunk(copied.pixels, THUMB_PX))})
        self.after = found
        before = self.before.rows() if self.before is not None else []
        self.vanished = tuple(row["says"] for row in before if self._is_gone(row, "en"))
        self._show()
        return found

    def _thumbs(self, picture: Given) -> dict[str, bytes]:
        return {"original": as_jpeg(shrunk(picture.pixels, THUMB_PX))}

    def _look(self) -> None:
        picture = self.picture
        self._way = None
        self.before = read_evidence(picture) if picture is not None else None
        self.after, self.vanished = None, ()
        self._pictures.put(self._thumbs(picture) if picture is not None else {})
        self._show()

    def _show(self) -> None:
        picture = self.picture
        if picture is None:
            self.view = {"key": "", "empty": self._say("no_picture", call='SaveAgain("robot.png")')}
            self._renew_saved()
            return
        before = evidence_view(self.before, self.language, self.words)
        after = None
        if self.after is not None:
            after = evidence_view(self.after, self.language, self.words)
            for row in before["rows"]:
                if row["kind"] != "none" and self._is_gone(row, self.language):
                    row["gone"] = self._say("gone")
        self.view = {
            "key": self._pictures.key,
            "name": picture.name or self._say("array"),
            "before": before,
            "after": after,
            "copy": self.after.name if self.after is not None else "",
            "way": self._way or "",
            "ways": [way for way in WAYS if way != "keep_exif" or _exif(picture)],
            "result": self._result(),
        }
        self._renew_saved()

    def _is_gone(self, row: dict[str, str], language: str) -> bool:
        """Return whether the copy lacks a statement of the original; what was invented anew is not the same one."""
        if self.after is None:
            return False
        left = [] if self._way == "label" else self.after.rows(language)
        return (row["who"], row["says"]) not in [(other["who"], other["says"]) for other in left]

    def _result(self) -> list[str]:
        if self._way is None:
            return []
        same = self._say("same") if self._off == 0 else self._say("differ", mean=f"{self._off:.1f}")
        said = self._say("result_gone", count=len(self.vanished)) if self.vanished else self._say("result_kept")
        return [same, said, *([self._say("result_invented")] if self._way == "label" else [])]

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        if content.get("kind") == "ask":
            self._pictures.push(self._push)
        elif (
            content.get("kind") == "save" and content.get("way") in WAYS and self.picture is not None and not self.busy
        ):
            self._start(functools.partial(off_loop, self.save, content["way"]), what="saving")

    def _fallback_text(self) -> str:
        if self.picture is None:
            return f"{self._say('name')}: {self._say('no_picture', call='SaveAgain(…)')}"
        lines = [self._say("name"), f"{self._say('original')}: {self.view['name']}", evidence_text(self.view["before"])]
        if self.view["after"] is not None:
            lines += [
                f"{self._say('copy')}: {self.view['copy']}",
                evidence_text(self.view["after"]),
                *self.view["result"],
            ]
        return "\n".join([*lines, self._say("rule")])

    def _fallback_html(self) -> str:
        if self.picture is None:
            return super()._fallback_html()
        parts = [f"<p><strong>{escaped(self._say('name'))}</strong></p>"]
        for key, name in (("before", self.view["name"]), ("after", self.view["copy"])):
            if self.view[key] is not None:
                title = self._say("original" if key == "before" else "copy")
                body = evidence_html({**self.view[key], "notes": []}, self.words)
                parts.append(f"<p><strong>{escaped(title)}</strong> {escaped(name)}</p>{body}")
        parts += [f"<p>{escaped(line)}</p>" for line in (*self.view["result"], self._say("rule"))]
        return "".join(parts)


def _exif(picture: Given) -> Any:
    """Return the EXIF of a picture's file without places; None where there is none."""
    from PIL import Image

    source = picture.path or (io.BytesIO(picture.data) if picture.data else None)
    if source is None:
        return None
    try:
        with Image.open(source) as image:
            exif = image.getexif()
    except (OSError, ValueError, SyntaxError):
        return None
    exif.pop(GPS, None)
    exif.pop(0x0112, None)  # the pixels have been turned already
    return exif if len(exif) else None


def _copy(picture: Given, way: Way) -> bytes:
    """Return the file that a program would write which knows the pixels only."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    out = io.BytesIO()
    image = Image.fromarray(picture.pixels)
    if way == "png":
        image.save(out, "PNG")
    elif way == "label":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", INVENTED)
        image.save(out, "PNG", pnginfo=info)
    else:
        exif = _exif(picture) if way == "keep_exif" else None
        image.save(out, "JPEG", quality=90, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()
