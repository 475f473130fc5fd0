"""A picture that the tiny model drew, with how it came about, and a file that says so."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np

from ipynemo.concepts.pixels import enlarged

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GENERATOR", "RECORD_KEYWORD", "VERSION", "TinyPicture"]

GENERATOR = "ipynemo tiny diffusion model"
VERSION = "1"  # changes with every change that makes the same seeds draw other pictures
RECORD_KEYWORD = "ipynemo_tiny_model"  # of the PNG text that holds prompt, seed and steps
SAVED_PX = 512

# https://cv.iptc.org/newscodes/digitalsourcetype/
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmp:CreatorTool={generator} Iptc4xmpExt:DigitalSourceType={source_type} Iptc4xmpExt:AISystemUsed={generator}
 Iptc4xmpExt:AISystemVersionUsed={version} Iptc4xmpExt:AIPromptInformation={prompt}/></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, eq=False)
class TinyPicture:
    """A picture that the tiny model drew. In a cell it shows itself.

    Parameters
    ----------
    image : ndarray, shape (side_px, side_px, 3), uint8, sRGB
        The picture: 8 × 8 pixels for digits, 16 × 16 for shapes.
    prompt : str
        What was asked for.
    seed, steps : int
        Of the noise that it began with; how many times the model took some noise away.
    guidance : float
        How strongly the prompt was followed.
    trajectory : ndarray, shape (steps + 1, side_px, side_px, 3), uint8, sRGB
        Every state on the way, as it was: first the pure noise, last the picture. For shapes, whose noise lies in the
        64 numbers that a picture is squeezed into, the noise looks soft.
    guesses : ndarray, shape (steps, side_px, side_px, 3), uint8, sRGB
        What the model took the finished picture for, at each step.
    noise : ndarray, shape (steps + 1,), float64
        √(1 − ᾱ) of every state: how much of it is noise, from nearly 1 to 0.
    latents : ndarray, shape (steps + 1, numbers), float32
        The states as the model sees them.
    training : dict
        What the model was trained on: kind, seed, steps, pictures.
    """

    image: NDArray[np.uint8]
    prompt: str
    seed: int
    steps: int
    guidance: float
    trajectory: NDArray[np.uint8] = field(repr=False)
    guesses: NDArray[np.uint8] = field(repr=False)
    noise: NDArray[np.float64] = field(repr=False)
    latents: NDArray[np.float32] = field(repr=False)
    training: dict[str, str | int]

    def __repr__(self) -> str:
        side = len(self.image)
        return (
            f"<TinyPicture “{self.prompt}”, {side} × {side} px, seed {self.seed}, {self.steps} steps, "
            f"guidance {self.guidance:g}>"
        )

    def record(self) -> dict[str, object]:
        """Return how the picture was made, as it is written into the file."""
        return {
            "generator": GENERATOR,
            "version": VERSION,
            "prompt": self.prompt,
            "seed": self.seed,
            "steps": self.steps,
            "guidance": self.guidance,
            "side_px": len(self.image),
            "training": dict(self.training),
        }

    def save(self, path: str | Path, *, side_px: int = SAVED_PX) -> Path:
        """Write the picture as PNG, with what made it: an IPTC digital source type in XMP, and prompt, seed and steps.

        Parameters
        ----------
        path : str or Path
            Where to; a file that is there is replaced.
        side_px : int
            The least width and height: each pixel of the model becomes a square of whole pixels.

        Raises
        ------
        ValueError
            The name does not end in .png: in other formats the record would be lost.
        """
        target = Path(path)
        if target.suffix.lower() != ".png":
            raise ValueError(f"{target.name!r} must end in .png: that is where prompt, seed and steps can be written")
        target.write_bytes(self.to_png(side_px))
        return target

    def to_png(self, side_px: int = SAVED_PX) -> bytes:
        """Return the file that `save` writes."""
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        texts.add_text("Software", GENERATOR)
        texts.add_itxt(RECORD_KEYWORD, json.dumps(self.record(), ensure_ascii=False))
        texts.add_itxt(
            "XML:com.adobe.xmp",
            _XMP.format(
                generator=quoteattr(GENERATOR),
                version=quoteattr(VERSION),
                source_type=quoteattr(_SOURCE_TYPE),
                prompt=quoteattr(self.prompt),
            ),
        )
        file = io.BytesIO()
        shown = enlarged(self.image, max(1, -(-side_px // len(self.image))))
        Image.fromarray(shown).save(file, "PNG", pnginfo=texts)
        return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.to_png(128)
