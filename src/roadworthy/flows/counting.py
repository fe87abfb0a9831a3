"""What `n` counts, in words: cases that ask what others ask, and cases that grew from others.

Enters: the rows of a run. Leaves: notes for a decision. Never here: a verdict; copies count for
one in every interval already, grown cases count as cases (ADR 20).
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Observation
from roadworthy.evaluation import growth
from roadworthy.monitoring import copies_in


def what_n_counts(rows: Sequence[Observation]) -> list[str]:
    """One note on copies, one on grown cases; none where every case stands for itself."""
    distinct, copies = copies_in(rows)
    grown = {row.case for row in rows if growth.GROWN in row.tags}
    parents = {case.partition("~")[0] for case in grown}
    notes = []
    if copies:
        asks = "1 more asks" if copies == 1 else f"{copies} more ask"
        notes.append(f"n counts {distinct} distinct cases: {asks} what one of them asks")
    if grown:
        notes.append(
            f"{len(grown)} of the cases grew from {len(parents)}: variants of one case are alike, "
            "so their intervals speak of these cases more than of cases to come"
        )
    return notes
