"""A round of several things of which one may fail: the others are done, and it is said later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from roadworthy.domain import RoadworthyError


@contextmanager
def noted(found: list[Exception]) -> Iterator[None]:
    """Add trouble to what was found, and go on behind it."""
    try:
        yield
    except (RoadworthyError, OSError, ValueError) as error:
        found.append(error)
