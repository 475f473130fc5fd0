"""The renderer: a draft and its files in, an MP4 out.

`scene` reads the draft; `pictures`, `films`, `audio` and `music` read and make what it shows and plays; `motion`,
`sampling`, `text`, `sprites` and `compose` draw; `mixing` and `encode` finish; `rendering` ties them together; `worker`
is the same as a child process.
"""

from ipynemo.backend.render.checking import check
from ipynemo.backend.render.faults import BrokenAssetError, DraftLimitError, EmptyDraftError, MissingAssetError
from ipynemo.backend.render.jobs import RenderJob
from ipynemo.backend.render.rendering import RenderedClip, render
from ipynemo.backend.render.scores import MOODS

__all__ = [
    "MOODS",
    "BrokenAssetError",
    "DraftLimitError",
    "EmptyDraftError",
    "MissingAssetError",
    "RenderJob",
    "RenderedClip",
    "check",
    "render",
]
