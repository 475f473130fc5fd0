"""Fixtures for the tests of the client; `peer.py` and `faulty.py` say what they are."""

from faulty import faulty_port, nemo, own_home, session, world
from peer import clean_home, peer, peer_ports, video

__all__ = [
    "clean_home",
    "faulty_port",
    "nemo",
    "own_home",
    "peer",
    "peer_ports",
    "session",
    "video",
    "world",
]
