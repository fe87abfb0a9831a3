"""Results that other tools made, read from their files: strictly, bounded, without running any."""

from .recognise import read_results
from .source import Limits

__all__ = ["Limits", "read_results"]
