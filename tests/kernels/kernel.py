"""A real Jupyter kernel, driven by its own protocol: cells in, and what each of them printed and answered out."""

from __future__ import annotations

import json
import queue
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

PATIENCE_S = 60.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Cell:
    """What is known of one cell by now."""

    printed: str = ""
    errors: list[str] = field(default_factory=list)
    status: str | None = None

    @property
    def error(self) -> str | None:
        """The name of the error that ended it."""
        return self.errors[0] if self.errors else None


class Kernel:
    """A kernel that runs, with one client."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client
        self._cells: dict[str, Cell] = {}

    def queue(self, code: str) -> str:
        """Send a cell, without waiting for those before it."""
        cell = str(self._client.execute(code, stop_on_error=False))
        self._cells[cell] = Cell()
        return cell

    def _listen(self, channel: str, timeout_s: float) -> None:
        get = self._client.get_shell_msg if channel == "shell" else self._client.get_iopub_msg
        try:
            message: dict[str, Any] = get(timeout=timeout_s)
        except queue.Empty:
            return
        cell = self._cells.get(message["parent_header"].get("msg_id", ""))
        if cell is None:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            cell.printed += content["text"]
        elif kind == "error":
            cell.errors += [content["ename"], _COLOURS.sub("", "\n".join(content["traceback"]))]
        elif kind == "execute_reply":
            cell.status = content["status"]
        elif kind == "status" and content["execution_state"] == "idle":
            cell.printed += "\0"  # its last word on this channel

    def result(self, sent: str) -> Cell:
        """Wait for the end of a cell."""
        cell = self._cells[sent]
        limit = time.monotonic() + PATIENCE_S
        while cell.status is None or "\0" not in cell.printed:
            assert time.monotonic() < limit, f"the cell has not ended: {cell}"
            self._listen("shell" if cell.status is None else "iopub", 0.05)
            self._listen("iopub", 0.01)
        return Cell(cell.printed.replace("\0", ""), cell.errors, cell.status)

    def run(self, code: str) -> str:
        """Run a cell that must end well; return what it printed."""
        cell = self.result(self.queue(code))
        assert cell.status == "ok", cell.errors
        return cell.printed

    def interrupt(self) -> None:
        """Press the stop button."""
        self._manager.interrupt_kernel()


@contextmanager
def running_kernel(python: Path, folder: Path, environment: dict[str, str]) -> Iterator[Kernel]:
    """Run a kernel of this Python, its files in the folder."""
    spec = folder / "kernels" / "tested"
    spec.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "tested", "language": "python"}))
    manager = KernelManager(
        kernel_name="tested",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(spec.parent)]),
        connection_file=str(folder / "connection.json"),
    )
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE_S)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy()
