"""How fast a file goes through the uploader, beside a plain HTTP upload of the same file from the same page.

Run with `python benchmarks/upload.py [megabytes]`. A real JupyterLab with default settings, a real kernel, Debian's
Chromium without a test tool's eyes on its network: a driver that records every WebSocket frame makes the page half as
fast. Both ways are taken in turn, the best of a few rounds counts. The plain upload goes to a server that writes what
it gets to the disk. The aim is 25 MB/s for 150 MB, and a kernel that grows by less than 32 MB.
"""

from __future__ import annotations

import http.server
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from _results import Row, options, write

BROWSER_TESTS = str(Path(__file__).parents[1] / "tests" / "browser")

ROUNDS = 3
LIMIT_S = 120
CELL = 'from ipynemo.widgets import Uploader\nup = Uploader(language="en")\nup'
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,900"]


class Page:
    """A page of Chromium, spoken to over the DevTools protocol; only what is asked for is recorded."""

    def __init__(self, browser: str, folder: Path) -> None:
        import websocket

        self.process = subprocess.Popen(
            [browser, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stderr=subprocess.DEVNULL
        )
        port = folder / "DevToolsActivePort"
        while not (port.exists() and len(port.read_text().splitlines()) == 2):
            time.sleep(0.05)
        number, path = port.read_text().splitlines()
        self._ids = itertools.count(1)
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{number}{path}", suppress_origin=True, timeout=LIMIT_S
        )
        self._session: str | None = None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def __call__(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol and return its result."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def js(self, expression: str) -> Any:
        """Evaluate JavaScript, await what it promises, return its value."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        result = self("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"].get("exception", {}).get("description")))
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        limit = time.monotonic() + LIMIT_S
        while not self.js(expression):
            if time.monotonic() > limit:
                raise RuntimeError(f"never true: {expression}")
            time.sleep(0.1)

    def put_file(self, selector: str, path: Path) -> None:
        """Choose a file in an `<input type=file>`."""
        root = self("DOM.getDocument")["root"]["nodeId"]
        node = self("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def close(self) -> None:
        """End the browser."""
        self("Browser.close")
        self._socket.close()
        self.process.wait(10)


class Taker(http.server.BaseHTTPRequestHandler):
    """Write a body to the disk; nothing else."""

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        with tempfile.TemporaryFile() as file:
            while left:
                left -= file.write(self.rfile.read(min(left, 1 << 20)))
        self.send_response(204)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def through_the_widget(page: Page) -> float:
    """Return the seconds from the choice of the file until it is whole in the kernel's spool."""
    start = time.perf_counter()
    page.put_file(".nemo-uploader input[type=file]", FILE)
    page.js(
        "new Promise((ok) => { const look = setInterval(() => {"
        " if (document.querySelector('.nemo-upload-row[data-state=waiting]')) { clearInterval(look); ok(); } }, 20); })"
    )
    took = time.perf_counter() - start
    page.js("document.querySelector('.nemo-upload-clear').click()")
    page.until("!document.querySelector('.nemo-upload-row')")
    return took


def plainly(page: Page, port: int) -> float:
    """Return the seconds of a POST of the same file."""
    page.js("{ const i = document.createElement('input'); i.type = 'file'; i.id = 'plain'; document.body.append(i); }")
    page.put_file("#plain", FILE)
    start = time.perf_counter()
    address = f"http://127.0.0.1:{port}/"
    body = (
        "document.querySelector('#plain').files[0].slice(0, Infinity, 'text/plain')"  # a type that asks no permission
    )
    page.js(f"fetch({address!r}, {{ method: 'POST', body: {body} }}).then(() => 1)")
    took = time.perf_counter() - start
    page.js("document.querySelector('#plain').remove()")
    return took


def browser() -> str | None:
    """Return where Chromium is."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def main(folder: Path, megabytes: int) -> None:
    """Measure and print."""
    if not (found := browser()):
        print("*** The uploader is not measured: there is no Chromium (Debian: apt-get install chromium).")
        return
    sys.path.insert(0, BROWSER_TESTS)
    import psutil
    from browser_lab import Lab  # the JupyterLab of the browser tests

    with FILE.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lab = Lab(folder / "lab")
    page = Page(found, folder / "browser")
    try:
        lab.write("upload.ipynb", [CELL])
        page("Page.navigate", url=f"{lab.url}doc/tree/upload.ipynb?token={lab.token}&reset")
        page.until("Boolean(window.jupyterapp?.shell?.currentWidget?.sessionContext)")
        page.js("jupyterapp.shell.currentWidget.sessionContext.ready.then(() => 1)")
        page.js("jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1)")
        page.until("Boolean(document.querySelector('.nemo-drop'))")
        page.js(
            "jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute("
            "{ code: \"import os, pathlib; pathlib.Path('pid').write_text(str(os.getpid()))\" }).done.then(() => 1)"
        )
        kernel = psutil.Process(int((lab.folder / "pid").read_text()))
        before = kernel.memory_info().rss
        times = [(through_the_widget(page), plainly(page, server.server_port)) for _ in range(ROUNDS)]
        grown = (kernel.memory_info().rss - before) / 1e6
    finally:
        page.close()
        lab.close()
        server.shutdown()
    widget, plain = min(each[0] for each in times), min(each[1] for each in times)
    note = f"{megabytes} MB in JupyterLab with default settings, best of {ROUNDS}. The ratio is our time to the peer's."
    rates = [f"{megabytes / seconds:.0f} MB/s" for seconds in (widget, plain)]
    what = "a file through the uploader (peer: a plain HTTP upload from the same page)"
    rows = [
        Row(what, rates[0], rates[1], widget / plain, "ours at least 25 MB/s"),
        Row("growth of the kernel", f"{grown:.0f} MB", "", None, "less than 32 MB"),
    ]
    write("Uploader", note, rows, ["jupyterlab", "ipykernel"])


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("megabytes", type=int, nargs="?", default=150, help="size of the file (default 150)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ipynemo-bench-") as place:
        FILE = Path(place) / "film.mp4"
        main(Path(place), given.megabytes)
