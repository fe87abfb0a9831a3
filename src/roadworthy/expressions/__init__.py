"""CEL, loaded lean: the one place that imports the library."""

from .condition import Condition
from .loading import load_cel

__all__ = ["Condition", "load_cel"]
