"""Two runs, case by case: the same cases before and after, and which of them flipped.

Pure values; the test (McNemar, then Holm over several comparisons) is arithmetic of another
room and is joined where the flows meet. Pairs are cases with the same id; a case that only one
run holds is named, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from roadworthy.domain import Observation, score_grades

from .repeats import passed

_Rows = Sequence[tuple[str, Observation]]
"""Rows, each with the case for which it counts."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One score (or the case's whole verdict) of two runs, paired by case."""

    score: str
    """The score's name; empty for the case's verdict over all its scores."""
    n: int
    """Pairs."""
    both: int
    """Right before and after."""
    neither: int
    fixed: tuple[str, ...]
    """Case ids wrong before and right after (McNemar's c)."""
    broken: tuple[str, ...]
    """Case ids right before and wrong after (McNemar's b)."""
    before: float | None
    """Share of the pairs that were right; None without pairs."""
    after: float | None
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()

    @property
    def b(self) -> int:
        """Pairs that were right and are wrong now."""
        return len(self.broken)

    @property
    def c(self) -> int:
        """Pairs that were wrong and are right now."""
        return len(self.fixed)

    @property
    def difference(self) -> float | None:
        """After minus before, paired."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


def compare(
    before: Iterable[Observation], after: Iterable[Observation], *, score: str = ""
) -> Comparison:
    """Pair two runs by case id. A case is right when more than half of its repeats were."""
    return _compared(_with_cases(before), _with_cases(after), score)


def _compared(before: _Rows, after: _Rows, score: str) -> Comparison:
    first, second = _verdicts(before, score), _verdicts(after, score)
    shared = sorted(first.keys() & second.keys())
    both = sum(1 for case in shared if first[case] and second[case])
    fixed = tuple(case for case in shared if second[case] and not first[case])
    broken = tuple(case for case in shared if first[case] and not second[case])
    n = len(shared)
    return Comparison(
        score=score,
        n=n,
        both=both,
        neither=n - both - len(fixed) - len(broken),
        fixed=fixed,
        broken=broken,
        before=(both + len(broken)) / n if n else None,
        after=(both + len(fixed)) / n if n else None,
        only_before=tuple(sorted(first.keys() - second.keys())),
        only_after=tuple(sorted(second.keys() - first.keys())),
    )


def compare_all(
    before: Iterable[Observation], after: Iterable[Observation]
) -> tuple[Comparison, ...]:
    """The case's verdict, then every score that both runs hold, by name."""
    first, second = _with_cases(before), _with_cases(after)
    shared = _score_names(first) & _score_names(second)
    return tuple(_compared(first, second, name) for name in ("", *sorted(shared)))


class Degrees(Struct, frozen=True, kw_only=True):
    """One score of degree of two runs, paired by case: a case's value is its repeats' mean."""

    score: str
    cases: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    lower_is_better: bool
    unpaired: int
    """Cases of which one run has no value, such as one that failed there."""


def compare_degrees(
    before: Iterable[Observation],
    after: Iterable[Observation],
    *,
    failed_is_worst: bool = False,
) -> tuple[Degrees, ...]:
    """Every score of both runs that is more than right or wrong, by name.

    A scorer says so, or a value that is neither 0 nor 1 does. An answer that failed has no value;
    with `failed_is_worst` it has the worst that any case got, if the other run has one.
    """
    first, second = _with_cases(before), _with_cases(after)
    return tuple(
        _degrees(name, first, second, failed_is_worst)
        for name in sorted(_of_degree(first) & _of_degree(second))
    )


def _degrees(name: str, before: _Rows, after: _Rows, failed_is_worst: bool) -> Degrees:
    down = any(score_grades(row).get(name) == "down" for _, row in after)
    first, second = _means(before, name, None), _means(after, name, None)
    if failed_is_worst:
        judged = first.keys() | second.keys()
        worst = _worst(name, before, after, down)
        first, second = _means(before, name, worst), _means(after, name, worst)
        first, second = ({case: each[case] for case in judged & each.keys()}
                         for each in (first, second))  # fmt: skip
    shared = sorted(first.keys() & second.keys())
    return Degrees(
        score=name,
        cases=tuple(shared),
        before=tuple(first[case] for case in shared),
        after=tuple(second[case] for case in shared),
        lower_is_better=down,
        unpaired=len(first.keys() ^ second.keys()),
    )


def _of_degree(rows: _Rows) -> set[str]:
    """Scores that some row says, or shows, to be matters of degree."""
    found: set[str] = set()
    seen: set[str] = set()
    for _, row in rows:
        seen.update(row.scores)
        found.update(score_grades(row))
        for name, value in row.scores.items():
            if name not in found and value not in (0.0, 1.0):
                found.add(name)
    return {name for name in found & seen if not name.startswith("raw.")}


def _worst(name: str, before: _Rows, after: _Rows, down: bool) -> float:
    """The worst value of either run; of more is better never better than 0."""
    values = [
        value
        for _, row in (*before, *after)
        if row.status != "error" and (value := row.scores.get(name)) is not None
    ]
    return max(values, default=0.0) if down else min([0.0, *values])


def _means(rows: _Rows, name: str, worst: float | None) -> dict[str, float]:
    """Case -> the mean of its repeats; those that failed are `worst`, or no repeats without."""
    values: dict[str, list[float]] = {}
    for case, row in rows:
        value = worst if row.status == "error" else row.scores.get(name)
        if value is not None:
            values.setdefault(case, []).append(value)
    return {case: sum(each) / len(each) for case, each in values.items()}


def _with_cases(rows: Iterable[Observation]) -> _Rows:
    return [(row.unit[1], row) for row in rows]


def _score_names(rows: _Rows) -> set[str]:
    """Scores that are verdicts; those of degree have no share that is right."""
    return {
        name
        for _, row in rows
        for name in row.scores.keys() - score_grades(row).keys()
        if not name.startswith("raw.")
    }


def _verdicts(rows: _Rows, score: str) -> dict[str, bool]:
    judged: dict[str, list[bool]] = {}
    for case, row in rows:
        verdict = _judged(row, score) if score else passed(row)
        if verdict is not None:
            judged.setdefault(case, []).append(verdict)
    return {case: sum(each) * 2 > len(each) for case, each in judged.items()}


def _judged(row: Observation, score: str) -> bool | None:
    if row.status == "error":
        return False
    value = row.scores.get(score)
    return None if value is None else value >= 1.0
