"""A real JupyterLab on loopback and a notebook page in it, as the browser tests drive them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Locator, Page

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / ".cache" / "screenshots"
START_LIMIT_S = 90
TIMEOUT_MS = 60_000

SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


# Applications of a Jupyter server: their name in settings, and where a file is opened.
APPS = {"jupyterlab": ("LabApp", "doc/tree/"), "notebook": ("JupyterNotebookApp", "notebooks/")}


class Lab:
    """JupyterLab, or Notebook 7, in a folder of its own: own home, own settings, own data of ipynemo."""

    def __init__(
        self, folder: Path, env: dict[str, str] | None = None, app: str = "jupyterlab", prefix: str = "/"
    ) -> None:
        self.folder = folder / "work"
        self.home = folder / "home"
        self.data = folder / "data"
        for path in (self.folder, self.home, self.data, folder / "runtime"):
            path.mkdir(parents=True, exist_ok=True)
        for name, values in SETTINGS.items():
            file = folder / "settings" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        # Voila, which other tests need, extends every Jupyter server beside it; here is a JupyterLab without.
        (folder / "config" / "labconfig").mkdir(parents=True)
        off = {"ServerApp": {"jpserver_extensions": {"voila.server_extension": False}}}
        (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(off))
        hidden = {"disabledExtensions": {"@voila-dashboards/jupyterlab-preview": True}}
        (folder / "config" / "labconfig" / "page_config.json").write_text(json.dumps(hidden))
        self.token = secrets.token_hex(16)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEMO_", "JUPYTER", "JPY_"))}
        self.env = kept | {
            "HOME": str(self.home),
            "IPYNEMO_DATA_DIR": str(self.data),
            "JUPYTER_TOKEN": self.token,
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONPATH": str(ROOT / "src"),
            "LANG": "en_GB.UTF-8",
            **(env or {}),
        }
        self.log = (folder / "lab.log").open("wb")
        options = ["--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.open_browser=False"]
        name, self.address_of_a_file = APPS[app]
        options += [f"--{name}.expose_app_in_browser=True", f"--ServerApp.root_dir={self.folder}"]
        options.append(f"--ServerApp.base_url={prefix}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")
        self.process = subprocess.Popen(
            [sys.executable, "-m", app, *options],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.url = self._wait(folder / "runtime")

    def _wait(self, runtime: Path) -> str:
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                break
            for file in runtime.glob(f"jpserver-{self.process.pid}.json"):
                with contextlib.suppress(ValueError):  # it is just being written
                    return str(json.loads(file.read_text())["url"])
            time.sleep(0.1)
        raise AssertionError(f"The server did not start:\n{Path(self.log.name).read_text()[-3000:]}")

    def close(self) -> None:
        """Stop the server and with it its kernels."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()

    def add_kernel(self, name: str, python: Path) -> None:
        """Offer the kernel of another environment."""
        spec = Path(self.env["JUPYTER_DATA_DIR"]) / "kernels" / name / "kernel.json"
        spec.parent.mkdir(parents=True, exist_ok=True)
        command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec.write_text(json.dumps({"argv": command, "display_name": name, "language": "python"}))

    def write(self, name: str, cells: Sequence[str], kernel: str = "python3") -> Path:
        """Put a notebook of code cells into the folder."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path


class NotebookPage:
    """A notebook that is open in the browser."""

    def __init__(self, lab: Lab, browser: Browser, path: Path, *, width: int, height: int, dark: bool) -> None:
        self.lab = lab
        self.path = path
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page: Page = self.context.new_page()
        self._devtools: CDPSession | None = None
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        self.dark = dark
        self.open()

    def open(self, path: Path | None = None) -> None:
        """Open the notebook (or another one) from the disk; also a reload, with the kernel that it has."""
        self.path = path or self.path
        shown = self.path.relative_to(self.lab.folder).as_posix()
        self.page.goto(f"{self.lab.url}{self.lab.address_of_a_file}{shown}?token={self.lab.token}&reset")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
        self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.context.ready; }")
        # The choice outlives the page: it is kept in the settings of this JupyterLab.
        self.run_command("apputils:change-theme", {"theme": f"JupyterLab {'Dark' if self.dark else 'Light'}"})
        self.page.wait_for_selector(f'body[data-jp-theme-light="{str(not self.dark).lower()}"]', state="attached")

    def ready(self) -> None:
        """Wait until the kernel is there and idle."""
        self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.ready; }")
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
        )

    def run_command(self, command: str, args: dict[str, Any] | None = None) -> None:
        """Run one of JupyterLab's commands and wait for it."""
        call = "async ([name, args]) => { await jupyterapp.commands.execute(name, args); }"
        self.page.evaluate(call, [command, args or {}])

    def run_all(self, *, wait: bool = True) -> None:
        """Run all cells; unless `wait` is false, until the last one is done."""
        self.ready()
        if wait:
            self.run_command("notebook:run-all-cells")
            self.ready()
        else:
            self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def run_cell(self, number: int, *, wait: bool = True) -> None:
        """Run the cell of this number, from 0."""
        self.ready()
        call = "(n) => { jupyterapp.shell.currentWidget.content.activeCellIndex = n; }"
        self.page.evaluate(call, number)
        if wait:
            self.run_command("notebook:run-cell")
            self.ready()
        else:
            self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-cell'); }")

    def execute(self, code: str) -> str:
        """Run code in the kernel, beside the notebook; return what it printed. Not for widgets."""
        call = """async (code) => {
            const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
            let text = "";
            future.onIOPub = (message) => {
                if (message.header.msg_type === "stream") text += message.content.text;
                if (message.header.msg_type === "error") text += message.content.traceback.join("\\n");
            };
            await future.done;
            return text;
        }"""
        return str(self.page.evaluate(call, code))

    def is_busy(self) -> bool:
        """Return whether a cell runs or waits; the kernel's status would not tell, subshells set it too."""
        return self.page.locator(".jp-InputPrompt", has_text="[*]").count() > 0

    def interrupt(self) -> None:
        """Interrupt the cell that runs."""
        self.page.evaluate(
            "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt(); }"
        )
        self.ready()

    def restart_kernel(self) -> None:
        """Restart the kernel, without asking."""
        self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.restartKernel(); }")
        self.ready()

    def shutdown_kernel(self) -> None:
        """End the kernel."""
        self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")

    def uplink(self, bytes_per_s: int | None) -> None:
        """Let the page send no faster than this, so that an upload can be met on its way; None: as fast as it can."""
        if self._devtools is None:
            self._devtools = self.context.new_cdp_session(self.page)
            self._devtools.send("Network.enable")
        rate = -1 if bytes_per_s is None else bytes_per_s
        speed = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        self._devtools.send("Network.emulateNetworkConditions", speed)

    def save(self) -> dict[str, Any]:
        """Save the notebook; return its JSON as it lies on the disk."""
        self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.context.save(); }")
        saved: dict[str, Any] = json.loads(self.path.read_text())
        return saved

    def untrusted_copy(self, name: str = "untrusted.ipynb") -> Path:
        """Write the saved notebook under another name, changed so that no signature fits."""
        notebook = json.loads(self.path.read_text())
        notebook["cells"].insert(0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "From elsewhere"})
        path = self.path.with_name(name)
        path.write_text(json.dumps(notebook))
        return path

    def outputs(self, cell: int = 0) -> Locator:
        """Return the output area of a cell."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea").first

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Keep a picture of the page, or of one element, under `.cache/screenshots/`."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path, animations="disabled")
        return path

    def accessibility(self, selector: str) -> list[str]:
        """Return what axe-core finds serious or critical in an element: `rule: target`."""
        results = Axe().run(self.page, context=selector).response
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in results["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]

    def close(self) -> None:
        """End the kernel and close the page."""
        try:
            self.shutdown_kernel()
        finally:
            self.context.close()


def chromium() -> str:
    """Return where Chromium is."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "These tests need Chromium (Debian: apt install chromium), or its path in CHROMIUM."
    return found


NotebookOpener = Callable[..., NotebookPage]
