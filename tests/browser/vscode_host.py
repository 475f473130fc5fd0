"""The rest of VS Code, as far as widgets notice it: the page of a notebook's outputs, and a kernel behind a proxy.

The widget manager is the one that VS Code ships; it comes from npm and is kept under `.cache/vscode`. The proxy is a
process of its own, `python vscode_host.py FOLDER SCRIPT [HIDDEN …]`, which prints its address and ends with its input.
"""

from __future__ import annotations

import base64
import contextlib
import json
import mimetypes
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))

from kernel import running_kernel

ROOT = Path(__file__).parents[2]
PACKAGE = "@vscode/jupyter-ipywidgets8@1.0.9"
CACHE = ROOT / ".cache" / "vscode"
PAGE = Path(__file__).parent / "vscode"
WAIT_S = 20.0
FETCH_S = 300.0


def widget_manager() -> Path | None:
    """Return VS Code's widget manager, fetched at the first call; None where there is no npm."""
    script = CACHE / "package" / "dist" / "ipywidgets.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            return None
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "pack", "--silent", PACKAGE], cwd=CACHE, check=True, capture_output=True, text=True, timeout=FETCH_S
        )
        with tarfile.open(CACHE / done.stdout.split()[-1]) as archive:
            archive.extractall(CACHE, filter="data")
    return script


class Host:
    """A page's way to the kernel, and to the files beside the notebook; `hidden` are those that it does not give."""

    def __init__(self, client: Any, folder: Path, script: Path, hidden: set[str]) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._messages: list[dict[str, Any]] = []
        self._ends = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        data = Path(sysconfig.get_path("data")) / "share" / "jupyter"
        files = {
            "/": PAGE / "index.html",
            "/page.js": PAGE / "page.js",
            "/ipywidgets.js": script,
            "/anywidget.js": data / "nbextensions" / "anywidget" / "index.js",
            "/require.js": data / "voila" / "templates" / "base" / "static" / "require.min.js",
        }
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if path == "/from":
                    self._answer(json.dumps(host.since(int(query.partition("=")[2]))).encode(), "application/json")
                    return
                file = files.get(path) or folder / path.removeprefix("/lessons/")
                if not file.is_file() or file.name in hidden:
                    self.send_error(404)
                    return
                self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")

            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = host.run(told["code"]) if self.path == "/run" else host.send(told)
                self._answer(json.dumps(answer).encode(), "application/json")

            def _answer(self, body: bytes, kind: str) -> None:
                part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                total = len(body)
                self.send_response(206 if part else 200)
                if part:
                    first, last = int(part[1]), min(int(part[2] or total - 1), total - 1)
                    body = body[first : last + 1]
                    self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a video looks ahead and goes
                    self.wfile.write(body)

            def log_message(self, *_told: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def _listen(self) -> None:
        while not self._ends.is_set():
            try:
                message = self._client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            told = {name: message[name] for name in ("header", "parent_header", "metadata", "content")}
            told["buffers"] = [base64.b64encode(part).decode() for part in message["buffers"]]
            with self._news:
                self._messages.append(json.loads(json.dumps(told, default=str)))
                self._news.notify_all()

    def since(self, after: int) -> list[dict[str, Any]]:
        """Return what the kernel said, from this message on; wait for it."""
        with self._news:
            self._news.wait_for(lambda: len(self._messages) > after or self._ends.is_set(), WAIT_S)
            return self._messages[after : after + 50]

    def send(self, told: dict[str, Any]) -> dict[str, Any]:
        """Hand a message of the page on to the kernel."""
        message = self._client.session.msg(told["msg_type"], told["content"], metadata=told["metadata"])
        message["header"]["msg_id"] = message["msg_id"] = told["id"]
        message["buffers"] = [base64.b64decode(part) for part in told["buffers"]]
        with self._lock:
            self._client.shell_channel.send(message)
        return {}

    def end(self) -> None:
        """Stop listening, before the kernel's client is closed."""
        self._ends.set()
        self._listener.join()

    def run(self, code: str) -> dict[str, Any]:
        """Run a cell; return what it printed, and what ended it."""
        with self._lock:
            sent = self._client.execute(code)

        def own(kind: str) -> list[dict[str, Any]]:
            mine = [one for one in self._messages if one["parent_header"].get("msg_id") == sent]
            return [one["content"] for one in mine if one["header"]["msg_type"] == kind]

        with self._news:
            ended = self._news.wait_for(lambda: {"execution_state": "idle"} in own("status"), 3 * WAIT_S)
        return {"ended": ended, "error": own("error"), "printed": "".join(one["text"] for one in own("stream"))}


class VSCode:
    """The proxy, as a test has it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, code: str) -> str:
        """Run a cell that must end well; return what it printed."""
        answer = httpx.post(f"{self.url}run", json={"code": code}, timeout=4 * WAIT_S).json()
        assert answer["ended"], f"the cell has not ended: {code}"
        assert answer["error"] == []
        return str(answer["printed"])


@contextlib.contextmanager
def vscode(folder: Path, script: Path, *hidden: str) -> Iterator[VSCode]:
    """Run a proxy with a kernel that works in this folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEMO_", "JUPYTER", "JPY_"))}
    home = folder.parent
    env = kept | {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "IPYNEMO_DATA_DIR": str(home / "nemo")}
    env["PYTHONPATH"] = str(ROOT / "src")
    command = [sys.executable, __file__, str(folder), str(script), *hidden]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        yield VSCode(json.loads(process.stdout.readline())["url"])


def main(folder: Path, script: Path, *hidden: str) -> None:
    """Serve until the input ends."""
    with running_kernel(Path(sys.executable), folder, dict(os.environ)) as kernel:
        host = Host(kernel._client, folder, script, set(hidden))
        print(json.dumps({"url": host.url}), flush=True)
        sys.stdin.read()
        host.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
