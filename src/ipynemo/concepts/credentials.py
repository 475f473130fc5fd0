"""C2PA: a signed record of how a file was made, read without the network.

"Signed" says that the record and the file fit together, and under whose certificate. It does not say that the record is
true, and without a list of trusted authorities it does not say who the signer is. The words here keep these apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from ipynemo.concepts.statements import Level, Statement, clean, source_type, unreadable

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

__all__ = ["INVALID", "MISFIT", "ONLINE", "from_credentials", "mime_of"]

MAX_RECORD_BYTES = 32 << 20  # with the small pictures in it, real ones stay below ten
MAX_JSON_CHARS = 8 << 20
MAX_ACTIONS = 20
MAX_INGREDIENTS = 20  # pictures that went into it, and those that went into these
_MARKS = (b"c2pa", b"dcterms:provenance")

MISFIT = "does not fit this file"
INVALID = "does not hold"
_WHY = {
    True: "The file or its record was changed after signing, so nothing in the record can be relied on.",
    False: "Its signature or its certificate does not hold, so nothing in the record can be relied on.",
}
ONLINE = "the record is stored online and was not read"

_AI_CODES = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")

_CONTAINERS: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"AVI ", 8, "video/avi"),
    (b"WAVE", 8, "audio/wav"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftypmif1", 4, "image/heif"),
    (b"ftypqt  ", 4, "video/quicktime"),
    (b"ftyp", 4, "video/mp4"),
    (b"II*\x00", 0, "image/tiff"),
    (b"MM\x00*", 0, "image/tiff"),
    (b"ID3", 0, "audio/mpeg"),
)


def mime_of(head: bytes) -> str | None:
    """Return the media type of a file that may hold a record, by its first 16 bytes."""
    return next((mime for magic, at, mime in _CONTAINERS if head[at : at + len(magic)] == magic), None)


def from_credentials(
    file: BinaryIO, data: mmap.mmap, trust_anchors: str | None = None, *, record_bytes: int = 0
) -> list[Statement]:
    """Return the statements of the C2PA record of a file; empty where there is none.

    Parameters
    ----------
    file : file
        The file as it came: saving it again loses the record.
    data : mmap
        The same, as memory.
    trust_anchors : str, optional
        Certificates (PEM) of authorities that are trusted to know who a signer is.
    record_bytes : int
        How large the record is, where that is known.
    """
    mime = mime_of(data[:16])
    if mime is None or all(data.find(mark) < 0 for mark in _MARKS):
        return []  # most files; spares loading the library
    if record_bytes > MAX_RECORD_BYTES:
        return [unreadable("C2PA", "the C2PA record: too large to be read")]
    try:
        import c2pa

        settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
        if trust_anchors:
            settings["verify"]["verify_trust"] = True
            settings["trust"] = {"trust_anchors": trust_anchors}
        file.seek(0)
        with c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create(mime, file, context=context)
            if reader is None:
                return []
            with reader:
                state, text = reader.get_validation_state(), reader.json()
        if len(text) > MAX_JSON_CHARS:
            return [unreadable("C2PA", "the C2PA record: too large to be read")]
        return list(dict.fromkeys(_Store(state, _dict(json.loads(text))).statements()))
    except Exception as error:  # noqa: BLE001 - a native parser that is fed hostile bytes may fail in any way
        if "remote manifest" in str(error).lower():
            return [Statement("C2PA", "record", ONLINE, "Nothing is fetched from the network for this.", "stated")]
        return [unreadable("C2PA", "the C2PA record")]


class _Store:
    """The records of a file: its own, and those of the pictures that went into it."""

    def __init__(self, state: str | None, store: dict[str, Any]) -> None:
        self._state = state
        self._manifests = _dict(store.get("manifests"))
        self._active = str(store.get("active_manifest") or "")
        self._seen = {self._active}
        results = _dict(_dict(store.get("validation_results")).get("activeManifest"))
        self._failures = _failures(results)

    def statements(self) -> Iterator[Statement]:
        intact = self._state in ("Valid", "Trusted")
        level: Level = "signed" if intact else "stated"
        manifest = _dict(self._manifests.get(self._active))
        if not intact:
            changed = any("ismatch" in code for code in self._failures)
            yield Statement("C2PA", "record", MISFIT if changed else INVALID, _WHY[changed], "stated")
        signature = _dict(manifest.get("signature_info"))
        names = [clean(signature.get(key) or "", 80) for key in ("common_name", "issuer")]
        signer = " · ".join(dict.fromkeys(name for name in names if name)) or "somebody who gives no name"
        yield Statement("C2PA", "signer", signer, _about(self._state), level, trusted=self._state == "Trusted")
        yield from self._said(manifest, "C2PA", level)

    def _said(self, manifest: dict[str, Any], source: str, level: Level) -> Iterator[Statement]:
        infos = [_named(info) for info in _list(manifest.get("claim_generator_info"))]
        named = [name for name in infos if name] or [clean(manifest.get("claim_generator") or "", 80)]
        for name in named[:3]:
            if name:
                yield Statement(source, "claim generator", name, "the software that wrote the record", level)
        for assertion in _list(manifest.get("assertions")):
            if str(_dict(assertion).get("label", "")).startswith("c2pa.actions"):
                for action in _list(_dict(_dict(assertion).get("data")).get("actions"))[:MAX_ACTIONS]:
                    yield from _action(_dict(action), source, level)
        for ingredient in map(_dict, _list(manifest.get("ingredients"))):
            yield from self._ingredient(ingredient, level)

    def _ingredient(self, ingredient: dict[str, Any], level: Level) -> Iterator[Statement]:
        """Tell the record of a picture that went into this one; each record is passed once."""
        label = str(ingredient.get("active_manifest") or "")
        if label in self._seen or label not in self._manifests or len(self._seen) > MAX_INGREDIENTS:
            return
        self._seen.add(label)
        results = _dict(_dict(ingredient.get("validation_results")).get("activeManifest"))
        below: Level = "stated" if _failures(results) or not results else level
        source = "C2PA parent" if ingredient.get("relationship") == "parentOf" else "C2PA part"
        yield from self._said(_dict(self._manifests[label]), source, below)


def _failures(results: dict[str, Any]) -> list[str]:
    """Return why a record does not hold; that nobody vouches for the signer is no reason."""
    codes = [str(_dict(failure).get("code")) for failure in _list(results.get("failure"))]
    return [code for code in codes if code != "signingCredential.untrusted"]


def _about(state: str | None) -> str:
    if state == "Trusted":
        return "The record fits the file, and an authority on the list given vouches for the signer."
    if state == "Valid":
        return "The record fits the file. Who the signer is cannot be checked here."
    return "The signature does not hold for this file."


def _action(action: dict[str, Any], source: str, level: Level) -> Iterator[Statement]:
    kind = action.get("digitalSourceType")
    what = source_type(source, str(kind), level) if kind else None
    if name := clean(action.get("action") or "", 80):
        agent = action.get("softwareAgent")
        by = _named(agent) if isinstance(agent, dict) else clean(agent or "", 80)
        yield Statement(source, "action", name, f"a step of its making, with {by}" if by else None, level)
        if by:
            field = "AI agent" if what and what.value in _AI_CODES else "software agent"
            yield Statement(source, field, by, f"did the step {name}", level)
    if what:
        yield what


def _named(tool: Any) -> str:
    return clean(" ".join(str(_dict(tool).get(key) or "") for key in ("name", "version")), 80)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
