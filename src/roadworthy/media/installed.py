"""Whether what marks need is installed, and what is raised where something cannot be marked."""

from __future__ import annotations

from importlib.util import find_spec

from roadworthy.domain import RoadworthyError

INSTALL = "pip install 'roadworthy[media]'"
_NEEDED = ("c2pa", "PIL", "numpy")


class MarkError(RoadworthyError):
    """What must be marked cannot be: it does not leave."""


def missing() -> str:
    """The packages that are not there; empty where all are."""
    return ", ".join(name for name in _NEEDED if find_spec(name) is None)
