"""Cases that belong together say much the same: each proves less than one case.

A tag `group:<id>` says so, and so does that one grew from another, or both from a third.

Enters: a question and its answers by case. Leaves: bounds that allow for the groups, never narrower
than those of as many independent cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import (
    Interval,
    cluster_interval,
    cluster_share_interval,
    share_interval,
)

from .cases import Asking, Cases, PerCase, Rows, cases_of, per_case
from .results import bounded_below, mean_of, share_of

PREFIX = "group:"


def clusters(cases: Cases, question: Asking) -> list[str | int]:
    """The group of each case that answers, in the order of the cases; its own where it has none.

    Empty where no two of them share a group. Of a case in several groups the first one counts; a
    grown case belongs to the case that it grew from, and to no pair that a generator made of it.
    """
    groups = cases.once(_groups)
    if not groups:
        return []
    found = [
        name
        for name, unit in zip(groups, cases.each(), strict=True)
        if any(question(row) is not None for row in unit)
    ]
    return found if len(set(found)) < len(found) else []


def groups_of(cases: Cases) -> list[str | int]:
    """The group of every case, in their order; empty where nothing names one."""
    return cases.once(_groups)


def _groups(cases: Cases) -> list[str | int]:
    if cases.whole is not None and not cases.whole.once(_groups):
        return []
    parents = {name for row in cases.rows if row.attributes and (name := parent_of(row))}
    if not parents and not any(
        tag.startswith(PREFIX) for row in cases.rows if row.tags for tag in row.tags
    ):
        return []
    return [_group(unit, parents) or index for index, unit in enumerate(cases.each(), start=1)]


def _group(unit: Rows, parents: Set[str]) -> str:
    for row in unit:
        if name := parent_of(row):
            return name
        for tag in row.tags:
            if tag.startswith(PREFIX):
                return tag
    return next((row.case for row in unit if row.case in parents), "")


def families(observations: Iterable[Observation]) -> dict[str, str]:
    """Case -> the group that it belongs to, of the cases that belong to one."""
    cases = cases_of(observations)
    named = zip(cases.once(_groups), cases.each(), strict=False)
    return {unit[0].unit[1]: name for name, unit in named if isinstance(name, str)}


def parent_of(row: Observation) -> str:
    """The case that the row's case grew from, or that case's group; empty where it did not grow."""
    return str(row.attributes.get("grown_from", ""))


def clustered_bounds(found: PerCase, groups: Sequence[str | int], confidence: float) -> Interval:
    """Of a share whose cases are in groups. Of one group alone nothing is known of others."""
    n = len(found.values)
    plain = share_interval(sum(found.values), n, confidence)
    if len(set(groups)) < 2:
        alone = share_interval(sum(found.values) / n, 1, confidence)
        return Interval(min(plain.low, alone.low), max(plain.high, alone.high))
    robust = cluster_share_interval(found.values, groups, confidence)
    return Interval(min(plain.low, robust.low), max(plain.high, robust.high))


def share_of_cases(
    spec: IndicatorSpec, cases: Cases, question: Asking, score: str, confidence: float
) -> Measurement:
    """A share of cases; where some are in groups, its interval allows for that."""
    answers = per_case(cases, question, score=score)
    found = share_of(spec, answers, confidence)
    groups = clusters(cases, question) if found.n > 1 else []
    if not groups:
        return found
    return with_groups(found, answers, groups)


def with_groups(found: Measurement, answers: PerCase, groups: Sequence[str | int]) -> Measurement:
    """A share with bounds that allow for the groups of its cases."""
    bounds = clustered_bounds(answers, groups, found.confidence)
    return structs.replace(
        found,
        low=bounds.low,
        high=bounds.high,
        method="cluster_robust",
        independent=len(set(groups)),
    )


def mean_of_cases(
    spec: IndicatorSpec, cases: Cases, question: Asking, score: str, confidence: float
) -> Measurement:
    """A mean of values; where some cases are in groups, its interval allows for that."""
    answers = per_case(cases, question, score=score)
    groups = clusters(cases, question) if len(answers.values) > 1 else []
    found = mean_of(spec, answers, confidence, groups)
    if found.method == "betting":
        return structs.replace(found, independent=len(set(groups)) if groups else None)
    if found.low is None or found.high is None:
        return found if groups else bounded_below(spec, found)
    if not groups:
        return found
    try:
        robust = cluster_interval(answers.values, groups, confidence)
    except ValueError:
        reason = "groups that are one, or all alike, bound no mean of others"
        return structs.replace(found, low=None, high=None, method="", reason=reason)
    return structs.replace(
        found,
        low=min(found.low, robust.low),
        high=max(found.high, robust.high),
        method="cluster_robust",
        independent=len(set(groups)),
    )
