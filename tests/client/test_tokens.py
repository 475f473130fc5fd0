"""Anonymous tokens: kept privately, shared by processes, asked for once, renewed with the same client id."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peer import FAST, Peer, run_script

from ipynemo import AsyncNemo
from ipynemo.client.tokens import AnonymousTokens
from ipynemo.errors import AuthenticationError, InvalidRequestError, ProtocolError

ASK = "/api/auth/anonymous-token"


def asked(peer: Peer) -> list[str]:
    """Return the client ids of all calls for a token."""
    return [entry["headers"]["x-client-id"] for entry in peer.log(ASK)]


def used(peer: Peer) -> list[str]:
    """Return the tokens of all other calls."""
    return [entry["headers"]["authorization"] for entry in peer.log("/api/") if entry["path"] != ASK]


def kept(home: Path) -> Path:
    return home / ".config" / "nemovideo"


def nemo_of(peer: Peer) -> AsyncNemo:
    return AsyncNemo(peer.url, timing=FAST)


async def test_an_anonymous_token_is_asked_for_with_a_client_id_of_this_computer_and_kept(
    peer: Peer, clean_home: Path
) -> None:
    async with nemo_of(peer) as nemo:
        await nemo.credits()
        await nemo.credits()
    client_id = (kept(clean_home) / "client_id").read_text().strip()
    assert str(uuid.UUID(client_id)) == client_id
    assert asked(peer) == [client_id]
    assert used(peer) == ["Bearer nmv_usr_1"] * 2
    assert sorted(path.name for path in kept(clean_home).iterdir()) == ["client_id", "tokens.json"]
    for path in kept(clean_home).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept(clean_home).stat().st_mode) == 0o700


async def test_another_process_uses_the_kept_token(peer: Peer) -> None:
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    run_script("import ipynemo; print(ipynemo.Nemo().credits())", peer)
    assert len(asked(peer)) == 1
    assert used(peer) == ["Bearer nmv_usr_1"] * 2


async def test_thirty_first_calls_at_once_ask_for_one_token(peer: Peer) -> None:
    peer.set(token_delay_s=0.1)
    async with nemo_of(peer) as nemo:
        await asyncio.gather(*(nemo.credits() for _ in range(30)))
    assert len(asked(peer)) == 1
    assert used(peer) == ["Bearer nmv_usr_1"] * 30


async def test_each_backend_has_a_token_of_its_own(peer: Peer, clean_home: Path) -> None:
    for url in (peer.url, peer.url.replace("127.0.0.1", "localhost")):
        async with AsyncNemo(url, timing=FAST) as nemo:
            await nemo.credits()
    assert len(asked(peer)) == 2
    assert len(json.loads((kept(clean_home) / "tokens.json").read_text())) == 2


REFUSED = {
    "envelope": {"status": 200, "body": '{"code": 1001, "message": "bad token"}'},
    "newer envelope": {"status": 200, "body": '{"code": 1010, "message": "bad token"}'},
    "status": {"status": 401, "body": "no"},
}


@pytest.mark.parametrize("refusal", REFUSED.values(), ids=REFUSED)
async def test_a_refused_token_is_renewed_once_with_the_same_client_id(peer: Peer, refusal: dict[str, Any]) -> None:
    refusal = {"on": "GET /api/credits.*", "headers": {"Content-Type": "application/json"}, **refusal}
    async with nemo_of(peer) as nemo:
        await nemo.credits()
        peer.set(faults=[refusal])
        assert (await nemo.credits()).available == 88
        assert asked(peer) == [asked(peer)[0]] * 2
        assert used(peer) == ["Bearer nmv_usr_1", "Bearer nmv_usr_1", "Bearer nmv_usr_2"]
        peer.set(faults=[{**refusal, "times": 2}])
        with pytest.raises(AuthenticationError):
            await nemo.credits()
    assert len(asked(peer)) == 3


async def test_calls_that_are_refused_together_renew_together(peer: Peer) -> None:
    async with nemo_of(peer) as nemo:
        await nemo.credits()
        peer.set(faults=[{"on": "GET /api/credits.*", "status": 401, "times": 10}], token_delay_s=0.05)
        await asyncio.gather(*(nemo.credits() for _ in range(10)))
    assert len(asked(peer)) == 2


async def test_a_token_that_another_process_renewed_is_taken_from_the_file(peer: Peer) -> None:
    async with nemo_of(peer) as one, nemo_of(peer) as other:
        await one.credits()
        await other.credits()
        for nemo in (one, other):
            peer.set(faults=[{"on": "GET /api/credits.*", "status": 401}])
            await nemo.credits()
    assert len(asked(peer)) == 2


async def test_a_users_own_token_is_never_replaced(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEMO_TOKEN", "  nmv_usr_own\n")
    peer.set(faults=[{"on": "GET /api/credits.*", "status": 401}])
    async with nemo_of(peer) as nemo:
        with pytest.raises(AuthenticationError, match="NEMO_TOKEN"):
            await nemo.credits()
    assert used(peer) == ["Bearer nmv_usr_own"]
    assert asked(peer) == []


async def test_an_expired_token_is_not_used_again(peer: Peer, clean_home: Path) -> None:
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    file = kept(clean_home) / "tokens.json"
    entries = json.loads(file.read_text())
    entries[peer.url]["expires_at"] = time.time() + 30  # about to
    file.write_text(json.dumps(entries))
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    assert used(peer) == ["Bearer nmv_usr_1", "Bearer nmv_usr_2"]
    assert asked(peer) == [asked(peer)[0]] * 2


SOON = datetime.now(UTC) + timedelta(days=3)


@pytest.mark.parametrize(
    "expires_at",
    [
        SOON.isoformat(),
        SOON.strftime("%Y-%m-%dT%H:%M:%SZ"),
        SOON.replace(tzinfo=None).isoformat(),
        SOON.timestamp(),
        SOON.timestamp() * 1000,
        str(int(SOON.timestamp())),
    ],
    ids=["iso", "zulu", "naive", "seconds", "milliseconds", "text"],
)
async def test_the_expiry_is_read_in_every_usual_form(peer: Peer, clean_home: Path, expires_at: Any) -> None:
    peer.set(expires_at=expires_at)
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    entry = json.loads((kept(clean_home) / "tokens.json").read_text())[peer.url]
    assert entry["expires_at"] == pytest.approx(SOON.timestamp(), abs=1)


@pytest.mark.parametrize(
    "expires_at", ["2020-01-01T00:00:00Z", "soon", None, 0, -5, True, [1], "9" * 400, "2020-99-99", {"a": 1}]
)
async def test_an_expiry_that_cannot_be_is_read_as_the_usual_seven_days(
    peer: Peer, clean_home: Path, expires_at: Any
) -> None:
    peer.set(expires_at=expires_at)
    async with nemo_of(peer) as nemo:
        await nemo.credits()
        await nemo.credits()
    assert len(asked(peer)) == 1
    entry = json.loads((kept(clean_home) / "tokens.json").read_text())[peer.url]
    assert entry["expires_at"] == pytest.approx(time.time() + 7 * 24 * 3600, abs=300)


@pytest.mark.parametrize("client_id", [b"", b"\xff\xfe", b"two\nlines", "ключ".encode(), b"x" * 500, b"\0\0"])
@pytest.mark.parametrize("tokens", [b"", b"{", b"[]", b'{"URL": 5}', b'{"URL": {"token": "a\\nb"}}', b"\xff"])
async def test_spoilt_files_are_replaced(peer: Peer, clean_home: Path, client_id: bytes, tokens: bytes) -> None:
    kept(clean_home).mkdir(parents=True)
    (kept(clean_home) / "client_id").write_bytes(client_id)
    (kept(clean_home) / "tokens.json").write_bytes(tokens.replace(b"URL", peer.url.encode()))
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    [used_id] = asked(peer)
    assert (kept(clean_home) / "client_id").read_text().strip() == used_id == str(uuid.UUID(used_id))
    assert json.loads((kept(clean_home) / "tokens.json").read_text())[peer.url]["token"] == "nmv_usr_1"


async def test_a_client_id_of_the_vendors_own_tools_is_used(peer: Peer, clean_home: Path) -> None:
    kept(clean_home).mkdir(parents=True)
    (kept(clean_home) / "client_id").write_text("b9f1-made-elsewhere\n")
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    assert asked(peer) == ["b9f1-made-elsewhere"]


async def test_a_client_id_from_the_environment_is_used_and_not_kept(
    peer: Peer, clean_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEMO_CLIENT_ID", "of-the-class")
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    assert asked(peer) == ["of-the-class"]
    assert not (kept(clean_home) / "client_id").exists()
    monkeypatch.setenv("NEMO_CLIENT_ID", "not\na header")
    async with nemo_of(peer) as nemo:
        with pytest.raises(InvalidRequestError, match="NEMO_CLIENT_ID"):
            await nemo.credits()


async def test_a_client_id_that_the_backend_refuses_is_replaced_once(peer: Peer, clean_home: Path) -> None:
    peer.set(faults=[{"on": f"POST {ASK}", "status": 400, "body": '{"code": 400, "message": "X-Client-Id missing"}'}])
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    first, second = asked(peer)
    assert first != second == (kept(clean_home) / "client_id").read_text().strip()


async def test_without_a_home_that_can_be_written_it_works_and_says_so_once(
    peer: Peer, clean_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (clean_home / ".config").write_text("a file in the way")
    with caplog.at_level(logging.WARNING):
        async with nemo_of(peer) as nemo:
            await nemo.credits()
            await nemo.credits()
    assert len(asked(peer)) == 1
    assert [record.message for record in caplog.records] == [
        "client_id could not be written (Not a directory); it is kept in memory only."
    ]


async def test_without_any_home_it_works(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    async with nemo_of(peer) as nemo:
        await nemo.credits()
    assert len(asked(peer)) == 1


async def test_two_first_uses_at_once_agree_on_one_client_id(clean_home: Path) -> None:
    async def fetch(client_id: str) -> dict[str, Any]:
        return {"token": f"of-{client_id}"}

    both = [AnonymousTokens("https://a.example", fetch) for _ in range(8)]
    ids = await asyncio.gather(*(asyncio.to_thread(one.client_id) for one in both))
    assert len(set(ids)) == 1


@pytest.mark.parametrize("token", [None, "", 5, "two words", "line\nbreak", "ключ", "tab\t"])
async def test_an_answer_without_a_token_that_can_be_sent_is_told(clean_home: Path, token: Any) -> None:
    async def fetch(_client_id: str) -> dict[str, Any]:
        return {"token": token}

    with pytest.raises(ProtocolError, match="no anonymous token"):
        await AnonymousTokens("https://a.example", fetch).get()
