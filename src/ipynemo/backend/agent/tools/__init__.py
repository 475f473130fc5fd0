"""The agent's tools, one file a job; importing them registers them."""

from ipynemo.backend.agent.tools import history, look, pictures, sounds, story, texts, times

__all__ = ["history", "look", "pictures", "sounds", "story", "texts", "times"]
