"""The renderer: a draft and its files in, an MP4 out.

`scene` reads the draft; `pictures`, `films`, `footage`, `audio` and `music` read and make what it shows and plays; all
is drawn in `planes`, by `motion`, `sampling` (with `native`), `stills`, `takes`, `text`, `sprites` and `compose`;
`mixing` and `encode` finish. `plan` cuts a film into parts, `parts` encodes and joins them, `sharing`, `crew` (of
`member`s) and `shelf` say who encodes what, and what need not be. `rendering` ties them together; `worker` is the same
as a child process; `preview` draws a single moment, `excerpt` a range.
"""

from ipynemo.backend.render.checking import check
from ipynemo.backend.render.excerpt import excerpt
from ipynemo.backend.render.faults import BrokenAssetError, DraftLimitError, EmptyDraftError, MissingAssetError
from ipynemo.backend.render.jobs import RenderJob
from ipynemo.backend.render.parts import encode, encode_sound, join
from ipynemo.backend.render.plan import Chunk, SoundTrack, plan, sound_track
from ipynemo.backend.render.preview import still
from ipynemo.backend.render.rendering import RenderedClip, render
from ipynemo.backend.render.scores import MOODS

__all__ = [
    "MOODS",
    "BrokenAssetError",
    "Chunk",
    "DraftLimitError",
    "EmptyDraftError",
    "MissingAssetError",
    "RenderJob",
    "RenderedClip",
    "SoundTrack",
    "check",
    "encode",
    "encode_sound",
    "excerpt",
    "join",
    "plan",
    "render",
    "sound_track",
    "still",
]
