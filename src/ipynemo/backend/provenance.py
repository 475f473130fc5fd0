"""What a finished clip says about itself: that ipynemo made it, of what, and, on request, a signature under that.

Without a certificate it is plain text in the file, which anyone can write, like that of every other file. The kind of
source is the most that can honestly be said: a clip is put together from several parts; where the file of a part states
that a model made it, the clip states so too.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from ipynemo import __version__
from ipynemo.backend.signing import Signing, sign_clip
from ipynemo.concepts.evidence import evidence
from ipynemo.concepts.kinds import AI_KINDS, kind_of
from ipynemo.draft.summary import plain
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, NemoError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["complete", "finish_clip", "signing_problem", "source_type_of"]

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MAX_TITLE_CHARS = 200

_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP specification part 3, section 1.2.6.1


def complete(clip: Path, draft: Mapping[str, Any], assets: Mapping[str, Path], said: dict[str, Any]) -> dict[str, Any]:
    """Finish the clip of a worker that is done; return its last word, with the new size, or with what went wrong.

    Parameters
    ----------
    clip : Path
        The MP4, as the renderer left it.
    draft : mapping
        The draft's JSON.
    assets : mapping of str to Path
        The session's files by asset id.
    said : dict
        The worker's `{"done": {…}}`.
    """
    try:
        size_bytes = finish_clip(clip, Draft(draft), assets, Signing.from_environ())
    except (NemoError, OSError) as error:
        return {"error": {"type": "RenderFailedError", "message": str(error)}}
    return {"done": {**said["done"], "size_bytes": size_bytes}}


def signing_problem() -> str:
    """Return why clips could not be signed as the environment asks; "" where they can, or need not be."""
    try:
        Signing.from_environ()
    except InvalidRequestError as error:
        return str(error)
    return ""


def finish_clip(clip: Path, draft: Draft, assets: Mapping[str, Path], signing: Signing | None) -> int:
    """Write into a clip what made it, and sign it where that is wanted; return its size in bytes.

    Raises
    ------
    RenderFailedError
        It could not be signed.
    InvalidRequestError
        The certificate or the key cannot be used.
    """
    pictures = _used(draft, assets)
    title = plain(str(draft.raw.get("m", {}).get("title") or ""), MAX_TITLE_CHARS)
    kind = SOURCE_TYPES + source_type_of(draft, pictures)
    packet = _xmp(title, kind)
    with clip.open("ab") as file:  # a box at the end moves nothing that the index points to
        file.write(struct.pack(">I", 24 + len(packet)) + b"uuid" + _XMP_BOX + packet)
    if signing is not None:
        sign_clip(clip, signing, title=title, version=__version__, source_type=kind, pictures=pictures)
    return clip.stat().st_size


def source_type_of(draft: Draft, pictures: Sequence[Path]) -> str:
    """Return the IPTC code for what a clip is made of.

    "compositeSynthetic" where a part is AI by what its file states, or comes from our own tiny model; "composite" where
    there are pictures of which nobody knows; "algorithmicMedia" for a clip of words alone.
    """
    if any(map(_states_ai, pictures)) or _shows_tiny_model(draft):
        return "compositeSynthetic"
    return "composite" if pictures else "algorithmicMedia"


def _used(draft: Draft, assets: Mapping[str, Path]) -> list[Path]:
    """Return the pictures and films that the draft shows, each once, in the order in which they are first seen."""
    shown = [segment for track in draft.tracks if track.kind == "video" for segment in track.segments]
    ordered = sorted(shown, key=lambda segment: segment.start_ms)
    return [assets[source] for source in dict.fromkeys(s.source for s in ordered if s.source) if source in assets]


def _states_ai(path: Path) -> bool:
    try:
        return any(kind_of(statement) in AI_KINDS for statement in evidence(path).statements)
    except InvalidRequestError:
        return False


def _shows_tiny_model(draft: Draft) -> bool:
    return any("tiny" in str(s.meta.get("scene", "")) for track in draft.tracks for s in track.segments)


def _xmp(title: str, kind: str) -> bytes:
    named = f"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>{escape(title)}</rdf:li></rdf:Alt></dc:title>"
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        " xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'"
        f" xmp:CreatorTool={quoteattr(f'ipynemo {__version__}')} Iptc4xmpExt:DigitalSourceType={quoteattr(kind)}>"
        f"{named if title else ''}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='r'?>"
    ).encode()
