"""Tools that ask and score by themselves: how they are started, what their files tell."""

from . import process
from .known_tools import TOOLS
from .matching import Given, mismatch
from .tool import ForeignTool, Told, Visit, said

__all__ = ["TOOLS", "ForeignTool", "Given", "Told", "Visit", "mismatch", "process", "said"]
