"""What a render costs against the number of workers: processes of this computer, and those of a Dask cluster on it.

Run with `python benchmarks/scaling.py [rounds] [seconds]`. The workload of `render.py`; everybody in turn, and the
median of the ratios within each round. With a cluster the scheduler runs here too, as do all workers, one thread each,
which see the files where they are: so this tells what a cluster costs on top, not what many computers gain. Where other
work has the processors, too, the CPU time tells more than the clock.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil
from _results import Row, options, write
from _workload import draft_of, write_photograph

WORKER, CONDUCTOR = "ipynemo.backend.render.worker", "ipynemo.backend.cluster.conductor"


class Cluster:
    """A Dask scheduler with some workers, on this computer."""

    def __init__(self, workers: int, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        common = ("--host=127.0.0.1", "--no-dashboard")
        of_worker = (self.address, "--no-nanny", "--nthreads=1", f"--local-directory={folder}", *common)
        commands = [("dask_scheduler", f"--port={port}", "--no-show", *common)]
        commands += [("dask_worker", *of_worker)] * workers
        with (folder / "log").open("ab") as log:
            self._processes = [
                psutil.Popen([sys.executable, "-m", f"distributed.cli.{name}", *options], stdout=log, stderr=log)
                for name, *options in commands
            ]

    @property
    def cpu_s(self) -> float:
        """What its processes have used so far."""
        times = [process.cpu_times() for process in self._processes]
        return sum(each.user + each.system for each in times)

    def end(self) -> None:
        """End it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()


def cost(module: str, order: dict[str, Any], cluster: Cluster | None = None) -> tuple[float, float]:
    """Return the seconds that a render takes, by the clock and of the processors, those of the cluster included."""
    before, begin = os.times(), time.perf_counter()
    cluster_before = cluster.cpu_s if cluster else 0.0
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    *_, said = process.stdout
    process.stdin.close()
    process.wait()
    if b'"done"' not in said:
        raise SystemExit(said.decode())
    wall_s, after = time.perf_counter() - begin, os.times()
    own_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, own_s + (cluster.cpu_s - cluster_before if cluster else 0.0)


def main() -> None:
    """Measure and write."""
    parser = options(__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=3, help="how often everybody has a turn (default 3)")
    parser.add_argument("seconds", type=int, nargs="?", default=20, help="of the film (default 20)")
    given = parser.parse_args()
    rounds, seconds = given.rounds, given.seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assets = {f"p{n}": str(folder / f"p{n}.jpg") for n in range(4)}
        for number, path in enumerate(assets.values()):
            write_photograph(Path(path), number)
        order = {"draft": draft_of(seconds), "assets": assets, "out": str(folder / "o.mp4"), "quality": "high"}
        where = {asset: {"path": path} for asset, path in assets.items()}
        clusters = {count: Cluster(count, folder) for count in (1, 2)}

        def here(workers: int) -> tuple[float, float]:
            return cost(WORKER, {**order, "workers": workers})

        def there(workers: int) -> tuple[float, float]:
            shelf = tempfile.mkdtemp(dir=folder)  # empty: nothing is there already
            more = {"scheduler": clusters[workers].address, "shelf": shelf, "where": where, "ask": False}
            return cost(CONDUCTOR, {**order, **more}, clusters[workers])

        took: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        try:
            for workers in clusters:  # their workers have loaded the renderer then
                there(workers)
            for _ in range(rounds):
                for workers in (1, 2):
                    took[f"here {workers}"].append(here(workers))
                    took[f"dask {workers}"].append(there(workers))
        finally:
            for cluster in clusters.values():
                cluster.end()
    rows = []
    for ours, peer, what in (
        ("here 2", "here 1", "2 processes here against 1"),
        ("dask 1", "here 1", "1 Dask worker against 1 process here"),
        ("dask 2", "here 2", "2 Dask workers against 2 processes here"),
        ("dask 2", "dask 1", "2 Dask workers against 1"),
    ):
        for kind, unit in ((0, "time"), (1, "CPU time")):
            pairs = [(a[kind], b[kind]) for a, b in zip(took[ours], took[peer], strict=True)]
            middles = [f"{statistics.median(side):.1f} s" for side in zip(*pairs, strict=True)]
            rows.append(Row(f"{what}, {unit}", *middles, statistics.median(a / b for a, b in pairs)))
    note = (
        f"{seconds} s of 1920 × 1080, medians of {rounds} rounds; below 1 is less than the peer. The load was "
        f"{os.getloadavg()[0]:.0f} at the end, of which at most 2 were these runs."
    )
    write("Renders against the number of workers", note, rows, ("av", "distributed"))


if __name__ == "__main__":
    main()
