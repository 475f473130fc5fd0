"""The worker of the renderer, that says when its encoder has taken the first frame, and when it has given one back."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipynemo.backend.render import worker
from ipynemo.backend.render.encode import PictureEncoder

OUT = os.dup(1)  # the worker gives its standard output to others
take = PictureEncoder.add


class _Heard:
    """A container that tells of its first packet, and is itself again."""

    def __init__(self, encoder: Any) -> None:
        self._encoder, self._container = encoder, encoder._container

    def mux(self, packets: Any) -> None:
        if packets:
            os.write(OUT, b"encoded\n")
            self._encoder._container = self._container
        self._container.mux(packets)

    def close(self) -> None:
        self._container.close()


def add(self: PictureEncoder, frame: Any) -> None:
    """Take the first frame, and tell."""
    self._container = _Heard(self)
    PictureEncoder.add = take  # type: ignore[method-assign]
    take(self, frame)
    os.write(OUT, b"taken\n")


def again_itself() -> None:
    """Let a forked worker be as it is: it has none of our files, and the first frame is this process's."""
    PictureEncoder.add = take  # type: ignore[method-assign]


PictureEncoder.add = add  # type: ignore[method-assign]
os.register_at_fork(after_in_child=again_itself)
status = worker.main()
sys.stderr.flush()
os._exit(status)
