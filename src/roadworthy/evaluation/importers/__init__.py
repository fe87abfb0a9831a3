"""Results that other tools made, read from their files: strictly, bounded, without running any."""

from roadworthy.origins import Limits

from .recognise import read_results

__all__ = ["Limits", "read_results"]
