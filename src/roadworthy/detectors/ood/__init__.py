"""Out of distribution: how far an input lies from a reference of in-scope ones.

Needs numpy, imported where it is used; a table of meanings of words, or a sentence encoder, comes
from outside.
"""

from .detector import Detector, Looked, unlikeness
from .fitting import Fitted, fit
from .projection import Encoder, VectorOf
from .words import words_of

__all__ = ["Detector", "Encoder", "Fitted", "Looked", "VectorOf", "fit", "unlikeness", "words_of"]
