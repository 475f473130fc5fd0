"""The embedded server with an agent that does as it is told, for what the chat has to show.

`python chat_server.py FOLDER [edit_cost=5]` prints `{"port": …}` and ends with its parent. Messages: see `ANSWERS`, and
`say …` (that text), `slowly N` (N words, one every 50 ms), `tool N` (a tool that takes N seconds), `edit X` (adds a
title and says nothing), `long N` (N characters).
"""

from __future__ import annotations

import asyncio
import json
import os
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

TOKEN = "nmv_usr_of-the-tests"

HOSTILE = (
    '<img src=x onerror="window.pwned=1"> <script>window.pwned=2</script>\n\n'
    "[click me](javascript:window.pwned=3) and <javascript:window.pwned=4> "
    "![picture](http://127.0.0.1:9/track.png) ![x](javascript:window.pwned=5)\n\n"
    "[https://bank.example](https://evil.example/login) <svg onload=window.pwned=6></svg>\n\n"
    "\u202egnp.exe\u202c \u2067turned\u2069 \x07bell\n\n"
    '| <b>a</b> | b |\n|---|---|\n| <iframe src="javascript:window.pwned=7"></iframe> | `<script>` |\n\n'
    "```<img src=x onerror=window.pwned=8>\n</code></pre><script>window.pwned=9</script>\n```\n"
)
MARKDOWN = (
    "# What it is\n\nAn **AI image** is *made*, not `taken`. See https://example.org/how.\n\n"
    "1. Noise\n2. Steps\n   - small\n   - many\n\n> Nothing is copied.\n\n"
    "| Step | Noise |\n|:--|--:|\n| 0 | 100 % |\n| 50 | 0 % |\n\n```python\nx = 1\n```\n\n"
    "---\n\nfirst line\nsecond line"
)
ANSWERS = {
    "hostile": HOSTILE,
    "markdown": MARKDOWN,
    "buttons": "Your title is in place. Click the **Export** button to download your video. Then click [Enhance].",
    "open": "Done. Open the timeline panel to see the tracks. Check your billing page.",
}


def respond(message: str, situation: Any) -> Iterator[Any]:
    word, _, rest = message.partition(" ")
    if message in ANSWERS:
        yield Say(ANSWERS[message])
    elif word in ("say", "answer"):  # the words behind the first are dictated, those behind the second are not
        yield Say(rest)
    elif word == "slowly":
        for number in range(int(rest)):
            yield Say(f"word{number} ")
            time.sleep(0.05)
    elif word == "tool":
        yield Call("fc-1", "set_timeline_raw_name", {"secret_argument": 1})
        time.sleep(float(rest))
        yield Result("fc-1", "set_timeline_raw_name", {"status": "ok"}, _titled(situation.draft, "Tool"))
        yield Say("The tool is done.")
    elif word == "edit":
        yield Call("fc-1", "add_title", {"text": rest})
        yield Result("fc-1", "add_title", {"status": "ok"}, _titled(situation.draft, rest))
    elif word == "long":
        yield Say("".join(f"Paragraph {n}: {'lorem ipsum ' * 20}\n\n" for n in range(int(rest) // 260)))
    elif message == "boom":
        yield Say("One moment.")
        raise KeyError("a secret of the agent")
    else:
        yield Say(f"You said: {message}")


def _titled(draft: Draft, words: str) -> Draft:
    raw = draft.raw
    tracks = raw.setdefault("t", [])
    if not tracks:
        tracks.append({"id": "t1", "tt": 7, "sg": []})
    at = sum(segment["d"] for segment in tracks[0]["sg"])
    tracks[0]["sg"].append({"id": f"s{at}", "st": at, "d": 1000, "tx": words})
    raw["d"] = at + 1000
    raw["m"] = {"title": "Talk", "width": 320, "height": 180, "fps": 30, **raw.get("m", {})}
    return Draft(raw)


def main(folder: str, *options: str) -> None:
    settings = {name: float(value) for name, value in (option.split("=") for option in options)}
    config = BackendConfig(data=Path(folder), token=TOKEN, **settings)
    running.set_up_log(config)
    listener = running.bind("127.0.0.1", 0)

    def ready() -> None:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)

    server = running.BackendServer(config, ready, respond=respond)
    watch_parent(os.getppid(), lambda: setattr(server, "should_exit", True))
    asyncio.run(server.serve([listener]))


if __name__ == "__main__":
    main(*sys.argv[1:])
