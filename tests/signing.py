"""A certificate authority, a signer and C2PA records, all made on the spot; no key outlives a test run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_PEM = serialization.Encoding.PEM
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass
class Authority:
    """A root certificate (PEM), a signer below it, and the signer's certificates and key (PEM)."""

    root: str
    signer: c2pa.C2paSignerInfo
    chain: bytes
    private: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the certificates and the key into two files."""
        (folder / "chain.pem").write_bytes(self.chain)
        (folder / "key.pem").write_bytes(self.private)
        return folder / "chain.pem", folder / "key.pem"


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in _USAGES})


def _certificate(name: str, issuer: str, key: Any) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)

    def called(text: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, f"{text} Org"),
                x509.NameAttribute(x509.NameOID.COMMON_NAME, text),
            ]
        )

    return (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


_KEYS: dict[str, Any] = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def authority(algorithm: str = "es256") -> Authority:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), _KEYS[algorithm]()
    root = (
        _certificate("Test Root", "Test Root", root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _certificate("Test Signer", "Test Root", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = leaf.public_bytes(_PEM) + root.public_bytes(_PEM)
    signer = c2pa.C2paSignerInfo(algorithm.encode(), chain, private, None)
    return Authority(root.public_bytes(_PEM).decode(), signer, chain, private)


def sign(
    source: Path,
    target: Path,
    by: Authority,
    *,
    mime: str = "image/jpeg",
    remote: str | None = None,
    generator: tuple[str, str] = ("Paint Machine", "1.0"),
    parent: Path | None = None,
    more: tuple[dict[str, Any], ...] = (),
    **action: Any,
) -> Path:
    """Copy `source` to `target` with a C2PA record of one action.

    With `remote`, the record stays outside the file; with `parent`, it says that the picture was opened from that file;
    `more` are further assertions.
    """
    made = {"action": "c2pa.created", "digitalSourceType": AI, **action}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    actions = {"actions": [opened if parent else made]}
    manifest = {
        "claim_generator_info": [{"name": generator[0], "version": generator[1]}],
        "format": mime,
        "assertions": [{"label": "c2pa.actions", "data": actions}, *more],
    }
    settings = {"builder": {"thumbnail": {"enabled": False}}}
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(by.signer) as signer,
        c2pa.Builder(manifest, context=context) as builder,
    ):
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        if parent:
            with parent.open("rb") as before:
                builder.add_ingredient({"title": "parent", "relationship": "parentOf", "label": "parent"}, mime, before)
        with source.open("rb") as original, target.open("wb+") as signed:
            builder.sign(signer, mime, original, signed)
    return target
