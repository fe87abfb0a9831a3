"""Detectors: each is a rail online and a scorer offline. No I/O, no clock."""

from .beginning import Undecided
from .expression import ExpressionDetector
from .folded_view import FoldedView
from .normalise import KEPT_BLANKS, Normaliser, settled
from .own_prompt import with_prompt
from .registry import DETECTOR_NAMES, make_detector
from .shape import Place, Shape, ShapeDetector, Wait, decided, merged
from .sketch import Sketch, Sketcher, likeness, same_frame
from .sweep import Sweep, waits_of

__all__ = [
    "DETECTOR_NAMES",
    "KEPT_BLANKS",
    "ExpressionDetector",
    "FoldedView",
    "Normaliser",
    "Place",
    "Shape",
    "ShapeDetector",
    "Sketch",
    "Sketcher",
    "Sweep",
    "Undecided",
    "Wait",
    "decided",
    "likeness",
    "make_detector",
    "merged",
    "same_frame",
    "settled",
    "waits_of",
    "with_prompt",
]
