"""`serve` for a class: who may listen where, what is printed, and a clean end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import SOURCES
from typer.testing import CliRunner

from ipynemo.backend import running
from ipynemo.backend.config import BackendConfig, database_given
from ipynemo.backend.serve import banner, is_loopback, serve
from ipynemo.cli.app import app
from ipynemo.errors import BackendStartError, InvalidRequestError

RUN = "import sys; from pathlib import Path; from ipynemo.backend.serve import serve; serve(data=Path(sys.argv[1]), {})"


class Served:
    def __init__(self, data: Path, arguments: str, **environ: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEMO_", "IPYNEMO_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN.format(arguments), str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean, "PYTHONPATH": SOURCES, **environ},
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        self.text = "".join(lines)

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@pytest.fixture
def served(tmp_path: Path) -> Iterator[list[Served]]:
    running: list[Served] = []
    yield running
    for each in running:
        each.process.kill()
        each.process.communicate()


def test_it_prints_what_a_pupil_sets_and_both_work(served: list[Served], tmp_path: Path) -> None:
    served.append(Served(tmp_path, "port=0"))
    url = re.search(r"export NEMO_API_URL=(http://127\.0\.0\.1:\d+)\n", served[0].text)
    token = re.search(r"export NEMO_TOKEN=(\S+)\n", served[0].text)
    assert url
    assert token
    assert "Caddy" not in served[0].text
    headers = {"Authorization": f"Bearer {token[1]}"}
    answer = httpx.get(url[1] + "/api/credits/balance/simple", headers=headers)
    assert answer.json()["data"]["available"] == 100
    session = httpx.post(url[1] + "/api/tasks/me/with-session/nemo_agent", json={}, headers=headers).json()
    assert session["data"]["user_id"] == "usr_served"


def test_ctrl_c_ends_it_quietly(served: list[Served], tmp_path: Path) -> None:
    served.append(Served(tmp_path, "port=0"))
    assert served[0].stop() == (0, "")


def test_a_given_token_is_used_and_not_printed(served: list[Served], tmp_path: Path) -> None:
    secret = "a-long-and-random-class-token"
    served.append(Served(tmp_path, "port=0, host='0.0.0.0'", NEMO_SERVE_TOKEN=secret))
    assert secret not in served[0].text
    assert "export NEMO_TOKEN=(the token that you set)" in served[0].text
    assert "Caddy" in served[0].text
    port = re.search(r":(\d+),", served[0].text)
    assert port
    answer = httpx.get(
        f"http://127.0.0.1:{port[1]}/api/credits/balance/simple", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 200


def test_anonymous_serving_needs_no_token_and_gives_everyone_a_user(served: list[Served], tmp_path: Path) -> None:
    served.append(Served(tmp_path, "port=0, host='0.0.0.0', anonymous=True"))
    assert "NEMO_TOKEN" not in served[0].text
    assert "everyone then gets a user of their own" in served[0].text
    port = re.search(r":(\d+),", served[0].text)
    assert port
    ids = {
        httpx.post(
            f"http://127.0.0.1:{port[1]}/api/auth/anonymous-token",
            headers={"X-Client-Id": f"00000000-0000-4000-8000-00000000000{n}"},
        ).json()["data"]["user_id"]
        for n in range(3)
    }
    assert len(ids) == 3


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEMO_SERVE_TOKEN", "IPYNEMO_BACKEND_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "nemo.school.example"])
def test_others_are_not_let_in_without_a_token(tmp_path: Path, no_token: None, host: str) -> None:
    with pytest.raises(InvalidRequestError, match="so it needs a token") as caught:
        serve(host=host, data=tmp_path)
    assert "NEMO_SERVE_TOKEN" in str(caught.value)


def test_a_short_token_is_refused_where_others_can_try_it(tmp_path: Path, no_token: None) -> None:
    with pytest.raises(InvalidRequestError, match="shorter than 16"):
        serve(host="0.0.0.0", data=tmp_path, token="secret")


@pytest.mark.parametrize("token", ["with a space in the middle", "größer-als-sechzehn-Zeichen", "line\nbreak-and-more"])
def test_a_token_that_no_header_carries_is_refused(tmp_path: Path, no_token: None, token: str) -> None:
    with pytest.raises(InvalidRequestError, match="no header can carry"):
        serve(host="0.0.0.0", data=tmp_path, token=token)


def test_a_port_in_use_is_an_error_that_names_it(tmp_path: Path, no_token: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BackendStartError, match=f"127.0.0.1:{port} cannot be used"):
            serve(port=port, data=tmp_path)


def test_a_database_that_nobody_speaks_is_an_error_that_says_so(tmp_path: Path, no_token: None) -> None:
    with pytest.raises(InvalidRequestError, match="No database speaks 'mysql' here"):
        serve(port=0, data=tmp_path, database="mysql://nemo@db/class")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_computer_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_banner_shows_how_to_put_tls_in_front() -> None:
    text = banner(
        host="10.0.0.5", port=8765, data=Path("/data"), anonymous=True, token="generated-token", generated=True
    )
    assert text == (
        "ipynemo serves on http://10.0.0.5:8765, data in /data\n"
        "\n"
        "A pupil sets:\n"
        "  export NEMO_API_URL=http://10.0.0.5:8765\n"
        "  export NEMO_TOKEN=generated-token\n"
        "  (or, instead of the token, nothing: everyone then gets a user of their own)\n"
        "\n"
        "Tokens and pictures travel unencrypted. For TLS, serve on --host 127.0.0.1 and put Caddy in front,\n"
        "which gets the certificate by itself; its Caddyfile is:\n"
        "  nemo.school.example {\n"
        "      reverse_proxy 127.0.0.1:8765 {\n"
        "          flush_interval -1\n"
        "      }\n"
        "  }\n"
        "\n"
        "Ctrl-C stops it."
    )


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="IPYNEMO_DATABASE_URL") as raised:
        serve(data=tmp_path, database="postgresql://nemo:hunter2@db/nemo")
    assert "hunter2" not in str(raised.value)
    arguments = ["--data", str(tmp_path), "--database", "postgresql://nemo:hunter2@db/nemo"]
    done = subprocess.run(
        [sys.executable, "-m", "ipynemo.backend", *arguments],
        env={**os.environ, "PYTHONPATH": SOURCES, "IPYNEMO_BACKEND_TOKEN": "x" * 20},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "IPYNEMO_DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr


def test_the_database_comes_by_the_environment_where_no_argument_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_given(None) is None
    monkeypatch.setenv("IPYNEMO_DATABASE_URL", " postgresql://nemo:hunter2@db/nemo\n")
    assert database_given(None) == "postgresql://nemo:hunter2@db/nemo"
    assert database_given("postgresql://nemo@db/other") == "postgresql://nemo@db/other"
    config = BackendConfig(data=Path("x"), token="secret-token", database=database_given(None))
    assert "hunter2" not in repr(config)
    assert {"hunter2", "secret-token"} <= set(config.secrets)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://nemo@db/nemo", "postgresql+asyncpg://nemo@db/nemo"),
        ("postgresql://nemo@db/nemo?sslmode=require", "postgresql+asyncpg://nemo@db/nemo?ssl=require"),
        ("postgresql+asyncpg://nemo@db:5433/nemo", "postgresql+asyncpg://nemo@db:5433/nemo"),
        ("sqlite:////srv/nemo.sqlite3", "sqlite+aiosqlite:////srv/nemo.sqlite3"),
    ],
)
def test_urls_as_others_write_them_are_understood(given: str, used: str) -> None:
    assert BackendConfig(data=Path("x"), token="t", database=given).database_url == used


def test_a_start_that_fails_for_a_known_reason_says_it_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "storage.id").write_text("of somebody else\n")
    arguments = [f"--data={tmp_path}/data", f"--storage=file://{tmp_path}/shared"]
    done = subprocess.run(
        [sys.executable, "-m", "ipynemo.backend", *arguments],
        env={**os.environ, "PYTHONPATH": SOURCES, "IPYNEMO_BACKEND_TOKEN": "x" * 20},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 4, done.stderr
    assert f"BackendStartError: LocalStorage('{tmp_path}/shared') belongs to another database. Use" in done.stderr


def test_the_options_of_a_large_server_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[BackendConfig] = []

    def begin(config: BackendConfig, _ready: object) -> None:
        begun.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "BackendServer", begin)
    options = ("--renders-at-once=7", "--database-connections=5", "--cache-gb=1.5", "--scheduler=tcp://host:1")
    command = ["serve", "--port=0", f"--data={tmp_path}"]
    for given in ((), options):
        assert CliRunner().invoke(app, [*command, *given]).exit_code == 0
    ours = [(each.renders_at_once, each.database_connections, each.cache_bytes, each.scheduler) for each in begun]
    default = os.cpu_count()
    assert ours == [(default, 10, 4_000_000_000, None), (7, 5, 1_500_000_000, "tcp://host:1")]
