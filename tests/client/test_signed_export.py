"""An export that is signed: the user names two files, and the clip carries a record with the picture in it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import av
import pytest
from peer import FAST

from evidence_samples import saved
from ipynemo import AsyncNemo, Draft, __version__
from ipynemo.concepts.evidence import evidence
from ipynemo.errors import InvalidRequestError, RenderFailedError
from signing import authority

if TYPE_CHECKING:
    from pathlib import Path

TIMING = dataclasses.replace(FAST, render_limit_s=240, read_budget_s=60, render_poll_max_s=0.2)


async def test_an_export_is_signed_when_a_certificate_and_its_key_are_named(clean_home: Path) -> None:
    by = authority()
    certificate, key = by.write(clean_home)
    options = {"sign_certificate": certificate, "sign_key": str(key)}
    async with AsyncNemo("local", timing=TIMING, language="en", data=clean_home / "data", **options) as nemo:
        session = await nemo.create_session("Robots")
        [asset] = await session.upload(saved(clean_home / "robot.png"))
        shot = {"id": "s1", "st": 0, "d": 200, "src": asset.raw["id"]}
        meta = {"title": "Robots", "width": 1920, "height": 1080}
        caption = {"tt": 7, "m": {"role": "caption"}, "sg": [{"id": "s2", "st": 0, "d": 200, "tx": "Robots."}]}
        clip = await session.export(draft=Draft({"t": [{"tt": 0, "sg": [shot]}, caption], "d": 200, "m": meta}))
        found = evidence(clip.path, trust=by.root)
        assert (found.level, found.signature) == ("signed", "trusted")
        assert found.source_types == ("composite",)
        assert f"claim generator: ipynemo {__version__}" in found.text()
        assert clip.size_bytes == clip.path.stat().st_size
        assert str(key) not in repr(nemo)
        with av.open(str(clip.path)) as container:
            told = container.metadata
            [said] = [bytes(p)[2:] for p in container.demux(container.streams.subtitles[0]) if p.size > 2]
        assert said == b"Robots."  # the record stands before it, and has not moved it
        assert (told["title"], told["comment"]) == ("Robots", f"Made with ipynemo {__version__}")
    log = (clean_home / "data" / "logs" / "backend.log").read_text("utf-8", "replace")
    assert [line for line in by.private.decode().split() if len(line) > 20 and line in log] == []


async def test_a_key_that_cannot_sign_fails_the_export_before_anything_is_drawn(clean_home: Path) -> None:
    certificate, key = authority().write(clean_home)
    key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nU0VDUkVU\n-----END ENCRYPTED PRIVATE KEY-----\n")
    options = {"sign_certificate": certificate, "sign_key": key, "data": clean_home / "data"}
    async with AsyncNemo("local", timing=TIMING, language="en", **options) as nemo:
        session = await nemo.create_session("Robots")
        words = {"id": "s1", "st": 0, "d": 600_000, "tx": "Hello"}  # ten minutes would take longer than this test may
        with pytest.raises(RenderFailedError, match="The key is protected by a password"):
            await session.export(draft=Draft({"t": [{"tt": 7, "sg": [words]}], "d": 600_000}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sign_key": "key.pem"}, "a certificate and its key are needed"),
        ({"sign_certificate": "gone.pem", "sign_key": "gone.pem"}, "sign_certificate names no file that can be read"),
        ({"sign": True}, "AsyncNemo takes no sign"),
    ],
)
def test_options_for_signing_are_looked_at_before_anything_starts(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        AsyncNemo("local", **options)


def test_a_key_given_for_its_path_is_not_repeated_in_the_message() -> None:
    text = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU" + "A" * 300
    with pytest.raises(InvalidRequestError) as caught:
        AsyncNemo("local", sign_certificate=__file__, sign_key=text)
    assert "U0VDUkVU" not in f"{caught.value}{caught.value!r}"
