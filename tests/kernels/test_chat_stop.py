"""Stop in the chat while a cell runs, spoken as JupyterLab speaks: on a subshell, in kernels that have such."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernel import PATIENCE_S, Kernel, running_kernel
from kernel_envs import kernel_python
from peer import script_environment

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))

from chat_peer import TOKEN, serving

pytestmark = pytest.mark.kernels

SETUP = """
import time, ipynemo
from ipynemo.widgets import Chat
nemo = ipynemo.Nemo("{address}", token="{token}")
chat = Chat(nemo.create_session("Talk", language="en"), language="en")
display(chat)
print(chat.comm.comm_id, chat.control.comm.comm_id)
"""
# It holds the kernel's main thread until the answer was stopped.
BUSY = """
limit = time.monotonic() + 60
while time.monotonic() < limit and "Stopped" not in str(chat.history[-1:]):
    time.sleep(0.02)
print([(entry["role"], entry["text"][:11]) for entry in chat.history])
"""


@pytest.fixture(params=["7.3", "7.4"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    environment = script_environment(HOME=str(tmp_path), IPYTHONDIR=str(tmp_path / "ipython"), MPLBACKEND="agg")
    environment["IPYNEMO_DATA_DIR"] = str(tmp_path / "data")
    with running_kernel(kernel_python(request.param), tmp_path, environment) as started:
        assert started.run("import ipykernel; print(ipykernel.__version__)").startswith(request.param)
        yield started


class Lab:
    """What JupyterLab does beside its cells: messages to widgets, on a subshell."""

    def __init__(self, kernel: Kernel) -> None:
        self._client: Any = kernel._client
        self._client.control_channel.send(self._client.session.msg("create_subshell_request"))
        self._subshell = self._client.get_control_msg(timeout=PATIENCE_S)["content"]["subshell_id"]

    def send(self, comm: str, **content: Any) -> None:
        data = {"method": "custom", "content": content}
        message = self._client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        message["header"]["subshell_id"] = self._subshell
        self._client.shell_channel.send(message)

    def wait_for(self, words: str) -> None:
        """Wait until these words come on some widget's comm."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            try:
                message = self._client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            if message["msg_type"] == "comm_msg" and words in str(message["content"]["data"]):
                return
        raise AssertionError(f"{words!r} never came")


def test_stop_is_heard_while_a_cell_runs(kernel: Kernel, tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("backend")) as address:
        data, control = kernel.run(SETUP.format(address=address, token=TOKEN)).split()[-2:]
        lab = Lab(kernel)
        busy = kernel.queue(BUSY)
        lab.send(data, kind="send", text="slowly 1000", nonce=1)
        lab.wait_for("word3 ")
        lab.send(control, kind="stop")
        cell = kernel.result(busy)
        assert cell.status == "ok", cell.errors
        assert cell.printed.strip() == ("[('user', 'slowly 1000'), ('agent', 'word0 word1'), ('note', 'Stopped. Wh')]")
