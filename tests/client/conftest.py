"""Fixtures for the tests of the client; `peer.py` says what they are."""

from peer import clean_home, peer, peer_ports, video

__all__ = ["clean_home", "peer", "peer_ports", "video"]
