"""What a finished clip says about itself, and the signature under it; read back by our own reader."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import av
import c2pa
import pytest

from evidence_samples import A1111, camera, film, png, saved
from ipynemo import __version__
from ipynemo.backend.provenance import complete, finish_clip, source_type_of
from ipynemo.backend.signing import Signing
from ipynemo.concepts.evidence import evidence
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, RenderFailedError
from signing import Authority, authority, sign

if TYPE_CHECKING:
    from pathlib import Path

SIGNER = "Test Signer · Test Signer Org"
PLACE = {"label": "stds.exif", "data": {"@context": {"exif": "x"}, "exif:GPSLatitude": "52,31.2N"}}


@pytest.fixture(scope="module")
def by() -> Authority:
    return authority()


def draft(*sources: str, title: str = 'A <title> & "more"', scene: str = "open") -> Draft:
    shots = [{"st": n * 1000, "d": 1000, "src": source, "m": {"scene": scene}} for n, source in enumerate(sources)]
    words = [{"st": 0, "d": 1000, "tx": "Hello"}]
    return Draft({"t": [{"tt": 0, "sg": shots}, {"tt": 7, "sg": words}], "d": 2000, "m": {"title": title}})


def record(path: Path) -> dict[str, Any]:
    """Return the active manifest of a clip."""
    with c2pa.Context.from_dict({"verify": {"remote_manifest_fetch": False}}) as context, path.open("rb") as file:
        reader = c2pa.Reader.try_create("video/mp4", file, context=context)
        assert reader is not None
        with reader:
            store = json.loads(reader.json())
    return store["manifests"][store["active_manifest"]] | {"store": store}


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_without_a_certificate_plain_text_says_what_made_the_clip(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", title="x")
    before = clip.read_bytes()
    size = finish_clip(clip, draft("a"), {"a": saved(tmp_path / "a.jpg")}, None)
    assert size == clip.stat().st_size
    assert clip.read_bytes().startswith(before)
    found = evidence(clip)
    assert (found.level, found.signature, found.source_types) == ("stated", None, ("composite",))
    assert f"ipynemo {__version__}" in found.software
    assert 'A &lt;title&gt; &amp; "more"</rdf:li>' in clip.read_bytes().decode("latin-1")
    assert frames(clip) == 1


@pytest.mark.parametrize("algorithm", ["es256", "es384", "ps256", "ed25519"])
def test_a_clip_is_signed_with_the_user_s_key(tmp_path: Path, algorithm: str) -> None:
    by = authority(algorithm)
    signing = Signing(*by.write(tmp_path))
    clip = film(tmp_path / "clip.mp4")
    size = finish_clip(clip, draft("a", title="Robots"), {"a": saved(tmp_path / "a.jpg")}, signing)
    assert size == clip.stat().st_size
    found = evidence(clip, trust=by.root)
    assert (found.level, found.signature, found.signer) == ("signed", "trusted", SIGNER)
    assert evidence(clip).signature == "unknown"
    made = record(clip)
    assert made["title"] == "Robots"
    assert made["claim_generator_info"][0]["name"] == "ipynemo"
    assert made["claim_generator_info"][0]["version"] == __version__
    assert [(i["title"], i["relationship"], "thumbnail" in i) for i in made["ingredients"]] == [
        ("Picture 1", "componentOf", False)
    ]
    assert frames(clip) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "chain.pem", "clip.mp4", "key.pem"]


def test_the_record_of_a_picture_is_carried_along_and_its_label_too(tmp_path: Path, by: Authority) -> None:
    picture = sign(saved(tmp_path / "plain.jpg"), tmp_path / "my house.jpg", by, softwareAgent={"name": "Model X"})
    clip = film(tmp_path / "clip.mp4")
    finish_clip(clip, draft("b", "a", "b"), {"a": picture, "b": png(tmp_path / "b.png")}, Signing(*by.write(tmp_path)))
    found = evidence(clip, trust=by.root)
    assert found.source_types == ("compositeSynthetic", "trainedAlgorithmicMedia")
    rows = [row["says"] for row in found.rows() if row["who"] == f"{SIGNER} (C2PA part)"]
    assert rows == [
        "partly made by a trained model",
        "AI agent: Model X, an image generator",
        "claim generator: Paint Machine 1.0",
    ]
    made = record(clip)
    assert sorted(i["title"] for i in made["ingredients"]) == ["Picture 1", "Picture 2"]
    actions = [action["action"] for action in made["assertions"][-1]["data"]["actions"]]
    assert actions == ["c2pa.created", "c2pa.placed", "c2pa.placed"]
    assert "my house" not in clip.read_bytes().decode("latin-1")


def test_a_picture_whose_record_tells_a_place_goes_in_without_that_record(tmp_path: Path, by: Authority) -> None:
    picture = sign(camera(tmp_path / "plain.jpg"), tmp_path / "a.jpg", by, more=(PLACE,))
    assert b"52,31.2N" in picture.read_bytes()
    clip = film(tmp_path / "clip.mp4")
    finish_clip(clip, draft("a"), {"a": picture}, Signing(*by.write(tmp_path)))
    assert b"52,31.2N" not in clip.read_bytes()
    made = record(clip)
    assert [(i["title"], "active_manifest" in i) for i in made["ingredients"]] == [("Picture 1", False)]
    assert evidence(clip, trust=by.root).signature == "trusted"


def test_a_clip_changed_after_signing_no_longer_fits(tmp_path: Path, by: Authority) -> None:
    clip = film(tmp_path / "clip.mp4")
    finish_clip(clip, draft(), {}, Signing(*by.write(tmp_path)))
    content = bytearray(clip.read_bytes())
    content[content.find(b"mdat") + 20] ^= 0xFF
    clip.write_bytes(content)
    assert evidence(clip, trust=by.root).signature == "misfit"


@pytest.mark.parametrize(
    ("sources", "scene", "expected"),
    [
        ((), "open", "algorithmicMedia"),
        (("photo",), "open", "composite"),
        (("photo", "ai"), "open", "compositeSynthetic"),
        (("photo",), "tiny_model", "compositeSynthetic"),
        (("gone",), "open", "composite"),
    ],
)
def test_the_kind_of_source_is_the_most_that_can_be_said(
    tmp_path: Path, sources: tuple[str, ...], scene: str, expected: str
) -> None:
    files = {
        "photo": camera(tmp_path / "p.jpg"),
        "ai": png(tmp_path / "ai.png", parameters=A1111),
        "gone": tmp_path / "x",
    }
    assert source_type_of(draft(*sources, scene=scene), [files[source] for source in sources]) == expected


WRONG = {
    "other key": "The clip could not be signed: ",
    "no key": "The key for signing is of no kind that C2PA knows.",
    "password": "The key is protected by a password.",
    "no certificate": "The file of the certificate holds none.",
    "gone": "The file of the key for signing cannot be read: No such file or directory.",
    "the key itself": "The file of the key for signing cannot be read: ",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_sign_is_an_error_that_tells_no_secret(
    tmp_path: Path, by: Authority, wrong: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    certificate, key = by.write(tmp_path)
    clip = film(tmp_path / "clip.mp4")
    other = authority().private
    if wrong == "other key":
        key.write_bytes(other)
    elif wrong == "no key":
        key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nU0VDUkVUU0VDUkVUU0VDUkVU\n-----END PRIVATE KEY-----\n")
    elif wrong == "password":
        key.write_bytes(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nU0VDUkVU\n-----END ENCRYPTED PRIVATE KEY-----\n")
    elif wrong == "no certificate":
        certificate.write_text("hello")
    elif wrong == "gone":
        key.unlink()
    monkeypatch.setenv("IPYNEMO_SIGN_CERTIFICATE", str(certificate))
    monkeypatch.setenv("IPYNEMO_SIGN_KEY", by.private.decode() if wrong == "the key itself" else str(key))
    said = complete(clip, draft().raw, {}, {"done": {"duration_s": 1.0, "size_bytes": 1}})
    assert list(said) == ["error"]
    assert said["error"]["type"] == "RenderFailedError"
    assert WRONG[wrong] in said["error"]["message"]
    shown = said["error"]["message"] + caplog.text + repr(Signing(certificate, key))
    secrets = [line for line in (by.private + other).decode().split() if len(line) > 20] + ["U0VDUkVU", "BEGIN PRIVATE"]
    assert [secret for secret in secrets if secret in shown] == []
    assert str(key) not in shown
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []


def test_a_key_alone_is_an_error(tmp_path: Path, by: Authority) -> None:
    _, key = by.write(tmp_path)
    with pytest.raises(InvalidRequestError, match="a certificate and its key are needed"):
        Signing.from_environ({"IPYNEMO_SIGN_KEY": str(key)})
    assert Signing.from_environ({}) is None


def test_a_clip_that_cannot_be_signed_stays_as_it_was(tmp_path: Path, by: Authority) -> None:
    certificate, key = by.write(tmp_path)
    key.write_bytes(authority().private)
    clip = film(tmp_path / "clip.mp4")
    with pytest.raises(RenderFailedError, match="The clip could not be signed"):
        finish_clip(clip, draft(), {}, Signing(certificate, key))
    assert evidence(clip).signature is None
    assert frames(clip) == 1
