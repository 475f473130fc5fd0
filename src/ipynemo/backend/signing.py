"""Signing a clip: a C2PA record under the user's own certificate, with the pictures that went into it.

The user names two files, a certificate (with its chain) and its key. Only their paths travel; the key is read where it
signs, and it is in no message, log, `repr` or record. Nothing is fetched: there is no time stamp, and no revocation is
looked up.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipynemo.concepts.credentials import mime_of
from ipynemo.errors import InvalidRequestError, RenderFailedError
from ipynemo.settings import SIGN_CERTIFICATE_VARIABLE, SIGN_KEY_VARIABLE

__all__ = ["MAX_INGREDIENTS", "Signing", "sign_clip"]

MAX_INGREDIENTS = 20
MAX_PEM_BYTES = 1 << 20

# The object identifiers by which a key says what it is (RFC 5480, 8017, 8410), and the algorithm of C2PA for it.
_ALGORITHMS = (
    (bytes.fromhex("06082a8648ce3d030107"), "es256"),
    (bytes.fromhex("06052b81040022"), "es384"),
    (bytes.fromhex("06052b81040023"), "es512"),
    (bytes.fromhex("06032b6570"), "ed25519"),
    (bytes.fromhex("06092a864886f70d01010a"), "ps256"),
    (bytes.fromhex("06092a864886f70d010101"), "ps256"),
)
# What a record of a picture may say about a person or a place; such a record is not carried along.
_PRIVATE = ("gps", "latitude", "longitude", "location", "address", "author", "creator", "owner", "serial")


@dataclass(frozen=True)
class Signing:
    """With what clips are signed.

    Parameters
    ----------
    certificate, key : Path
        Files in PEM form: the certificate with its chain, the signer's own first; and its key, without a password.
    """

    certificate: Path = field(repr=False)
    key: Path = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Signing | None:
        """Return what the environment names; None where it names nothing.

        Raises
        ------
        InvalidRequestError
            One of the two is missing, or cannot be used.
        """
        env = os.environ if environ is None else environ
        certificate, key = (env.get(name, "").strip() for name in (SIGN_CERTIFICATE_VARIABLE, SIGN_KEY_VARIABLE))
        if not certificate and not key:
            return None
        if not certificate or not key:
            raise InvalidRequestError(
                "To sign clips, a certificate and its key are needed.",
                hint=f"Set both {SIGN_CERTIFICATE_VARIABLE} and {SIGN_KEY_VARIABLE} to files, or neither.",
            )
        signing = cls(Path(certificate).expanduser(), Path(key).expanduser())
        signing.material()
        return signing

    def material(self) -> tuple[str, bytes, bytes]:
        """Return the algorithm, the certificates and the key.

        Raises
        ------
        InvalidRequestError
            They cannot be read, or are not what they should be. The message never holds what is in them.
        """
        certificate = _pem(self.certificate, "certificate", SIGN_CERTIFICATE_VARIABLE)
        if b"-----BEGIN CERTIFICATE-----" not in certificate:
            raise InvalidRequestError("The file of the certificate holds none.", hint="It must be in PEM form.")
        key = _pem(self.key, "key", SIGN_KEY_VARIABLE)
        if b"ENCRYPTED" in key:
            raise InvalidRequestError("The key is protected by a password.", hint="Give one without, in a safe place.")
        return _algorithm(key), certificate, key


def _pem(path: Path, what: str, variable: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_PEM_BYTES)
    except (OSError, ValueError) as error:
        # Not even the path: somebody may have put the key itself where its path belongs.
        why = getattr(error, "strerror", None) or "it is no path"
        raise InvalidRequestError(
            f"The file of the {what} for signing cannot be read: {why}.", hint=f"{variable} must name a file."
        ) from None


def _algorithm(key: bytes) -> str:
    found = re.search(rb"-----BEGIN (?:EC |RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END", key)
    try:
        content = base64.b64decode(b"".join(found[1].split()), validate=True) if found else b""
    except binascii.Error:
        content = b""
    if b"BEGIN RSA PRIVATE KEY" in key and content:
        return "ps256"
    # In a SEC 1 key the curve stands at the end, else at the beginning.
    where = content if b"BEGIN EC PRIVATE KEY" in key else content[:64]
    for identifier, name in _ALGORITHMS:
        if identifier in where:
            return name
    raise InvalidRequestError(
        "The key for signing is of no kind that C2PA knows.", hint="ECDSA P-256, P-384, P-521, Ed25519 or RSA, in PEM."
    )


def sign_clip(
    clip: Path, signing: Signing, *, title: str, version: str, source_type: str, pictures: Sequence[Path]
) -> None:
    """Put a signed record into a clip, in place.

    Parameters
    ----------
    clip : Path
        An MP4.
    title : str
        Of the clip.
    version : str
        Of ipynemo.
    source_type : str
        The address of the digital source type.
    pictures : sequence of Path
        What went into the clip. Their names are not told; their own records are carried along, unless those tell of
        places or people.

    Raises
    ------
    RenderFailedError
        It could not be signed; the clip is as it was.
    """
    import c2pa

    algorithm, certificate, key = signing.material()
    part = clip.with_name(f"{clip.name}.signed.part")
    ours = {"name": "ipynemo", "version": version}
    whole = [path for path in pictures[:MAX_INGREDIENTS] if _mime(path)]
    labels = [f"picture-{number}" for number in range(1, len(whole) + 1)]
    made = {"action": "c2pa.created", "digitalSourceType": source_type, "softwareAgent": ours}
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}} for label in labels]
    bare, carried = [], []
    for number, (label, path) in enumerate(zip(labels, whole, strict=True), 1):
        entry = {"title": f"Picture {number}", "relationship": "componentOf", "label": label}
        if _tells_too_much(path):
            bare.append({**entry, "format": _mime(path), "instance_id": label})
        else:
            carried.append((entry, path))
    manifest = {
        "claim_generator_info": [ours],
        "title": title,
        "format": "video/mp4",
        "ingredients": bare,
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [made, *placed]}}],
    }
    settings = {"builder": {"thumbnail": {"enabled": False}}, "verify": _OFFLINE}
    try:
        with ExitStack() as stack:
            context = stack.enter_context(c2pa.Context.from_dict(settings))
            signer = stack.enter_context(
                c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm.encode(), certificate, key, None))
            )
            builder = stack.enter_context(c2pa.Builder(manifest, context=context))
            for entry, path in carried:
                with path.open("rb") as file:
                    builder.add_ingredient(entry, _mime(path), file)
            source, target = stack.enter_context(clip.open("rb")), stack.enter_context(part.open("wb+"))
            builder.sign(signer, "video/mp4", source, target)
        part.replace(clip)
    except Exception as error:  # noqa: BLE001 - a native library may fail in any way, and its words may hold a secret
        raise RenderFailedError(
            f"The clip could not be signed: {_said(error, key)}.",
            hint="Do the certificate and the key belong together? C2PA asks for a certificate for signing documents.",
        ) from None
    finally:
        part.unlink(missing_ok=True)


_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}


def _said(error: Exception, key: bytes) -> str:
    """Return what a library said, unless it said a part of the key."""
    said = " ".join(str(error).split())[:300].rstrip(".")
    secret = [line for line in key.decode("ascii", "replace").split() if len(line) > 20]
    return type(error).__name__ if "PRIVATE" in said or any(line[:20] in said for line in secret) else said


def _mime(path: Path) -> str:
    with path.open("rb") as file:
        return mime_of(file.read(16)) or ""


def _tells_too_much(path: Path) -> bool:
    """Return whether the picture's own record tells of a place or a person; one that cannot be read counts as such."""
    import c2pa

    try:
        with c2pa.Context.from_dict({"verify": _OFFLINE}) as context, path.open("rb") as file:
            reader = c2pa.Reader.try_create(_mime(path), file, context=context)
            if reader is None:
                return False
            with reader:
                manifests = json.loads(reader.json()).get("manifests", {})
    except Exception:  # noqa: BLE001 - a native parser that is fed hostile bytes may fail in any way
        return True
    return any(_private_key(manifest.get("assertions", [])) for manifest in manifests.values())


def _private_key(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            any(word in str(name).lower() for word in _PRIVATE) or _private_key(inner) for name, inner in value.items()
        )
    return isinstance(value, list) and any(_private_key(inner) for inner in value)
