"""Which backend, and what it is told about us: the cloud is never contacted unless somebody names it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from peer import FAST, Peer, nemo_of, run_script

from ipynemo import AsyncNemo, Nemo
from ipynemo.errors import InvalidRequestError, ProtocolError
from ipynemo.settings import Settings, data_dir, skill_platform, user_language

CLOUD = "Cloud — mega-api-prod.nemovideo.ai"
LOCAL = "Local — nothing leaves this computer"


@pytest.mark.parametrize(
    ("backend", "token", "environ", "where"),
    [
        (None, None, {}, LOCAL),
        (None, None, {"NEMO_TOKEN": "own"}, CLOUD),
        (None, "own", {}, CLOUD),
        (None, None, {"NEMO_API_URL": "https://class.example/nemo/"}, "Cloud — class.example"),
        (None, None, {"NEMO_API_URL": "https://class.example:8443", "NEMO_TOKEN": "own"}, "Cloud — class.example:8443"),
        ("local", None, {"NEMO_API_URL": "https://class.example", "NEMO_TOKEN": "own"}, LOCAL),
        ("cloud", None, {}, CLOUD),
        ("cloud", None, {"NEMO_API_URL": "https://class.example"}, "Cloud — class.example"),
        ("http://127.0.0.1:8765", None, {"NEMO_API_URL": "https://class.example"}, "Cloud — 127.0.0.1:8765"),
        (None, None, {"NEMO_TOKEN": "", "NEMO_API_URL": "  "}, LOCAL),
    ],
)
def test_the_argument_counts_then_the_address_then_the_token_else_this_computer(
    clean_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str | None,
    token: str | None,
    environ: dict[str, str],
    where: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    nemo = AsyncNemo(backend, token=token)
    assert nemo.where == where
    assert nemo.is_local == (where == LOCAL)
    assert repr(nemo) == f"<AsyncNemo {where}>"


@pytest.mark.parametrize(
    "backend",
    ["", "clod", "ftp://a.example", "https://", "http://[::1", "http://a.example:99999", "http://u:p@a.example",
     "https://a.example/?token=x", "https://a.example/#x"],
)  # fmt: skip
def test_what_is_no_backend_is_told_before_any_request(clean_home: Path, backend: str) -> None:
    with pytest.raises(InvalidRequestError):
        AsyncNemo(backend)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ключ", "zero\0"])
def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(clean_home: Path, token: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        AsyncNemo("cloud", token=token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(("backend", "options"), [("cloud", {"credits": 5}), ("local", {"creditz": 5})])
def test_options_that_the_backend_does_not_have_are_refused(
    clean_home: Path, backend: str, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError, match=next(iter(options))):
        AsyncNemo(backend, **options)


def test_a_token_that_would_go_over_the_network_in_the_clear_is_warned_about(
    clean_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    AsyncNemo("http://127.0.0.1:8765", token="own-token")
    AsyncNemo("https://class.example", token="own-token")
    assert caplog.messages == []
    AsyncNemo("http://class.example", token="own-token")
    assert caplog.messages == ["The token goes to class.example without encryption; use an https:// address."]


NO_NETWORK = """
import asyncio, socket, sys
def refuse(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
        sys.exit(f"contacted {address}")
for name in ("connect", "connect_ex"):
    real = getattr(socket.socket, name)
    setattr(socket.socket, name, lambda self, address, real=real: refuse(self, address) or real(self, address))
look_up = socket.getaddrinfo
def only_here(host, *rest, **more):
    if host not in ("127.0.0.1", "localhost", None):
        sys.exit(f"looked up {host}")
    return look_up(host, *rest, **more)
socket.getaddrinfo = only_here
import ipynemo
with ipynemo.Nemo(**eval(sys.stdin.readline())) as nemo:
    print(nemo.create_session("x").draft().is_empty)
"""


def test_without_a_name_for_it_the_cloud_is_never_contacted(peer: Peer) -> None:
    local = run_script(NO_NETWORK, stdin="{}\n")
    assert local.stdout == "True\n"
    cloud = run_script(NO_NETWORK, stdin="{'backend': 'cloud', 'token': 'own'}\n", check=False)
    assert cloud.returncode != 0
    assert "mega-api-prod.nemovideo.ai" in cloud.stderr


# -- what it is told --------------------------------------------------------------------------------------------------


async def test_every_call_carries_who_asks(peer: Peer, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILL_SOURCE", "my-platform")
    peer.set(video=str(video), faults=[{"on": "GET /files/.*", "status": 403}])
    Path("a.png").write_bytes(b"x")  # noqa: ASYNC240
    async with AsyncNemo(peer.url, timing=FAST) as nemo:
        session = await nemo.create_session("x")
        await session.upload("a.png", "https://example.org/b.png")
        await session.chat("add a title")
        await session.credits()
        await session.export("clip.mp4")
        render = await session.submit()
        await session.cancel(render)
        await session.browser_link()
    calls = peer.log("/")
    ours = [entry for entry in calls if not entry["path"].startswith("/files/")]
    assert len({(entry["method"], entry["path"]) for entry in ours}) == 12
    for entry in ours:
        headers = entry["headers"]
        assert headers["x-skill-source"] == "what-is-ai-image", entry["path"]
        assert headers["x-skill-version"] == "1.0.0"
        assert headers["x-skill-platform"] == "my-platform"
        assert ("authorization" in headers) == ("anonymous-token" not in entry["path"])
        assert ("x-client-id" in headers) == ("anonymous-token" in entry["path"])
        assert "nmv_usr" not in entry["path"] + entry["query"]
    assert len(calls) > len(ours)


@pytest.mark.parametrize(
    ("environ", "path", "platform"),
    [
        ({}, "/home/u/.clawhub/skills/what-is-ai-image/ipynemo/settings.py", "clawhub"),
        ({}, "/home/u/.cursor/skills/what-is-ai-image/ipynemo/settings.py", "cursor"),
        ({}, "C:\\Users\\u\\.cursor\\skills\\ipynemo\\settings.py", "cursor"),
        ({}, "/usr/lib/python3/site-packages/ipynemo/settings.py", "unknown"),
        ({}, "/home/u/clawhub/ipynemo/settings.py", "unknown"),
        ({"SKILL_SOURCE": "school"}, "/home/u/.clawhub/ipynemo/settings.py", "school"),
    ],
)
def test_the_platform_is_told_from_where_it_is_installed(environ: dict[str, str], path: str, platform: str) -> None:
    assert skill_platform(environ, path) == platform


def test_a_platform_that_no_header_can_carry_is_cleaned(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILL_SOURCE", "школа\r\nX-Evil: 1")
    with Nemo(peer.url, token="own") as nemo:
        nemo.credits()
    [call] = peer.log("/credits/")
    assert call["headers"]["x-skill-platform"] == "X-Evil: 1"
    assert "x-evil" not in call["headers"]


async def test_the_browser_link_holds_a_claim_and_no_token(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEMO_WEB_URL", "https://web.example/")
    async with nemo_of(peer) as nemo:
        made = await nemo.create_session("x")
        assert await made.browser_link() == "https://web.example/workspace/claim?ct=clm_a%2Fb"
        await nemo.session(made.session_id).browser_link()
        assert [entry["json"] for entry in peer.log("/claim-token")] == [{"task_id": "t-1", "session_id": "s-1"}] * 2
        peer.set(faults=[{"on": "POST /api/auth/claim-token", "body": '{"code": 0, "data": {}}'}])
        with pytest.raises(ProtocolError, match="no claim"):
            await made.browser_link()


async def test_the_embedded_backend_has_no_browser_link(clean_home: Path) -> None:
    nemo = AsyncNemo("local")
    with pytest.raises(InvalidRequestError, match="no web editor"):
        await nemo.session("s-1").browser_link()


async def test_a_session_is_opened_in_the_users_language_and_attached_without_a_call(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    async with nemo_of(peer) as nemo:
        assert (await nemo.create_session("机器人")).language == "zh"
        await nemo.create_session("Roboter", language="de")
        again = nemo.session("s-1")
        assert again.session_id == "s-1"
        with pytest.raises(InvalidRequestError, match="no session id"):
            nemo.session(" ")
        assert [info.session_id for info in await nemo.sessions()] == ["s-2", "s-1"]
    assert [entry["json"] for entry in peer.log()] == [
        {"task_name": "机器人", "language": "zh"},
        {"task_name": "Roboter", "language": "de"},
    ]


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR", "LC_ALL": ""}, "fr"),
    ],
)
def test_the_language_is_that_of_the_locale(environ: dict[str, str], language: str) -> None:
    assert user_language(environ) == language


def test_settings_are_read_from_the_environment_and_hide_the_token() -> None:
    settings = Settings.from_environ({"NEMO_TOKEN": " nmv_usr_own ", "NEMO_API_URL": "https://a.example//"})
    assert (settings.token, settings.api_url, settings.web_url) == (
        "nmv_usr_own",
        "https://a.example",
        "https://nemovideo.com",
    )
    assert "nmv_usr_own" not in repr(settings)
    assert data_dir({"IPYNEMO_DATA_DIR": "~/x"}) == Path(os.environ["HOME"]) / "x"
