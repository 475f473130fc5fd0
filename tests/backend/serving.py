"""A real server in a process of its own, and somebody who talks to it over real HTTP."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

SOURCES = str(Path(__file__).parents[2] / "src")
HEADERS = {"X-Skill-Source": "what-is-ai-image", "X-Skill-Version": "1.0.0", "X-Skill-Platform": "unknown"}


@dataclass
class User:
    """Somebody who talks to a server, with a session of their own."""

    http: httpx.Client
    session_id: str = ""
    task_id: str = ""

    def begin(self, **body: Any) -> str:
        data = self.http.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "test", **body}).json()[
            "data"
        ]
        self.session_id, self.task_id = data["session_id"], data["task_id"]
        return self.session_id

    def upload(self, *files: tuple[str, bytes]) -> httpx.Response:
        parts = [("files", (name, io.BytesIO(content))) for name, content in files]
        return self.http.post(f"/api/upload-video/nemo_agent/me/{self.session_id}", files=parts)

    def state(self) -> dict[str, Any]:
        answer = self.http.get(f"/api/state/nemo_agent/me/{self.session_id}/latest")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["state"]

    def say(self, text: str) -> list[dict[str, Any]]:
        answer = self.http.post("/run_sse", json=turn(self.session_id, text))
        assert answer.status_code == 200, answer.text
        return frames(answer.text)

    def export(self, draft: dict[str, Any], render_id: str | None = None, **body: Any) -> httpx.Response:
        order = {"id": render_id or new_render_id(), "sessionId": self.session_id, "draft": draft, **body}
        return self.http.post("/api/render/proxy/lambda", json=order)

    def render(self, render_id: str) -> dict[str, Any]:
        return self.http.get(f"/api/render/proxy/lambda/{render_id}").json()

    def wait(self, render_id: str, *statuses: str, limit_s: float = 60.0) -> dict[str, Any]:
        """Poll until the render has one of these statuses."""
        until = time.monotonic() + limit_s
        while (answer := self.render(render_id))["status"] not in statuses:
            assert answer["status"] not in {"failed", "completed", "cancelled"}, answer
            assert time.monotonic() < until, answer
            time.sleep(0.05)
        return answer


@dataclass
class ServerProcess:
    """A child process that serves."""

    process: subprocess.Popen[bytes]
    base_url: str
    token: str
    data: Path
    log: Path
    _clients: list[httpx.Client] = field(default_factory=list)

    def user(self, token: str | None = None, *, begin: bool = True) -> User:
        headers = {"Authorization": f"Bearer {token or self.token}", **HEADERS}
        http = httpx.Client(base_url=self.base_url, headers=headers, timeout=60, trust_env=False)
        self._clients.append(http)
        user = User(http)
        if begin:
            user.begin()
        return user

    def stranger(self) -> User:
        """Give a new anonymous user."""
        answer = httpx.post(
            self.base_url + "/api/auth/anonymous-token", headers={"X-Client-Id": str(uuid.uuid4())}, trust_env=False
        )
        return self.user(answer.json()["data"]["token"])

    def end(self, sign: int = signal.SIGTERM) -> int:
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        status = self.process.wait(20)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCES, "IPYNEMO_BACKEND_TOKEN": "nmv_usr_of-the-tests", **more}


def start(
    data: Path,
    *options: str,
    script: tuple[str, ...] = ("-m", "ipynemo.backend"),
    environ: dict[str, str] | None = None,
) -> ServerProcess:
    """Start a server, or raise with what it said."""
    data.mkdir(parents=True, exist_ok=True)
    log = data.parent / f"{data.name}-{uuid.uuid4().hex[:6]}.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, *script, f"--data={data}", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(**(environ or {})),
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    running = ServerProcess(process, "", "nmv_usr_of-the-tests", data, log)
    if not line:
        running.end()
        raise AssertionError(log.read_text())
    running.base_url = f"http://127.0.0.1:{json.loads(line)['port']}"
    return running


def new_render_id() -> str:
    return f"render_{uuid.uuid4().hex}"


def turn(session_id: str, text: str) -> dict[str, Any]:
    return {
        "app_name": "nemo_agent",
        "user_id": "me",
        "session_id": session_id,
        "new_message": {"parts": [{"text": text}]},
    }


def frames(body: str) -> list[dict[str, Any]]:
    """Return the events of a stream that has ended; a frame here never spans lines."""
    blocks = [block for block in body.split("\n\n") if block]
    assert all(block.startswith("data: ") for block in blocks)
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def png(color: str = "teal", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def title_draft(text: str = "Hello", duration_ms: int = 400, *, width: int = 320, height: int = 180) -> dict[str, Any]:
    """Return a draft that needs no file: one title, small so that a second of it takes some milliseconds."""
    return {
        "t": [{"tt": 7, "sg": [{"id": "a", "st": 0, "d": duration_ms, "tx": text}]}],
        "d": duration_ms,
        "m": {"title": "T", "width": width, "height": height, "fps": 30, "background": "#101418"},
    }
