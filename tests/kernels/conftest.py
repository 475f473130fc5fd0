"""Fixtures for the tests in real kernels; the backend is that of the client's tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))

from peer import clean_home, peer, peer_ports, video

__all__ = ["clean_home", "peer", "peer_ports", "video"]
