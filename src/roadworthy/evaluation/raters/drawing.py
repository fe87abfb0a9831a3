"""Which answers people rate: drawn from recorded runs, the same for the same seed.

Enters: the rows of a run (and of another on the same cases). Leaves: items, and for every answer
that could not be drawn the reason. What never happens here: a draw that depends on what an answer
is worth, so that those drawn stand for the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Case,
    Observation,
    RatedAnswer,
    RatingItem,
    Rubric,
    UsageError,
    told_of,
)

from ..asked import asked_of
from ..draw import Draw
from ..plan import case_digest

MAX_ITEMS = 2_000
"""Of one task; nobody rates more in one go, and the page stays light."""

CaseOf = Callable[[str, str], tuple[Case | None, str]]
"""(suite, case id) -> the case as the run asked it, or None and why it is not known."""


class Drawn(Struct, frozen=True, kw_only=True):
    """What a task is about."""

    items: tuple[RatingItem, ...]
    population: int
    left_out: dict[str, int]


def draw_items(
    pairs: Iterable[Sequence[Observation]], case_of: CaseOf, *, run: str, other: str, n: int,
    seed: int, rubric: Rubric | None = None,
) -> Drawn:  # fmt: skip
    """Draw `n` items; each of `pairs` is an answer, or an answer and the other run's.

    Of a case that was asked several times one repeat is drawn. Left out is what no rater can
    judge: answers that failed or did not leave, empty ones, pairs of equal texts, cases whose text
    is not known any more. Raises UsageError when nothing is left.
    """
    if not 1 <= n <= MAX_ITEMS:
        raise UsageError(f"{n} items cannot be rated", fix=f"--n between 1 and {MAX_ITEMS}")
    left_out: Counter[str] = Counter()
    by_case: dict[tuple[str, str], list[tuple[Observation, ...]]] = {}
    for pair in pairs:
        why = _unfit(pair)
        if why:
            left_out[why] += 1
        else:
            by_case.setdefault((pair[0].suite, pair[0].case), []).append(tuple(pair))
    known: list[tuple[Case, tuple[Observation, ...]]] = []
    for (suite, name), repeats in sorted(by_case.items()):
        case, why = case_of(suite, name)
        if case is None:
            left_out[why] += 1
        elif told_of(case, rubric) is None:
            left_out["the case gives no sources"] += 1
        else:
            known.append((case, Draw("rating-repeat", seed, suite, name).pick(repeats)))
    if not known:
        said = "; ".join(f"{count} x {why}" for why, count in left_out.items()) or "no answer"
        raise UsageError(f"there is nothing to rate: {said}", fix="name a run that has answers")
    chosen = Draw("rating-items", seed).sample(known, n)
    return Drawn(
        items=tuple(
            _item(f"q{number:04d}", case, rows, (run, other), rubric)
            for number, (case, rows) in enumerate(chosen, start=1)
        ),
        population=len(known),
        left_out=dict(left_out),
    )


def _unfit(pair: Sequence[Observation]) -> str:
    """Why nobody can rate it; empty when somebody can."""
    if any(row.status != "ok" for row in pair):
        return "an answer failed"
    if any(row.action != "answered" for row in pair):
        return "an answer did not leave"
    if any(not row.output.strip() for row in pair):
        return "an answer is empty"
    if len(pair) == 2 and pair[0].output == pair[1].output:
        return "both answers are the same text"
    return ""


def _item(
    name: str, case: Case, rows: Sequence[Observation], runs: tuple[str, str],
    rubric: Rubric | None,
) -> RatingItem:  # fmt: skip
    first = rows[0]
    return RatingItem(
        id=name,
        suite=first.suite,
        case=first.case,
        repeat=first.repeat,
        case_digest=case_digest(case),
        language=case.facets.get("language", ""),
        input=msgspec.to_builtins(asked_of(case, first)),
        matters=told_of(case, rubric) or "",
        answers=tuple(
            RatedAnswer(run=run, candidate=row.release, observation=row.id, output=row.output)
            for run, row in zip(runs, rows, strict=False)
        ),
    )
