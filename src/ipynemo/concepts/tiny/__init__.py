"""A real diffusion model small enough to be trained on the spot: known training pictures, prompt, seed and steps."""

from ipynemo.concepts.tiny.judge import Judge
from ipynemo.concepts.tiny.model import Nearest, Progress, TinyModel
from ipynemo.concepts.tiny.picture import TinyPicture
from ipynemo.concepts.tiny.subjects import SUBJECTS, Subject

__all__ = ["SUBJECTS", "Judge", "Nearest", "Progress", "Subject", "TinyModel", "TinyPicture"]
