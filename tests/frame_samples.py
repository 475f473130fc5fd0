"""A draft with a bit of everything, for the tests of frames."""

import copy

from ipynemo.draft import Draft

RAW = {
    "t": [
        {
            "id": "v",
            "tt": 0,
            "n": "Pictures",
            "sg": [
                {"id": "c1", "st": 0, "d": 4000, "n": "robot", "src": "a1", "m": {"motion": "zoom_in"}},
                {"id": "c2", "st": 4000, "d": 6000, "n": "city", "src": "a2", "vol": 1.0},
            ],
        },
        {"id": "m", "tt": 1, "n": "Music", "sg": [{"id": "m1", "d": 10000, "src": "music:lofi", "vol": 0.35}]},
        {
            "id": "x",
            "tt": 7,
            "sg": [
                {"id": "t1", "tx": "Hello", "d": 3000, "m": {"style": {"size": 84}}},
                {"id": "t2", "tx": "World", "d": 2000, "x": [1, {"y": None}]},
            ],
        },
    ],
    "d": 10000,
    "m": {"title": "Robots", "width": 1920, "height": 1080},
    "unknown": {"kept": True},
}


def segments(draft, track):
    """Return the raw segments of a track, counted from 1."""
    return draft.raw["t"][track - 1]["sg"]


def edited(path, value):
    """Return the draft with one value changed, to compare whole drafts: everything else must have stayed."""
    raw = copy.deepcopy(RAW)
    *way, last = path
    holder = raw
    for key in way:
        holder = holder[key]
    holder[last] = value
    return Draft(raw)
