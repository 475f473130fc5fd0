"""Starts and stops the embedded backend: a child process on this computer, for this user, gone when we are gone.

No server code is loaded here. The child finds the same ipynemo as we did, listens on a random port of the loopback
interface, and knows a random token that only we know. It lives in a process group of its own, so that an interrupt of
a notebook's cell does not reach it; it ends when its standard input ends or its parent's process id changes.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import secrets
import select
import site
import subprocess
import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ipynemo.backend.config import DATABASE_VARIABLE, TOKEN_VARIABLE
from ipynemo.errors import BackendStartError
from ipynemo.settings import SIGN_CERTIFICATE_VARIABLE, SIGN_KEY_VARIABLE, data_dir, has_threads

__all__ = ["LocalBackend"]

NEEDED = (
    "aiosqlite",
    "alembic",
    "av",
    "cv2",
    "defusedxml",
    "fastapi",
    "greenlet",
    "numpy",
    "PIL",
    "python_multipart",
    "sqlalchemy",
    "uvicorn",
)
INSTALL = 'Install it: pip install "ipynemo[local]"'
START_LIMIT_S = 60.0
STOP_LIMIT_S = 6.0
LOG_BYTES = 1 << 20  # a larger log is put aside when a server starts
LOGS_KEPT = 3
TAIL_BYTES = 4000
UNWANTED = ("NEMO_TOKEN", "NEMO_API_URL", "NEMO_CLIENT_ID", DATABASE_VARIABLE, "PYTHONINSPECT", "PYTHONSTARTUP")


class LocalBackend:
    """An embedded backend that runs.

    Attributes
    ----------
    base_url : str
        Where it listens, on the loopback interface.
    token : str
        Its bearer token, new at every start.
    """

    def __init__(self, data: Path, options: tuple[str, ...], signing: Mapping[str, str] | None = None) -> None:
        self._data = data
        self._options = options
        self._signing = dict(signing or {})
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._release: weakref.finalize[..., LocalBackend] | None = None
        self.base_url = ""
        self.token = ""

    def __repr__(self) -> str:
        return f"<LocalBackend {self.base_url} {'alive' if self.alive else 'stopped'}, data in {self._data}>"

    @property
    def alive(self) -> bool:
        """Whether the child process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The child's process id, while it runs."""
        return self._process.pid if self._process is not None and self.alive else None

    @classmethod
    async def start(
        cls,
        data: Path | None = None,
        *,
        edit_cost: int = 0,
        credits: int = 100,  # noqa: A002 - the protocol's word
        plan_export: bool = True,
        scheduler: str | None = None,
        sign_certificate: str | os.PathLike[str] | None = None,
        sign_key: str | os.PathLike[str] | None = None,
    ) -> LocalBackend:
        """Start a backend; several may share a data folder.

        Parameters
        ----------
        data : Path, optional
            The folder for sessions, pictures and clips; by default `ipynemo.settings.data_dir()`.
        edit_cost, credits : int
            What a turn that changes the draft costs, and what there is to spend.
        plan_export : bool
            Whether exports are part of the plan.
        scheduler : str, optional
            The Dask scheduler whose workers make the renders; by default this computer makes them.
        sign_certificate, sign_key : path, optional
            Files (PEM) with which clips are signed; else those that the environment names.

        Raises
        ------
        BackendStartError
            Packages are missing, or the child did not come up; its last words are in the message.
        """
        options = (
            f"--edit-cost={edit_cost}",
            f"--credits={credits}",
            "--plan-export" if plan_export else "--no-plan-export",
            *(() if scheduler is None else (f"--scheduler={scheduler}",)),
        )
        backend = cls((data or data_dir()).expanduser().absolute(), options, _signing(sign_certificate, sign_key))
        await backend.ensure()
        return backend

    async def ensure(self) -> None:
        """Start the child again, on the same data, when it has ended; `base_url` and `token` change then."""
        if not self.alive:
            await asyncio.to_thread(self._start)

    async def stop(self) -> None:
        """End the child. A render that runs is taken up again at the next start."""
        await asyncio.to_thread(self._stop)

    def _start(self) -> None:
        with self._lock:
            if self.alive:  # another task was faster
                return
            self._let_go()
            _check_packages()
            log = self._open_log()
            token = secrets.token_urlsafe(32)
            with log:
                begins = log.tell()
                process = self._spawn(token, log)
            self._process = process
            self._release = weakref.finalize(self, _end, process)
            port = _read_port(process)
            if port is None:
                self._let_go()
                path = self._data / "logs" / "backend.log"
                words = _tail(path, begins)
                missing = "ModuleNotFoundError" in words
                raise BackendStartError(
                    f"The embedded backend did not start. {_gist(words)}",
                    hint=INSTALL if missing else f"Its log is {path}.",
                    received=words,
                )
            self.base_url, self.token = f"http://127.0.0.1:{port}", token

    def _open_log(self) -> IO[bytes]:
        path = self._data / "logs" / "backend.log"
        try:
            self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            if path.exists() and path.stat().st_size > LOG_BYTES:
                for number in range(LOGS_KEPT - 1, 0, -1):
                    older = path.with_name(f"backend.log.{number}")
                    if older.exists():
                        older.replace(path.with_name(f"backend.log.{number + 1}"))
                path.replace(path.with_name("backend.log.1"))
            log = path.open("ab")
        except OSError as error:
            raise BackendStartError(
                f"The data folder {self._data} cannot be written: {error.strerror}.",
                hint="Set IPYNEMO_DATA_DIR to a folder of yours.",
            ) from error
        log.seek(0, os.SEEK_END)
        return log

    def _spawn(self, token: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = (
            sys.executable,
            "-m",
            "ipynemo.backend",
            f"--data={self._data}",
            f"--parent={os.getpid()}",
            *self._options,
        )
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(token) | self._signing,
                start_new_session=True,
            )
        except (OSError, ValueError, TypeError) as error:
            raise BackendStartError(
                f"The embedded backend could not be started: {error}.", hint="Is this a Python that can start others?"
            ) from error

    def _stop(self) -> None:
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._release is not None:
            self._release()
        self._release = self._process = None


