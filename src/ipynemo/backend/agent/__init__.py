"""The agent: a message and a situation in, steps out; English and Chinese understood by rules."""

from ipynemo.backend.agent.respond import respond
from ipynemo.backend.agent.situation import Call, Result, Say, Situation, Step
from ipynemo.backend.explain import AssetFacts

__all__ = ["AssetFacts", "Call", "Result", "Say", "Situation", "Step", "respond"]
