"""Rows counted in the table say the same as rows asked one by one: value, bounds, n, reason."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.drawn_observations import ROWS
from roadworthy.domain import ALIASES, INDICATORS, Measurement, Observation
from roadworthy.monitoring import (
    by_facets,
    columns_asked,
    columns_of_facet,
    is_ranked,
    measure,
    measure_counted,
    ranked,
    slice_of,
)
from roadworthy.monitoring.counted import LOOKS_AT, RANKED_BY, VALUES_OF
from roadworthy.table import LEVEL, Selection, Table, ranked_values, row_of
from roadworthy.table.columns import glimpse

pytest.importorskip("duckdb", reason="needs duckdb: make setup")


def same(one: Measurement, other: Measurement) -> None:
    """All of both, numbers to the last bits of their sums."""
    for name in one.__struct_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, float) and isinstance(theirs, float):
            assert math.isclose(mine, theirs, rel_tol=1e-12, abs_tol=1e-13), (one.name, name)
        else:
            assert mine == theirs, (one.name, name)


@given(st.lists(ROWS, max_size=60))
@settings(deadline=None, max_examples=20)
def test_counted_rows_say_what_rows_say(rows: list[Observation]) -> None:
    facets = ("language", "tenant")
    with Table([], fresh=[row_of(row) for row in rows]) as table:
        for name in LOOKS_AT:
            asked = columns_asked(name)
            assert asked is not None
            by = [column for facet in facets for column in columns_of_facet(facet)]
            cube = table.cube((*asked, *by), Selection())
            same(measure(name, rows), measure_counted(name, list(cube.counted())))
            if name == "decision_ece":
                high = measure(name, rows, aggregation="p95")
                same(high, measure_counted(name, list(cube.counted()), aggregation="p95"))
            parts = by_facets(rows, facets)
            kinds: dict[str, list[Any]] = {}
            for kind in cube.counted():
                kinds.setdefault(slice_of(kind.row, facets), []).append(kind)
            assert kinds.keys() == parts.keys()
            for part, own in parts.items():
                same(measure(name, own), measure_counted(name, kinds[part]))


@given(st.lists(ROWS, max_size=150), st.sampled_from(("", "p95", "p50", "max", "min")))
@settings(deadline=None, max_examples=20)
def test_ranks_out_of_the_table_are_those_of_the_rows(rows: list[Observation], how: str) -> None:
    columns = (*RANKED_BY, "tenant", "facets.tenant")

    def part(kind: Any) -> tuple[str, bool]:
        row = glimpse(kind)
        return slice_of(row, ["tenant"]), is_ranked(row)

    def asks(ordered: Any) -> Measurement:
        return ranked("latency", ordered, aggregation=how)

    with Table([], fresh=[row_of(row) for row in rows]) as table:
        found = ranked_values(table, "latency_ms", columns, Selection(), part=part, asks=asks)
    wanted = {
        name: measure("latency", own, aggregation=how)
        for name, own in by_facets(rows, ["tenant"]).items()
    }
    assert found.keys() == wanted.keys()
    for name, (n, values) in found.items():
        assert asks(values) == wanted[name]
        assert n == len(by_facets(rows, ["tenant"])[name])


class Watched:
    """An observation that tells which of its fields were read."""

    def __init__(self, row: Any, seen: set[str], inside: str = "") -> None:
        self._row, self._seen, self._inside = row, seen, inside

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._row, name)
        if name == "shift" and value is not None:
            return Watched(value, self._seen, "shift.")
        if name == "attributes":
            self._seen.add("expect_action")
        elif name not in ("shift", "confidence"):
            self._seen.add(f"{self._inside}{name}")
        elif name == "confidence":
            self._seen.add(LEVEL)
        return value


@given(st.lists(ROWS, min_size=1, max_size=8))
@settings(deadline=None)
def test_no_question_reads_a_column_that_rows_are_not_counted_by(rows: list[Observation]) -> None:
    from roadworthy.monitoring.indicators import counted, price
    from roadworthy.monitoring.pace import given_again
    from roadworthy.monitoring.rates import RATES

    for name, columns in LOOKS_AT.items():
        question = price if name == "cost_per_request" else counted(name) or RATES.get(name)
        question = given_again if name == "cache_hit_rate" else question
        seen: set[str] = set()
        if question is not None:
            for row in rows:
                question(Watched(row, seen))  # type: ignore[arg-type]
        assert seen <= {*columns, "shift.reference"}, name


def test_what_can_be_counted_is_an_indicator_that_is_measured() -> None:
    for name in (*LOOKS_AT, *VALUES_OF):
        assert INDICATORS[name].measured and name not in ALIASES
