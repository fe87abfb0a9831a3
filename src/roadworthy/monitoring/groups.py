"""Indicators over groups of cases that belong together (tag `group:<id>`)."""

from __future__ import annotations

from collections.abc import Iterable

from roadworthy.domain import Observation


def decisions_by_group(rows: Iterable[Observation], tag: str) -> dict[str, set[str]]:
    """Group id -> the different ways its rows tagged `tag` ended (decision, or the action)."""
    groups: dict[str, set[str]] = {}
    for row in rows:
        if tag not in row.tags:
            continue
        for name in row.tags:
            if name.startswith("group:"):
                ending = row.decision if row.action == "answered" else row.action
                groups.setdefault(name[6:], set()).add(ending)
    return groups


def uniform(groups: dict[str, set[str]]) -> tuple[int, int]:
    """How many groups ended one way throughout, and how many groups there are."""
    return sum(1 for endings in groups.values() if len(endings) == 1), len(groups)
