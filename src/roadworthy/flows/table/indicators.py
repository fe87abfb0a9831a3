"""Indicators over the table, slice by slice: of traffic, or of evaluation runs.

Enters: a table, which rows, which indicators, which slices. Leaves: measurements. What can be
counted is counted; what needs the rows is read row by row, where somebody names it. Never here: a
row that is left out because there are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import Struct

from roadworthy.domain import (
    INDICATORS,
    Instant,
    Measurement,
    SafetySLO,
    UsageError,
    find_indicator,
    parse_instant,
)
from roadworthy.expressions import Condition
from roadworthy.monitoring import LOOKS_AT, VALUES_OF, by_facets, measure, selector
from roadworthy.table import Selection, Table, TooManyKindsError

from ..late.online_scoring import SamplesOf, as_drawn
from ..reviews.reviewed_answers import still_waiting
from .counting import (
    MOST_ROWS,
    Asked,
    Cubes,
    GroupedError,
    plan,
    require_facets,
    sliced,
)

COUNTED = tuple(name for name in INDICATORS if name in LOOKS_AT or name in VALUES_OF)
"""What is counted when nobody names an indicator."""

BEGINNING: Instant = "1970-01-01T00:00:00.000000Z"


class Shown(Struct, frozen=True, kw_only=True):
    """One indicator in one slice."""

    part: str
    answers: int
    """Rows of the slice, those that the indicator is not about among them."""
    found: Measurement


def indicators_of(
    table: Table,
    selection: Selection,
    *,
    now: Instant,
    names: Sequence[str] = (),
    by: Sequence[str] = (),
    where: str = "",
    samples: SamplesOf | None = None,
) -> Iterator[Shown]:
    """Each indicator in each slice; without `names` every one that can be counted and has data.

    `samples`: what each release has scored on a random sample; what was not drawn counts by it.
    Raises UsageError for one that nobody knows, a facet that no row has, too many rows to read or
    a filter that does not compile; DetectorError for one that cannot look.
    """
    require_facets(table, by)
    asked = [_asked(table, name, by, where) for name in names or COUNTED]
    cubes = Cubes(table, asked, selection, now)
    for each in asked:
        for part, (n, found) in _slices(each, cubes, samples).items():
            if names or found.value is not None:
                yield Shown(part=part, answers=n, found=found)


def _asked(table: Table, name: str, by: Sequence[str], where: str) -> Asked:
    if find_indicator(name) is None:
        known = ", ".join(COUNTED)
        raise UsageError(f"no indicator is called {name!r}", fix=f"such as {known}")
    if where and not where.startswith("tag:"):
        try:
            Condition(where)
        except ValueError as error:
            raise UsageError(
                f"the filter {where!r} does not compile: {error}",
                fix="write a CEL expression such as tenant == 'acme', or tag:NAME",
            ) from None
    slo = SafetySLO(name=name, metric=name, target=">= 0", by=list(by), where=where)
    return plan(slo, table, since=BEGINNING)


def _slices(
    asked: Asked, cubes: Cubes, samples: SamplesOf | None
) -> dict[str, tuple[int, Measurement]]:
    if asked.columns:
        try:
            return sliced(asked, cubes, before=False)
        except (GroupedError, TooManyKindsError):
            pass  # then the rows say it
    slo = asked.slo
    keep = selector(slo.where)
    now = parse_instant(cubes.now)
    rows = [still_waiting(seen, now) for seen, _ in cubes.rows(MOST_ROWS) if keep(seen)]
    if samples is not None:
        rows = as_drawn(rows, samples, cubes.now, metric=slo.metric)
    parts = (by_facets(rows, slo.by) if slo.by else {}) or {"": rows}
    say = partial(measure, slo.metric)
    return {part: (len(group), say(group)) for part, group in parts.items()}