def _signing(certificate: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None) -> dict[str, str]:
    """Return the files for signing as environment, because every user of the computer can read a command line."""
    if certificate is None or key is None:
        return {}
    named = {SIGN_CERTIFICATE_VARIABLE: certificate, SIGN_KEY_VARIABLE: key}
    return {name: str(Path(path).expanduser().absolute()) for name, path in named.items()}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child: its input closed, then a signal, then no choice."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    for end in (process.terminate, process.kill):
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            end()
    process.wait()


def _check_packages() -> None:
    if not has_threads():
        raise BackendStartError(
            "The embedded backend needs processes, and this Python in the browser has none.",
            hint='Use a backend elsewhere: AsyncNemo("https://…", token=…).',
        )
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BackendStartError(f"The embedded backend needs more packages: {', '.join(missing)}.", hint=INSTALL)


def _environment(token: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env[TOKEN_VARIABLE] = token
    env["PYTHONSAFEPATH"] = "1"  # a file named like a package, in the user's folder, is not loaded in its place
    env["PYTHONUTF8"] = "1"
    root = str(Path(__file__).resolve().parents[2])
    paths = sysconfig.get_paths()
    known = {paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()}
    if root not in {str(Path(folder).resolve()) for folder in known}:
        # A source tree that this process reached by its own path, which the child may not have. Site folders are never
        # put here: they would come before the standard library.
        env["PYTHONPATH"] = os.pathsep.join(part for part in (root, env.get("PYTHONPATH")) if part)
    return env


def _read_port(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for the child's one line; None when it has ended without, or takes too long."""
    out = process.stdout
    if out is None:
        return None
    until = time.monotonic() + START_LIMIT_S
    said = b""
    while time.monotonic() < until:
        if not select.select([out], [], [], 0.2)[0]:
            continue
        block = os.read(out.fileno(), 4096)
        said += block
        if b"\n" in said:
            try:
                return int(json.loads(said.partition(b"\n")[0])["port"])
            except (ValueError, KeyError, TypeError):
                return None
        if not block:
            return None
    return None


def _gist(words: str) -> str:
    """Return the line of a log that says what went wrong: that of the last exception, else the last one."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
    return f"It said: {(raised or lines)[-1][:500]}." if lines else "It said nothing."


def _tail(path: Path, begins: int) -> str:
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(begins, size - TAIL_BYTES))
            return log.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
