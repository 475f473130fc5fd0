"""Explaining a picture: what its file states, its facts, and a storyboard made from them."""

from ipynemo.backend.explain.abouts import prompt_card
from ipynemo.backend.explain.assets import AssetFacts
from ipynemo.backend.explain.evidence import Claim, Evidence, evidence_for, read_evidence
from ipynemo.backend.explain.facts import PictureFacts, read_facts
from ipynemo.backend.explain.scenes import prompt_text
from ipynemo.backend.explain.script import languages, script_for
from ipynemo.backend.explain.storyboard import Board, Wishes, fit_for, storyboard

__all__ = [
    "AssetFacts",
    "Board",
    "Claim",
    "Evidence",
    "PictureFacts",
    "Wishes",
    "evidence_for",
    "fit_for",
    "languages",
    "prompt_card",
    "prompt_text",
    "read_evidence",
    "read_facts",
    "script_for",
    "storyboard",
]
