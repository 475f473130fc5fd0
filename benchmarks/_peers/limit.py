"""The bare encode of frames that are there already: what no renderer with this encoder can be faster than.

Run as `limit.py FRAMES ENCODING FIRST LAST OUT`; ENCODING is a file with the options of our own encoder. It imports no
more than it needs. With `--tell` it says when the encoder has taken its first frame, and when it has given one back.
"""

import json
import os
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def main() -> None:
    """Encode a range of frames, one thread."""
    tell = "--tell" in sys.argv
    path, encoding, first, last, out = [arg for arg in sys.argv[1:] if arg != "--tell"]
    given = json.loads(Path(encoding).read_text())
    width, height, fps = given["width"], given["height"], given["fps"]
    frames = np.memmap(path, np.uint8, "r").reshape(-1, height * 3 // 2, width)
    container = av.open(out, "w", format="mp4")
    stream = container.add_stream("libx264", rate=fps, options=given["options"])
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.gop_size, stream.codec_context.thread_count = given["gop"], 1
    for number in range(int(first), int(last)):
        frame = av.VideoFrame.from_ndarray(frames[number], format="yuv420p")
        frame.pts, frame.time_base = number - int(first), Fraction(1, fps)
        packets = stream.encode(frame)
        if tell and number == int(first):
            os.write(1, b"taken\n")
        if tell and packets:
            os.write(1, b"encoded\n")
            os._exit(0)
        container.mux(packets)
    container.mux(stream.encode(None))
    container.close()


main()
