"""What files say of each other, and what no type can say: one visible list of checks."""

from __future__ import annotations

from .reading import Reading
from .suite_loading import load_suites


def check(reading: Reading) -> None:
    """Run every check; faults stay in the documents."""
    load_suites(reading)
