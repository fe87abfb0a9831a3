"""Counts rows of the table for several objectives at once, and reads them where one needs them.

Enters: what each is about (which columns its question, filter and slices read, which window), a
table. Leaves: a measurement for each slice. Never here: a verdict; rows that are in groups counted
as if each stood for itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    EXPECTED,
    Instant,
    Measurement,
    Observation,
    SafetySLO,
    UsageError,
    format_instant,
    parse_instant,
    read_name,
)
from roadworthy.expressions import Condition
from roadworthy.manifests import attributes_of, facets_of, reads_other_facets
from roadworthy.monitoring import (
    RANKED_BY,
    VALUES_OF,
    columns_asked,
    columns_of_facet,
    is_ranked,
    measure_counted,
    ranked,
    selector,
    slice_of,
)
from roadworthy.table import (
    ALONE,
    BAND,
    FACET,
    LEARNED_BAND,
    Cube,
    Selection,
    Table,
    TooManyKindsError,
    countable,
    glimpse,
    ranked_values,
)

from ..objectives.live_judging import CONFIDENCE
from ..objectives.live_rows import LiveRows

MOST_ROWS = 200_000
"""Answers that are read one by one for the objectives that ask for it."""


class Asked(Struct, frozen=True, kw_only=True):
    """How an objective is judged over the table."""

    slo: SafetySLO
    columns: tuple[str, ...]
    """By which rows are counted for it; empty where it needs the rows."""
    filtered: tuple[str, ...] = ()
    """Those of them that its filter reads."""
    sliced: tuple[str, ...] = ()
    """Those that its slices are made of."""
    since: Instant
    before: Instant = ""
    """From when on the time before the window counts; empty where its target asks for none."""
    late: bool = False
    """Whether it counts by when something was learned."""


def require_facets(table: Table, facets: Iterable[str]) -> None:
    """Each is a facet that some row has, or what every row has. Raises UsageError."""
    for facet in facets:
        if not {*columns_of_facet(facet)} & table.columns:
            known = ", ".join(table.facets) or "none"
            raise UsageError(f"no answer has a facet {facet!r}", fix=f"the facets are: {known}")


def plan(slo: SafetySLO, table: Table, **window: Any) -> Asked:
    """How an objective is asked of the table; `window`: since when, and whether by labels."""
    asked = columns_asked(read_name(slo).metric)
    filtered = _columns_of_where(slo.where, table)
    bounded = slo.values_at_least is not UNSET or slo.values_at_most is not UNSET
    if asked is None or filtered is None or bounded:
        return Asked(slo=slo, columns=(), **window)
    parts = tuple(column for facet in slo.by for column in columns_of_facet(facet))
    columns = tuple(dict.fromkeys((*asked, *filtered, *parts, ALONE)))
    if {f"{FACET}{name}" for name in table.alike} & {*columns}:
        return Asked(slo=slo, columns=(), **window)
    return Asked(slo=slo, columns=columns, filtered=filtered, sliced=parts, **window)


def _columns_of_where(where: str, table: Table) -> tuple[str, ...] | None:
    """The columns that a filter reads; None where they are not known, or have no end of values."""
    if not where:
        return ()
    if where.startswith("tag:"):
        return ("tags",)
    found: list[str] = []
    try:
        names = Condition(where).names
    except ValueError:
        return None  # who reads the rows says what is wrong with it
    for name in names:
        if name == "facets":
            named = table.facets if reads_other_facets(where) else facets_of(where)[0]
            found += [f"{FACET}{facet}" for facet in named]
        elif name == "attributes" and attributes_of(where) == {EXPECTED}:
            found.append("expect_action")
        elif countable(name):
            found.append(name)
        else:
            return None
    return tuple(found)


class Cubes:
    """What was counted for some objectives, and the rows where one needs them."""

    def __init__(
        self, table: Table, asked: Sequence[Asked], selection: Selection, now: Instant
    ) -> None:
        """Of `selection` the release counts now, not in the time before."""
        self.table, self.now = table, now
        self.release = selection.release
        self.selection = structs.replace(selection, release="")
        instants = {each.since for each in asked} | {each.before for each in asked if each.before}
        self.bands = sorted({*instants, ago(now, -1e-6)})
        self._asked = asked
        self._rows: list[tuple[Observation, Instant]] | None = None
        self._known: dict[tuple[str, ...], Cube | None] = {}

    def of(self, asked: Asked) -> Cube:
        """Rows by at least the columns of an objective. Raises TooManyKindsError."""
        own = self.columns_with_window(asked)
        everybody = (self.columns_with_window(each) for each in self._asked if each.columns)
        widest = max((wide for wide in everybody if set(own) <= set(wide)), key=len)
        for columns in (widest, own):
            if columns not in self._known:
                self._known[columns] = self._count(columns)
            found = self._known[columns]
            if found is not None:
                return found
        raise TooManyKindsError(f"the rows differ in too many ways by {', '.join(own)}")

    def _count(self, columns: tuple[str, ...]) -> Cube | None:
        try:
            return self.table.cube(columns, self.reaching(columns), bands=self.bands)
        except TooManyKindsError:
            return None

    def rows(self, most: int) -> list[tuple[Observation, Instant]]:
        """The rows themselves, each with when something was learned of it last; read once.

        Raises UsageError where there are more.
        """
        if self._rows is None:
            self._rows = list(self.table.rows(self.selection, most=most))
        return self._rows

    def reaching(self, columns: Sequence[str]) -> Selection:
        """Files that hold something of a window of those who are counted by these columns."""
        told = [
            each.before or each.since
            for each in self._asked
            if each.columns and {*self.columns_with_window(each)} <= {*columns}
        ]
        name = "learned_reaching" if LEARNED_BAND in columns else "reaching"
        return structs.replace(self.selection, **{name: min(told)})

    def columns_with_window(self, asked: Asked) -> tuple[str, ...]:
        """What rows are counted by for an objective, with what says in which window each is.

        One that reads fewer columns than another is told by the other's count: kinds of rows are
        as many as columns have values together, so those of strangers are not counted together.
        """
        window = LEARNED_BAND if asked.late else BAND
        release = ("release",) if self.release else ()
        return tuple(sorted({*asked.columns, window, *release}))

    def in_window(
        self, asked: Asked, *, before: bool = False
    ) -> Callable[[Mapping[str, Any]], bool]:
        """Whether a kind of row counts now, or in the time before."""
        column = LEARNED_BAND if asked.late else BAND
        begin = self.bands.index(asked.before if before else asked.since) + 1
        end = self.bands.index(asked.since) + 1 if before else len(self.bands)
        release = "" if before else self.release

        def counts(kind: Mapping[str, Any]) -> bool:
            of_release = str(kind.get("release", "")).startswith(release)
            return of_release and begin <= int(kind[column]) < end

        return counts


class GroupedError(Exception):
    """Some of the rows belong together: the rows themselves are asked."""


Measured = dict[str, tuple[int, Measurement]]
"""Slice -> its answers, and what they say."""


def sliced(asked: Asked, cubes: Cubes, *, before: bool) -> Measured:
    """What each slice says now, or said before.

    Raises GroupedError, TooManyKindsError, DetectorError when a filter cannot look.
    """
    metric, aggregation = read_name(asked.slo).metric, read_name(asked.slo).aggregation
    slice_in = _slice_in(asked, cubes.in_window(asked, before=before))
    found: Measured = {}
    if metric in VALUES_OF:
        found = _ranked(asked, cubes, slice_in)
    else:
        cube = cubes.of(asked).by(cubes.columns_with_window(asked))
        for part, each in cube.parts(columns_asked(metric) or (), slice_in).items():
            kinds = list(each.counted())
            said = measure_counted(metric, kinds, aggregation=aggregation, confidence=CONFIDENCE)
            found[part] = (each.n, said)
    if not found and not before:
        return _of_nothing(metric, aggregation)
    return dict(sorted(found.items()))


def _of_nothing(metric: str, aggregation: str) -> Measured:
    if metric in VALUES_OF:
        return {"": (0, ranked(metric, (), aggregation=aggregation, confidence=CONFIDENCE))}
    return {"": (0, measure_counted(metric, (), aggregation=aggregation, confidence=CONFIDENCE))}


Kind = Mapping[str, Any]
"""Column -> value, of rows that are alike in them."""


def _slice_in(asked: Asked, counts: Callable[[Kind], bool]) -> Callable[[Kind], str | None]:
    """The slice of a kind of row; None of one that is not asked. Raises GroupedError."""
    slo = asked.slo
    keep = _remembered(selector(slo.where), asked.filtered)
    name = _remembered(lambda row: slice_of(row, slo.by), asked.sliced)

    def slice_in(kind: Kind) -> str | None:
        if not counts(kind) or (slo.where and not keep(kind)):
            return None
        if not kind[ALONE]:
            raise GroupedError
        return name(kind) if slo.by else ""

    return slice_in


Answer = TypeVar("Answer")


def _remembered(
    question: Callable[[Observation], Answer], columns: Sequence[str]
) -> Callable[[Kind], Answer]:
    """A question that reads these columns alone, asked once of each of their values."""
    known: dict[tuple[Any, ...], Answer] = {}

    def asked(kind: Kind) -> Answer:
        key = tuple([kind[column] for column in columns])
        if key not in known:
            known[key] = question(glimpse(dict(zip(columns, key, strict=True))))
        return known[key]

    return asked


def _ranked(asked: Asked, cubes: Cubes, slice_in: Callable[[Kind], str | None]) -> Measured:
    asks = read_name(asked.slo)
    has_rank = _remembered(is_ranked, RANKED_BY)

    def part(kind: Kind) -> tuple[str, bool] | None:
        name = slice_in(kind)
        return None if name is None else (name, has_rank(kind))

    def asking(ordered: Sequence[float]) -> Measurement:
        return ranked(asks.metric, ordered, aggregation=asks.aggregation, confidence=CONFIDENCE)

    found = ranked_values(
        cubes.table,
        VALUES_OF[asks.metric],
        cubes.columns_with_window(asked),
        cubes.reaching(cubes.columns_with_window(asked)),
        part=part,
        asks=asking,
        bands=cubes.bands,
    )
    return {name: (n, asking(ordered)) for name, (n, ordered) in found.items()}


class TableRows(LiveRows):
    """Rows of the table, one by one, asked as the control process asks those in its memory."""

    def __init__(self, cubes: Cubes) -> None:
        super().__init__()
        self._all = cubes.rows(MOST_ROWS)
        self._now = cubes.now

    def window(
        self, system: str, *, release: str, since: Instant, until: Instant = "", late: bool
    ) -> Iterator[Observation]:
        """As `LiveRows.window`."""
        for seen, learned in self._all:
            at = learned if late else seen.time
            within = bool(at) and since <= at <= self._now and (not until or at < until)
            if within and system == seen.system and release in ("", seen.release):
                yield seen


def ago(at: Instant, seconds: float) -> Instant:
    """An instant so long before."""
    return format_instant(parse_instant(at) - dt.timedelta(seconds=seconds))
