"""What users write to be worked out: CEL, loaded lean, and templates that stay within bounds."""

from .condition import Condition
from .loading import load_cel
from .templates import prompt_environment

__all__ = ["Condition", "load_cel", "prompt_environment"]
