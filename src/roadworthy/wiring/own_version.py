"""Which version of Roadworthy runs here."""

from __future__ import annotations


def own_version() -> str:
    """As installed. What reads it brings half a megabyte, so only who says it pays for it."""
    from importlib.metadata import version

    return version("roadworthy")
