"""The agent's tools, one file a job; importing them registers them."""

from ipynemo.backend.agent.tools import access, history, look, pictures, sounds, story, texts, times

__all__ = ["access", "history", "look", "pictures", "sounds", "story", "texts", "times"]
