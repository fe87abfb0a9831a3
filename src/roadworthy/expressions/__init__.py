"""CEL, loaded lean: the one place that imports the library."""

from .loading import load_cel

__all__ = ["load_cel"]
