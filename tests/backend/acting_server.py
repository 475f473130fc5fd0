"""A server whose agent does as it is told, for what the real one is too quick or too well-behaved for.

`sleep 2` is silent for so long; `boom` fails in its own way; `odd` says odd characters; `silence` does nothing; else it
adds what was said as a title, slowly: it reads the draft, waits, and writes, so that two turns at once would lose one
of the titles.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipynemo.backend import running
from ipynemo.backend.agent import Call, Result, Say
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.lifeline import watch_parent
from ipynemo.draft import Draft
from ipynemo.errors import DraftError

WAIT_S = 0.3


def respond(message: str, situation: Any) -> Iterator[Any]:
    if message.startswith("sleep "):
        time.sleep(float(message.removeprefix("sleep ")))
        yield Say("Good morning.")
    elif message == "silence":
        yield from ()
    elif message == "boom":
        yield Say("One moment.")
        raise KeyError("nmv_usr_of-the-tests is a secret of the agent")
    elif message == "known":
        raise DraftError("The draft cannot take this.")
    elif message == "odd":
        yield Say('Line\u2028end\u0085 "quoted"\n half \ud800 火')
    else:
        raw = situation.draft.raw
        tracks = raw.setdefault("t", [{"tt": 7, "sg": []}])
        time.sleep(WAIT_S)
        tracks[0]["sg"].append({"id": message, "st": 0, "d": 1000, "tx": message})
        yield Call("fc-1", "add_title", {"text": message})
        yield Result("fc-1", "add_title", {"status": "ok"}, Draft(raw))


def main(data: str, *options: str) -> None:
    settings = dict(option.removeprefix("--").split("=") for option in options)
    config = BackendConfig(
        data=Path(data.removeprefix("--data=")),
        token="nmv_usr_of-the-tests",
        **{name.replace("-", "_"): float(value) for name, value in settings.items()},
    )
    running.set_up_log(config)
    listener = running.bind("127.0.0.1", 0)

    def ready() -> None:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)

    server = running.BackendServer(config, ready, respond=respond)
    watch_parent(__import__("os").getppid(), lambda: setattr(server, "should_exit", True))
    asyncio.run(server.serve([listener]))


if __name__ == "__main__":
    main(*sys.argv[1:])
