"""What was counted when rows were written says the same as the rows: every kind, sum and window."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from doubles.drawn_observations import ROWS
from roadworthy.domain import Observation, parse_instant
from roadworthy.flows.table.families import families_of_indicators
from roadworthy.monitoring import LOOKS_AT, RANKED_BY, VALUES_OF, columns_of_facet
from roadworthy.table import (
    ALONE,
    BAND,
    FACET,
    FIRST_LOOK,
    LEARNED_AT,
    LEARNED_BAND,
    Counts,
    Part,
    Row,
    Selection,
    Table,
    bin_of,
    counted_by,
    facts_of,
    kinds_of,
    row_of,
    table_of,
    write_counts,
    write_table,
)

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

HOURS = [f"2026-11-21T{hour}:00:00.000000Z" for hour in (19, 20, 21, 22)]
LATER = st.one_of(st.none(), st.sampled_from(HOURS))
HOUR = st.tuples(st.sampled_from(HOURS), st.lists(st.tuples(ROWS, LATER), min_size=1, max_size=25))
SELECTIONS = st.sampled_from(
    (
        Selection(),
        Selection(systems=("desk",), stages=("live",), release="sha256:a"),
        Selection(tenant="acme"),
        Selection(since=HOURS[1]),
        Selection(since="2026-11-21T19:30:00.000000Z", until=HOURS[3]),
        Selection(systems=("none",)),
    )
)
BANDS = st.lists(st.sampled_from((*HOURS, "2026-11-21T19:30:00.000000Z")), unique=True, max_size=3)


def written(at: str, rows: Sequence[tuple[Observation, str | None]]) -> list[Row]:
    """Rows of an hour, with when something was learned of each."""
    return [
        row_of(structs.replace(seen, time=at))
        | {LEARNED_AT: parse_instant(learned) if learned else None}
        for seen, learned in rows
    ]


def counted(
    folder: Path, hours: Sequence[Sequence[Row]], *, rows_a_kind: int = 1
) -> tuple[list[Part], list[Part]]:
    """The same parts: of which rows are read, and whose rows are not there to be read."""
    plain, known, old = [], [], folder / "0.counts.parquet"
    for number, rows in enumerate(hours, 1):
        table, path = table_of(rows), folder / f"{number}.parquet"
        write_table(path, table)
        kinds = kinds_of(table, families_of_indicators(), rows_a_kind=rows_a_kind)
        counts = folder / f"{number}.counts.parquet"
        keep = [*range(1, number)]
        write_counts(counts, {number: kinds}, old=old if keep else None, keep=keep)
        old = counts
        plain.append(Part(path=path))
        known.append((number, table, kinds))
    return plain, [
        Part(
            path=folder / f"gone-{number}.parquet",
            facts=facts_of(table),
            counts=Counts(
                path=old,
                number=number,
                families={each.family: each.columns for each in kinds},
                facets=[name for name in table.column_names if name.startswith(FACET)],
            ),
        )
        for number, table, kinds in known
    ]


def questions(by: Sequence[str]) -> list[tuple[str, ...]]:
    slices = [column for facet in by for column in columns_of_facet(facet)]
    found = [(*columns, *slices, ALONE) for columns in LOOKS_AT.values()]
    for column in VALUES_OF.values():
        found += [(*RANKED_BY, *slices, bin_of(column, bits)) for bits in (0, FIRST_LOOK)]
    return found


@given(st.lists(HOUR, min_size=1, max_size=3), SELECTIONS, BANDS, st.booleans())
@settings(deadline=None, max_examples=10)
def test_kept_counts_say_what_rows_say(
    hours: list[Any], selection: Selection, bands: list[str], late: bool
) -> None:
    bands = sorted(bands)
    with tempfile.TemporaryDirectory() as folder:
        plain, known = counted(Path(folder), [written(at, rows) for at, rows in hours])
        columns = {tuple(table_of(written(*hour)).column_names) for hour in hours}
        fresh = written(*hours[0])[:2]
        with (
            Table(plain, fresh=fresh) as rows,
            Table(known, fresh=fresh, columns=columns) as counts,
        ):
            for asked in questions(("language", "tenant", "supplier")):
                told = "label" in asked and late
                wanted = (*asked, LEARNED_BAND if told else BAND)
                if told and any(
                    part.facts and part.facts.learned_band(bands) is None for part in known
                ):
                    continue  # an instant within: the rows say which
                mine = counts.cube(wanted, selection, bands=bands)
                assert mine == rows.cube(wanted, selection, bands=bands), wanted
            assert counts.cube((), selection).n == rows.cube((), selection).n


def test_a_question_that_counts_do_not_tell_reads_the_rows(tmp_path: Path) -> None:
    seen = [Observation(
        id=f"{place}", time=HOURS[place % 2], system="desk", release="sha256:aa", stage="live",
        latency_ms=float(place), facets={"request": f"{place}", "language": "de"},
    ) for place in range(100)]  # fmt: skip
    plain, known = counted(tmp_path, [map_rows(seen)], rows_a_kind=4)
    here = [structs.replace(known[0], path=plain[0].path)]
    every = {column for each in here[0].counts.families.values() for column in each}  # type: ignore[union-attr]
    assert "facets.language" in every and "facets.request" not in every
    asked: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("status", "facets.request"), {}),
        (("status", "finish_reason"), {}),
        (("status", BAND), {"bands": [HOURS[1]]}),
        ((*RANKED_BY, bin_of("latency_ms", FIRST_LOOK), "latency_ms"), {}),
        ((bin_of("latency_ms", 12),), {"only": (bin_of("latency_ms", 2), [8])}),
    ]
    with Table(plain) as rows, Table(here) as counts:
        for columns, more in asked:
            mine = counts.cube(columns, Selection(), **more)
            assert mine == rows.cube(columns, Selection(), **more) and mine.n
        late = Selection(since=HOURS[1])
        assert counts.cube(("status",), late) == rows.cube(("status",), late)


def test_rows_that_count_no_more_are_not_in_the_counts(tmp_path: Path) -> None:
    seen = [Observation(
        id=f"{place}", time=HOURS[0], system="desk", release="sha256:aa", stage="live",
    ) for place in range(50)]  # fmt: skip
    plain, known = counted(tmp_path, [map_rows(seen[:25]), map_rows(seen[25:])])
    parts = [
        structs.replace(known[0], path=plain[0].path),
        structs.replace(known[1], stale=False),
    ]
    now = map_rows([structs.replace(seen[0], status="error")])
    columns = {tuple(table_of(now).column_names)}
    with Table(parts, fresh=now, replaced=["0"], columns=columns) as table:
        cube = table.cube(("status",), Selection())
    assert cube.counts == {("ok",): (49, 0, 0), ("error",): (1, 0, 0)}


def map_rows(seen: Sequence[Observation]) -> list[Row]:
    return [row_of(each) for each in seen]


def test_other_columns_and_finer_bins_are_told_apart_by_what_rows_were_counted_by() -> None:
    told = [
        counted_by(families)
        for families in (
            [("status",)],
            [("status", "stage")],
            [("status",), ("stage",)],
            [("status", bin_of("latency_ms", 2))],
            [("status", bin_of("latency_ms", 4))],
        )
    ]
    assert len(set(told)) == len(told)
