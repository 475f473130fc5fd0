"""C2PA: a signed record of how a file was made, read without the network.

"Signed" says that the record and the file fit together, and under whose certificate. It does not say that the record is
true, and without a list of trusted authorities it does not say who the signer is. The words here keep these apart.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any, Literal

from ipynemo.concepts.statements import Statement, clean, source_type, unreadable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["from_credentials"]

MAX_ACTIONS = 20
_RECORD_MARK = b"c2pa"

_CONTAINERS: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"AVI ", 8, "video/avi"),
    (b"WAVE", 8, "audio/wav"),
    (b"ftyp", 4, "video/mp4"),
    (b"ID3", 0, "audio/mpeg"),
)


def from_credentials(path: Path, trust_anchors: str | None = None) -> list[Statement]:
    """Return the statements of the C2PA record of a file; empty where there is none.

    Parameters
    ----------
    path : Path
        The file as it came: saving it again loses the record.
    trust_anchors : str, optional
        Certificates (PEM) of authorities that are trusted to know who a signer is.
    """
    with path.open("rb") as file:
        head = file.read(16)
        mime = next((mime for magic, at, mime in _CONTAINERS if head[at : at + len(magic)] == magic), None)
        if mime is None:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(_RECORD_MARK) < 0 and data.find(b"dcterms:provenance") < 0:
                return []  # most files; spares loading the library
    try:
        import c2pa

        settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
        if trust_anchors:
            settings["verify"]["verify_trust"] = True
            settings["trust"] = {"trust_anchors": trust_anchors}
        with c2pa.Context.from_dict(settings) as context, path.open("rb") as file:
            reader = c2pa.Reader.try_create(mime, file, context=context)
            if reader is None:
                return []
            with reader:
                return _statements(reader.get_validation_state(), reader.get_active_manifest() or {})
    except Exception as error:  # noqa: BLE001 - a native parser that is fed hostile bytes may fail in any way
        if "remote manifest" in str(error).lower():
            online = "the record is stored online and was not read"
            return [Statement("C2PA", "record", online, "Nothing is fetched from the network for this.", "stated")]
        return [unreadable("C2PA", "the C2PA record")]


def _statements(state: str | None, manifest: dict[str, Any]) -> list[Statement]:
    intact = state in ("Valid", "Trusted")
    level: Literal["signed", "stated"] = "signed" if intact else "stated"
    signature = _dict(manifest.get("signature_info"))
    names = [clean(signature.get(key) or "", 80) for key in ("common_name", "issuer")]
    signer = " · ".join(dict.fromkeys(name for name in names if name)) or "somebody who gives no name"
    found = []
    if not intact:
        found.append(
            Statement(
                "C2PA",
                "record",
                "does not fit this file",
                "The file or its record was changed after signing, so nothing in the record can be relied on.",
                "stated",
            )
        )
    found.append(Statement("C2PA", "signer", signer, _about(state), level))
    found.extend(
        Statement("C2PA", "claim generator", name, "the software that wrote the record", level)
        for name in map(_named, _list(manifest.get("claim_generator_info")))
        if name
    )
    for assertion in _list(manifest.get("assertions")):
        if str(_dict(assertion).get("label", "")).startswith("c2pa.actions"):
            for action in _list(_dict(_dict(assertion).get("data")).get("actions"))[:MAX_ACTIONS]:
                found.extend(_action(_dict(action), level))
    return list(dict.fromkeys(found))


def _about(state: str | None) -> str:
    if state == "Trusted":
        return "The record fits the file, and an authority on the list given vouches for the signer."
    if state == "Valid":
        return "The record fits the file. Who the signer is cannot be checked here."
    return "The signature does not hold for this file."


def _action(action: dict[str, Any], level: Literal["signed", "stated"]) -> list[Statement]:
    found = []
    if name := clean(action.get("action") or "", 80):
        agent = action.get("softwareAgent")
        by = _named(agent) if isinstance(agent, dict) else clean(agent or "", 80)
        found.append(Statement("C2PA", "action", name, f"a step of its making, with {by}" if by else None, level))
        if by:
            found.append(Statement("C2PA", "software agent", by, f"did the step {name}", level))
    if kind := action.get("digitalSourceType"):
        found.append(source_type("C2PA", str(kind), level))
    return found


def _named(tool: Any) -> str:
    return clean(" ".join(str(_dict(tool).get(key) or "") for key in ("name", "version")), 80)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
