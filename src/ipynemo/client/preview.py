"""A range of a draft as a small film, as the client gives it back."""

from __future__ import annotations

import base64
import html
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ipynemo.errors import InvalidRequestError

__all__ = ["Preview"]

SHOWN_BYTES: Final = 4_000_000  # that a notebook's cell is to hold


@dataclass(frozen=True)
class Preview:
    """A range of a draft as a small film; as the last line of a cell it plays.

    Parameters
    ----------
    start_s, end_s : float
        The range, in seconds of the draft.
    mp4 : bytes
        The film, H.264 and AAC.
    width_px, height_px : int
    path : Path or None
        Where it was written, if anywhere.
    """

    start_s: float
    end_s: float
    mp4: bytes = field(repr=False)
    width_px: int
    height_px: int
    path: Path | None = None

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.end_s - self.start_s

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the film to a file; one that is there is replaced."""
        target = Path(path)
        part = target.with_name(f"{target.stem[:40]}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(self.mp4)
            return part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise InvalidRequestError(
                f"{target.name!r} could not be written: {error.strerror or error}.",
                hint="Is there such a folder, and may you write there?",
            ) from error

    def __str__(self) -> str:
        return f"{self.start_s:g}–{self.end_s:g} s ({self.width_px}×{self.height_px}, {len(self.mp4) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        said = html.escape(str(self))
        if len(self.mp4) > SHOWN_BYTES:
            return f"<p>{said} – too large to be kept in a notebook; write it to a file with .save(…).</p>"
        address = "data:video/mp4;base64," + base64.b64encode(self.mp4).decode()
        return (
            f'<video controls playsinline src="{address}" aria-label="{said}" '
            f'style="max-width:100%;width:{self.width_px}px"></video><p>{said}</p>'
        )
