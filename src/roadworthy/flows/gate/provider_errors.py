"""What a hosted model's provider did not answer is no failure of the candidate.

Enters: objectives and the rows of a run. Leaves: assessments; in a run that is not complete, a FAIL
that rests on the provider's errors alone is INCONCLUSIVE. What never happens here: a PASS made of
something else; a FAIL of what was answered that goes away.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from roadworthy.domain import Assessment, Observation, RunSummary, SafetySLO, Verdict

from .judging import Evidence, judge

_ASKED_WRONGLY = tuple(f"answered HTTP {status}" for status in (400, 404, 413, 422))
"""Refused because of what was sent: that is the system's."""


def judge_answers(
    run: RunSummary | None, slos: Sequence[SafetySLO], evidence: Evidence
) -> tuple[list[Assessment], list[str]]:
    """As `judge`, without a FAIL that an incomplete run has from its provider only."""
    assessments, notes = judge(slos, evidence)
    answered = [row for row in evidence.rows if not _of_the_provider(row)]
    missing = len(evidence.rows) - len(answered)
    if run is None or run.status == "complete" or not missing:
        return assessments, notes
    alone = structs.replace(evidence, others=())
    failing = _failing(slos, alone)
    without = _failing(slos, structs.replace(alone, rows=answered))
    judged = [
        structs.replace(
            each,
            verdict=Verdict.INCONCLUSIVE,
            phase="operations",
            reason=f"{missing} answers are missing because the provider failed, and without them "
            f"nothing is decided ({each.reason})",
        )
        if each.verdict is Verdict.FAIL and each.name in failing - without
        else each
        for each in assessments
    ]
    return judged, notes


def _failing(slos: Sequence[SafetySLO], evidence: Evidence) -> set[str]:
    return {each.name for each in judge(slos, evidence)[0] if each.verdict is Verdict.FAIL}


def _of_the_provider(row: Observation) -> bool:
    """An error of a hosted model's side, of a row that shows nothing else."""
    return (
        row.status == "error"
        and row.error.startswith("upstream ")
        and not any(said in row.error for said in _ASKED_WRONGLY)
        and not row.never
    )
