"""Jupyter widgets that turn a picture into an explainer video."""

__version__ = "0.1.0"
