"""Objectives over the table: millions of answers, slice by slice, by the engine's own definitions.

    1 plan    which columns each objective's question, filter and slices read, and its window
    2 count   the rows by all those columns, once for all objectives of the same slices
    3 judge   each objective over what was counted; what needs the rows themselves is read row by
              row, and goes through the same judgement as what the control process has in memory

Enters: objectives, a table, which answers count. Leaves: assessments, as the control process would
make them of the same rows. Never here: a breach that is acted on (who asks changes nothing), an
objective left out. Burn rates are for who watches: they are not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from roadworthy.domain import (
    Assessment,
    Measurement,
    RoadworthyError,
    SafetySLO,
    UsageError,
    Verdict,
    find_indicator,
    parse_duration,
    parse_target,
    read_name,
    split_window,
)
from roadworthy.policy import Side, assess, assess_relative, unjudged
from roadworthy.table import Selection, Table, TooManyKindsError

from ..objectives.live_judging import MOST_SLICES, Judged, Looking, judge_live, window_start
from .counting import (
    Asked,
    Cubes,
    GroupedError,
    TableRows,
    ago,
    plan,
    require_facets,
    sliced,
)

TRAFFIC = ("live", "canary")
"""Stages whose answers somebody got."""


def judge_table(
    slos: Sequence[SafetySLO],
    table: Table,
    looking: Looking,
    *,
    by: Sequence[str] = (),
    whole: bool = False,
) -> Iterator[Judged]:
    """Every objective that is for run time, in every slice, in the order given.

    `by`: in slices of these facets instead of its own; `whole`: over all the time since
    `looking.live_since` instead of its own window. Raises UsageError for a facet that no row has.
    """
    require_facets(table, by)
    asked = [_plan(slo, table, looking, by, whole) for slo in slos if "runtime" in slo.at]
    selection = Selection(systems=(looking.system,), release=looking.release, stages=TRAFFIC)
    cubes = Cubes(table, asked, selection, looking.now)
    for each, slo in zip(asked, (one for one in slos if "runtime" in one.at), strict=True):
        for judged in _judged(each, cubes, looking):
            yield structs.replace(judged, slo=slo)


def _plan(slo: SafetySLO, table: Table, looking: Looking, by: Sequence[str], whole: bool) -> Asked:
    if by:
        slo = structs.replace(slo, by=list(by))
    if whole:
        slo = structs.replace(slo, name=split_window(slo.name)[0], window="rolling")
    since = window_start(slo, looking)
    relative = parse_target(slo.target).relative_to
    before = ""
    if relative.startswith("previous"):
        seconds = parse_duration(relative.removeprefix("previous").strip())
        before = ago(since, seconds)
    spec = find_indicator(read_name(slo).metric)
    return plan(
        slo,
        table,
        since=since,
        before=before,
        late=spec is not None and "label" in spec.needs,
    )


def _judged(asked: Asked, cubes: Cubes, looking: Looking) -> Iterator[Judged]:
    slo = asked.slo
    beside = looking.beside(slo, asked.since) if looking.beside is not None else None
    if not asked.columns or beside is not None:
        yield from _by_rows(asked, cubes, looking)
        return
    try:
        measured = sliced(asked, cubes, before=False)
        before = sliced(asked, cubes, before=True) if asked.before else {}
    except (GroupedError, TooManyKindsError):
        yield from _by_rows(asked, cubes, looking)
        return
    except RoadworthyError as error:
        found = unjudged(slo, Verdict.ERROR, error.message)
        yield Judged(slo=slo, part="", since=asked.since, found=found)
        return
    if len(measured) > MOST_SLICES:
        reason = (
            f"{len(measured)} slices by {', '.join(slo.by)}: a facet like that names requests; only"
            f" the {MOST_SLICES} with most answers are judged"
        )
        found = unjudged(slo, Verdict.ERROR, reason)
        yield Judged(slo=slo, part="", since=asked.since, found=found)
        most = sorted(measured.items(), key=lambda one: -one[1][0])[:MOST_SLICES]
        measured = dict(most)
    for part, (_, each) in measured.items():
        found = _assessed(slo, part, each, before.get(part))
        yield Judged(slo=slo, part=part, since=asked.since, found=found)


def _assessed(
    slo: SafetySLO, part: str, now: Measurement, before: tuple[int, Measurement] | None
) -> Assessment:
    relative = parse_target(slo.target).relative_to
    if not relative:
        return assess(slo, now, part=part)
    if not relative.startswith("previous"):
        reason = "a baseline of the same cases is known at the gate alone"
        return unjudged(slo, Verdict.INCONCLUSIVE, reason)
    old = Side(measured=before[1], cases={}) if before is not None else None
    return assess_relative(slo, Side(measured=now, cases={}), old, part=part)


def _by_rows(asked: Asked, cubes: Cubes, looking: Looking) -> Iterator[Judged]:
    slo = structs.replace(asked.slo, burn=[])
    try:
        rows = TableRows(cubes)
    except UsageError as error:
        reason = f"it is read row by row: {error.message}"
        found = unjudged(slo, Verdict.ERROR, reason)
        yield Judged(slo=slo, part="", since=asked.since, found=found)
        return
    yield from judge_live([slo], rows, looking)
