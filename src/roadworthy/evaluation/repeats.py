"""What repeats of a case say: which passed, and which cases cannot make up their mind.

A repeat passes when all of its judged scores are right (1.0) and it is no error. Raw scores do
not count: they judge what never left. Nor do scores that are matters of degree (`verdicts_of`).
"""

from __future__ import annotations

from collections.abc import Iterable

from roadworthy.domain import FlakyCase, Observation, Quarantined, verdicts_of

CaseKey = tuple[str, str]
"""(suite, case id)."""


def passed(observation: Observation) -> bool | None:
    """Whether one repeat passed; None when nothing judged it."""
    if observation.status == "error":
        return False
    judged = verdicts_of(observation)
    return all(value >= 1.0 for value in judged) if judged else None


def outcomes(rows: Iterable[Observation]) -> dict[CaseKey, tuple[bool, ...]]:
    """Case -> which of its judged repeats passed, in the order of the rows."""
    found: dict[CaseKey, list[bool]] = {}
    for row in rows:
        verdict = passed(row)
        if verdict is not None:
            found.setdefault((row.suite, row.case), []).append(verdict)
    return {key: tuple(verdicts) for key, verdicts in found.items()}


def flaky_cases(
    rows: Iterable[Observation], quarantine: Iterable[Quarantined] = ()
) -> tuple[FlakyCase, ...]:
    """Cases of which some repeats passed and some did not, by suite and id.

    Each says who answers for it in quarantine, if anybody does.
    """
    seen = list(rows)
    if not any(row.repeat for row in seen):
        return ()
    unsure = {key: each for key, each in outcomes(seen).items() if len(set(each)) > 1}
    if not unsure:
        return ()
    held = {(each.suite, each.case): each for each in quarantine}
    suites = {(row.suite, row.case): suites_of(row) for row in seen}
    found = []
    for key, each in sorted(unsure.items()):
        by = next((held[suite, key[1]] for suite in suites[key] if (suite, key[1]) in held), None)
        found.append(
            FlakyCase(
                suite=key[0],
                case=key[1],
                passed=sum(each),
                asked=len(each),
                owner=by.owner if by is not None else "",
                until=by.until if by is not None else "",
            )
        )
    return tuple(found)


def suites_of(row: Observation) -> tuple[str, ...]:
    """Every suite that a row counts in, its own first."""
    return tuple(dict.fromkeys((row.suite, *map(str, row.attributes.get("suites", ())))))
