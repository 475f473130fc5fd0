"""What several servers share, real ones in processes of their own: a PostgreSQL server and one that speaks S3."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import httpx

ROOT = Path(__file__).parents[2]
PASSWORD = "pa$s/w:ord-of-the-tests"  # needs quoting in a URL
QUOTED = "pa%24s%2Fw%3Aord-of-the-tests"
S3_SECRET = "the-secret-key-of-the-bucket"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_programs() -> Path:
    """Return the folder of initdb and pg_ctl; without one this fails, it does not skip."""
    found = subprocess.run(["sh", str(ROOT / "tools" / "postgres.sh")], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return Path(found.stdout.strip())


class Postgres:
    """A PostgreSQL server of an unprivileged user, on a free port of the loopback interface."""

    def __init__(self) -> None:
        self._programs = postgres_programs()
        self._root = Path(tempfile.mkdtemp(prefix="ipynemo-postgres-"))
        self.port = free_port()
        self._who: dict[str, Any] = {}
        if os.getuid() == 0:  # it refuses to be run by root
            names = {each.pw_name for each in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self._root, user.pw_uid, user.pw_gid)
            self._who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        secret = self._root / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-A", "scram-sha-256", "-U", "nemo", f"--pwfile={secret}", "-E", "UTF8", "--no-sync", "--locale=C"
        )
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        data = self._root / "data"
        done = subprocess.run(
            [self._programs / program, "-D", data, *arguments],
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
            **self._who,
        )
        assert done.returncode == 0, (done.stdout, self._log())

    def _log(self) -> str:
        log = self._root / "log"
        return log.read_text() if log.exists() else ""

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-l", str(self._root / "log"), "-o", options)

    def stop(self) -> None:
        """Stop it at once; whoever is connected is thrown out."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"nemo_{secrets.token_hex(4)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, database: str, *statements: str) -> list[Any]:
        """Run SQL and return the rows of the last statement; works beside a loop that runs."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url(database).replace("+asyncpg", ""))
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return [tuple(row) for row in await connection.fetch(statements[-1])]
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://nemo:{QUOTED}@127.0.0.1:{self.port}/{database}"

    def end(self) -> None:
        with contextlib.suppress(AssertionError):
            self._run("pg_ctl", "stop", "-w", "-m", "immediate")
        shutil.rmtree(self._root, ignore_errors=True)


class Bucket:
    """A server that speaks S3, and a bucket on it."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._log = log
        self.name = f"bucket-{secrets.token_hex(4)}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": "AKIATESTS",
            "AWS_SECRET_ACCESS_KEY": S3_SECRET,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.start()
        assert httpx.put(f"{self.endpoint}/{self.name}", headers=self._sign()).status_code == 200

    def _sign(self) -> dict[str, str]:
        return {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIATESTS/20260101/us-east-1/s3/aws4_request"}

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{self.endpoint}/moto-api/data.json", timeout=5)
                return
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < until
            time.sleep(0.05)

    def keys(self, prefix: str = "") -> list[str]:
        """Return all keys of the bucket."""
        answer = httpx.get(f"{self.endpoint}/{self.name}?list-type=2&prefix={prefix}", headers=self._sign())
        return sorted(part.partition("</Key>")[0] for part in answer.text.split("<Key>")[1:])

    def pause(self) -> None:
        """Let it answer nothing until `go_on`."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
