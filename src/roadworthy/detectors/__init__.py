"""Detectors: each is a rail online and a scorer offline. No I/O, no clock."""

from .expression import ExpressionDetector
from .normalise import Normaliser, settled
from .registry import DETECTOR_NAMES, make_detector
from .shape import ScanState, Shape, ShapeDetector, in_original, merged

__all__ = [
    "DETECTOR_NAMES",
    "ExpressionDetector",
    "Normaliser",
    "ScanState",
    "Shape",
    "ShapeDetector",
    "in_original",
    "make_detector",
    "merged",
    "settled",
]
