"""Scorers: each judges one answer of one case; a detector can be one too."""

from .arguments import arguments_match
from .catalogue import SCORER_NAMES, DetectorFactory, make_scorer
from .detection import text_of
from .references import right_texts

__all__ = [
    "SCORER_NAMES",
    "DetectorFactory",
    "arguments_match",
    "make_scorer",
    "right_texts",
    "text_of",
]
