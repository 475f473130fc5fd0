"""A real Dask cluster on this computer: a scheduler and workers, each a process that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from neighbours import free_port
from serving import SOURCES

DASK = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "60s",
}


class Cluster:
    """A scheduler with some workers of one thread each.

    Parameters
    ----------
    folder : Path
        For logs and what workers keep.
    **environ
        More of the workers' environment.
    """

    def __init__(self, folder: Path, workers: int = 2, **environ: str) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()
        for _ in range(workers):
            self.add_worker(**environ)

    def _start(self, name: str, module: str, *options: str, **environ: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **DASK, "PYTHONPATH": SOURCES, **environ},
                cwd=self.folder,
            )

    def start_scheduler(self) -> None:
        """Start the scheduler, again perhaps; workers wait for it."""
        options = ("--host=127.0.0.1", f"--port={self.port}", "--no-dashboard", "--no-show")
        self.scheduler = self._start("scheduler", "dask_scheduler", *options)

    def add_worker(self, **environ: str) -> subprocess.Popen[bytes]:
        """Start one more; it is not waited for."""
        name = f"worker-{len(self.workers)}"
        options = (
            "--no-nanny",
            "--nthreads=1",
            "--no-dashboard",
            "--host=127.0.0.1",
            f"--local-directory={self.folder}",
        )
        self.workers.append(self._start(name, "dask_worker", self.address, f"--name={name}", *options, **environ))
        return self.workers[-1]

    @property
    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(20)
