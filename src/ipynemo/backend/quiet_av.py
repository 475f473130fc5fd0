"""PyAV, without its way of hearing FFmpeg's messages: that takes Python's lock in a decoder's thread.

The thread waits for ever if whoever has the lock is waiting for that thread to end, as when a film is closed. What
matters is raised anyway; stderr is no place for a codec's mutterings.
"""

from __future__ import annotations

import av
import av.logging

__all__ = ["av"]

av.logging.restore_default_callback()
av.logging.set_libav_level(av.logging.PANIC)
