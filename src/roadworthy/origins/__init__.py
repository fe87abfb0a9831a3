"""Evidence made elsewhere, read from other tools' files: strictly, bounded, without running any."""

from .recognise import read_foreign
from .source import MAX_TEXT, Limits, Source, clean, decode, opened, without_nan
from .wanted import Wanted

__all__ = [
    "MAX_TEXT",
    "Limits",
    "Source",
    "Wanted",
    "clean",
    "decode",
    "opened",
    "read_foreign",
    "without_nan",
]
