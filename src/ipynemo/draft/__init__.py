"""The draft: a timeline of tracks and segments, lossless over the JSON that the backend sent."""

from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["Draft", "Segment", "Track"]
