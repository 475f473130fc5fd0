"""The library of espeakng-loader as a program with the options of `espeak-ng` that are used here; run as a process.

It is started by `engine` where there is no such program, so that the library is never loaded into the server.
"""

from __future__ import annotations

import argparse
import ctypes
import struct
import sys
from typing import Any, Final

__all__ = ["main"]

RETRIEVAL: Final = 1  # samples to a callback instead of to a loudspeaker
RATE: Final = 1  # the parameter's number
UTF8: Final = 1
_CALLBACK: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def _said(text: bytes, voice: str, words_a_minute: int) -> tuple[int, bytes]:
    import espeakng_loader

    library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
    samples = bytearray()

    def heard(wave: Any, count: int, _events: Any) -> int:
        if wave and count:
            samples.extend(ctypes.string_at(wave, 2 * count))
        return 0

    callback = _CALLBACK(heard)
    hertz = library.espeak_Initialize(RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0)
    if hertz <= 0:
        raise SystemExit("The library of espeakng-loader could not be started.")
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise SystemExit("The specified espeak-ng voice does not exist.")
    library.espeak_SetParameter(RATE, words_a_minute, 0)
    library.espeak_Synth(text + b"\0", ctypes.c_size_t(len(text) + 1), 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    return hertz, bytes(samples)


def main() -> None:
    """Read a text from standard input, write a WAV to standard output."""
    options = argparse.ArgumentParser()
    options.add_argument("-v", dest="voice", required=True)
    options.add_argument("-s", dest="rate", type=int, required=True)
    options.add_argument("-b", dest="coding")
    options.add_argument("--stdin", action="store_true")
    options.add_argument("--stdout", action="store_true")
    given = options.parse_args()
    hertz, data = _said(sys.stdin.buffer.read(), given.voice, given.rate)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, hertz, 2 * hertz, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + form + struct.pack("<4sI", b"data", len(data))
    sys.stdout.buffer.write(head + data)


if __name__ == "__main__":
    main()
