"""Expectations that nobody scored: said always, and where a suite has no other, not decided.

Enters: the rows of a run. Leaves: notes and blockers. What never happens here: an expectation that
no scorer, judge or person read taken for one that was met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roadworthy.domain import Blocker, Observation, Verdict


def unscored_notes(rows: Sequence[Observation]) -> list[str]:
    """One note with how many cases expect what nobody scored; none where there are none."""
    unread = {(row.suite, row.case) for row in rows if _is_unread(row)}
    if not unread:
        return []
    every = {(row.suite, row.case) for row in rows}
    return [
        f"{len(unread)} of {len(every)} cases have a rubric that was scored by nobody: no judge of "
        "their suite reads it, and no person rated them"
    ]


def unscored_blockers(rows: Sequence[Observation]) -> list[Blocker]:
    """One for each suite whose cases expect something of which nothing at all was scored."""
    suites: dict[str, list[Observation]] = {}
    for row in rows:
        if row.status != "error":
            for suite in _suites_of(row):
                suites.setdefault(suite, []).append(row)
    return [
        Blocker(
            verdict=Verdict.INCONCLUSIVE,
            reason=f"no expectation of suite {suite} was scored by anybody: name a judge under "
            "`scorers:`, expect something that needs none, or have people rate the answers",
            phase="suite",
        )
        for suite, found in suites.items()
        if any(map(_is_unread, found)) and not any(row.scores for row in found)
    ]


def _is_unread(row: Observation) -> bool:
    rated = any(name.startswith("human.") for name in row.scores)
    return bool(row.attributes.get("not_scored")) and not rated


def _suites_of(row: Observation) -> Iterable[str]:
    return {row.suite, *map(str, row.attributes.get("suites", ()))}
