"""How bad an incident is."""

from __future__ import annotations

from typing import Literal, get_args

Severity = Literal["low", "medium", "high", "critical"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the least to the worst."""


def worst_severity(*severities: Severity) -> Severity:
    """The worst of them; `low` where there is none. Raises ValueError of one that is none."""
    return max(severities, key=SEVERITIES.index, default="low")
