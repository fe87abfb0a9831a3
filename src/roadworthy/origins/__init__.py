"""Evidence made elsewhere, read from other tools' files: strictly, bounded, without running any."""

from .nearly import FORMS, nearly
from .recognise import read_foreign
from .source import MAX_TEXT, Limits, Source, clean, decode, opened, without_nan
from .wanted import Wanted

__all__ = [
    "FORMS",
    "MAX_TEXT",
    "Limits",
    "Source",
    "Wanted",
    "clean",
    "decode",
    "nearly",
    "opened",
    "read_foreign",
    "without_nan",
]
