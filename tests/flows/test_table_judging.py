"""The road's objectives over the table: as the control process judges the same answers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.judged_answers import NOW, OBJECTIVES, SINCE, alike, answers, slo, told
from roadworthy.domain import (
    UPHELD,
    Drawn,
    EvidenceError,
    Observation,
    Outcome,
    ReviewSample,
    UsageError,
    Verdict,
)
from roadworthy.flows.late.online_scoring import Samples
from roadworthy.flows.objectives.live_judging import Looking, judge_live
from roadworthy.flows.objectives.live_rows import LiveRows
from roadworthy.flows.table.indicators import indicators_of
from roadworthy.flows.table.judging import judge_table
from roadworthy.flows.table.store import Stored, row_with
from roadworthy.journal import Record
from roadworthy.monitoring import selector
from roadworthy.table import (
    Part,
    Selection,
    Table,
    facts_of,
    row_of,
    table_of,
    write_table,
)

pytest.importorskip("duckdb", reason="needs duckdb: make setup")


def in_memory(given: Sequence[tuple[Observation, list[Outcome]]]) -> LiveRows:
    rows = LiveRows()
    for seen, said in given:
        rows.take(Record(kind="close", at=seen.time, observation=seen))
        for each in said:
            rows.take(Record(kind="outcome", at=each.time, about=seen.id, outcome=each))
    return rows


def in_table(given: Sequence[tuple[Observation, list[Outcome]]]) -> Table:
    return Table([], fresh=[row_with(Stored(seen=seen, said=tuple(said))) for seen, said in given])


@pytest.mark.parametrize("release", ["sha256:aa", ""])
@pytest.mark.parametrize("n", [0, 1, 40, 1500])
def test_the_table_says_what_the_control_process_says(n: int, release: str) -> None:
    given = answers(n, seed=n)
    looking = Looking(system="desk", release=release, live_since=SINCE, now=NOW)
    live = [told(each) for each in judge_live(OBJECTIVES, in_memory(given), looking)]
    with in_table(given) as table:
        asked = [told(each) for each in judge_table(OBJECTIVES, table, looking)]
    assert [(one["name"], one["part"]) for one in live] == [
        (one["name"], one["part"]) for one in asked
    ]
    for one, other in zip(live, asked, strict=True):
        alike(one, other)


def test_a_filter_that_cannot_look_is_an_error_and_drops_no_row() -> None:
    broken = [
        slo("error_rate", "<= 0.1", where="facets.colour == 'red'"),
        slo("availability", ">= 0.9", where="nonsense ("),
        slo("accuracy", ">= 0.1", where="label"),
    ]
    given = answers(30, seed=3)
    looking = Looking(system="desk", release="", live_since=SINCE, now=NOW)
    with in_table(given) as table:
        found = list(judge_table(broken, table, looking))
    assert [each.found.verdict for each in found] == [Verdict.ERROR] * 3
    assert all(each.found.reason for each in found)


def test_a_facet_that_no_answer_has_is_refused_with_those_that_there_are() -> None:
    looking = Looking(system="desk", release="", live_since=SINCE, now=NOW)
    with in_table(answers(30, seed=3)) as table, pytest.raises(UsageError) as error:
        list(judge_table(OBJECTIVES, table, looking, by=["colour"]))
    assert "language, supplier" in error.value.fix


def test_over_all_the_time_every_objective_is_in_the_slices_asked_for() -> None:
    given = answers(400, seed=11)
    looking = Looking(system="desk", release="", live_since=SINCE, now=NOW)
    whole = [slo(each.metric or each.name.partition("_7d")[0], each.target, by=["tenant"],
                 metric=each.metric, where=each.where)
             for each in OBJECTIVES if each.metric in ("accuracy", "ood_rate")]  # fmt: skip
    live = list(judge_live(whole, in_memory(given), looking))
    asked = [each for each in OBJECTIVES if each.metric in ("accuracy", "ood_rate")]
    with in_table(given) as table:
        found = list(judge_table(asked, table, looking, by=["tenant"], whole=True))
    assert [(one.part, one.found.n, one.found.estimate) for one in live] == [
        (one.part, one.found.n, one.found.estimate) for one in found
    ]
    assert {each.slo.name for each in found} == {each.name for each in asked}


def test_a_facet_with_a_value_for_each_request_is_no_slice() -> None:
    given = [
        (structs.replace(seen, system="desk", stage="live", facets={"request": seen.id}), said)
        for seen, said in answers(260, seed=5)
    ]
    looking = Looking(system="desk", release="", live_since=SINCE, now=NOW)
    objective = [slo("error_rate", "<= 0.5", by=["request"])]
    live = list(judge_live(objective, in_memory(given), looking))
    with in_table(given) as table:
        found = list(judge_table(objective, table, looking))
    assert len(found) == len(live) == 201 and found[0].found.reason == live[0].found.reason
    assert found[0].found.verdict is Verdict.ERROR


def drawn(place: int, release: str, **found: Any) -> Observation:
    """An answer of a release; without more nothing says how it stands in a sample."""
    return Observation(
        id=f"{place:032x}", time="2026-11-22T11:30:00.000000Z", system="desk", release=release,
        stage="live", **found,
    )  # fmt: skip


def test_a_sample_is_weighed_over_the_table_by_the_shares_of_the_release_that_drew() -> None:
    shares = {"sha256:aa": 1.0, "sha256:bb": 0.01}

    def samples(_: str, release: str) -> Samples:
        return Samples(scores={}, review=ReviewSample(share=shares[release], per_day=9))

    def said(place: int, release: str, value: float) -> Observation:
        one = Drawn(score=UPHELD, share=shares[release], taken=True)
        return drawn(place, release, drawn=(one,), scores={UPHELD: value})

    seen = [said(place, "sha256:aa", 1.0) for place in range(10)]
    seen += [said(10 + place, "sha256:bb", 0.0) for place in range(2)]
    seen += [drawn(20 + place, "sha256:bb") for place in range(198)]
    asked = slo("upheld_rate", ">= 0.5", metric="upheld_rate", min_samples=1)
    over_all = Looking(system="desk", release="", live_since=SINCE, now=NOW, samples=samples)
    with Table([], fresh=[row_with(Stored(seen=one)) for one in seen]) as table:
        (found,) = judge_table([asked], table, over_all, whole=True)
    assert found.found.estimate == pytest.approx(10 / 210), "200 answers stand behind the two"
    assert found.found.high is not None and found.found.high > 0.5, "two prove little"


@pytest.mark.parametrize(
    "where",
    [
        "attributes.expect_action == 'held'",
        "attributes.expect_action == 'held' && size(attributes) == 2",
        "'note' in attributes && attributes.expect_action == 'held'",
        "'note' in attributes && attributes['note'] == 'x' && attributes.expect_action != ''",
        "facets.size() == 2",
        "size(facets) == 2 && facets.a == '1'",
        "facets.a == '2' || ('b' in facets && facets['b' + ''] == '2')",
        "facets.a == '9' || facets.exists(name, name == 'b')",
        "has(facets.b) && facets [ 'b' ] == '2'",
    ],
)
def test_a_filter_reads_all_that_it_asks_for_however_it_is_written(where: str) -> None:
    rows = [
        drawn(1, "sha256:aa", facets={"a": "1", "b": "2"},
              attributes={"expect_action": "held", "note": "x"}),
        drawn(2, "sha256:aa", facets={"a": "2"}, attributes={"expect_action": "held"}),
        drawn(3, "sha256:aa", facets={"a": "3", "b": "3"}, attributes={"expect_action": "held"}),
    ]  # fmt: skip
    keep = selector(where)
    with Table([], fresh=[row_of(row) for row in rows]) as table:
        (shown,) = indicators_of(table, Selection(), now=NOW, names=["error_rate"], where=where)
    assert shown.answers == len([row for row in rows if keep(row)]) > 0


def test_facets_that_differ_in_their_case_alone_are_told_apart(tmp_path: Path) -> None:
    """The query engine takes their columns for one; the rows know better."""
    said = [{"Region": "eu"}, {"region": "us"}, {"region": "us"}, {"region": "lo", "Region": "UP"}]
    rows = [
        row_of(drawn(place, "sha256:aa", facets=facets)) for place, facets in enumerate(said)
    ]  # fmt: skip
    paths = [tmp_path / f"{place}.parquet" for place in range(4)]
    for path, row in zip(paths, rows, strict=True):
        write_table(path, table_of([row]))
    ways = [
        partial(Table, [], fresh=rows),
        partial(
            Table,
            [
                Part(path=path, facts=facts_of(table_of([row])))
                for path, row in zip(paths, rows, strict=True)
            ],
        ),
        partial(Table, [Part(path=paths[0])], fresh=rows[1:]),
    ]
    for opened in ways:
        with opened() as table:
            asking = partial(indicators_of, table, Selection(), now=NOW, names=["error_rate"])
            by_small, by_large = asking(by=["region"]), asking(by=["Region"])
            assert {each.part: each.answers for each in by_small} == {
                "region=": 1, "region=us": 2, "region=lo": 1,
            }  # fmt: skip
            assert {each.part: each.answers for each in by_large} == {
                "Region=": 2, "Region=eu": 1, "Region=UP": 1,
            }  # fmt: skip
            (shown,) = asking(where="has(facets.region) && facets.region == 'lo'")
            assert shown.answers == 1
            with pytest.raises(EvidenceError, match="differ in their case alone"):
                table.cube(("facets.region",), Selection())
            with pytest.raises(EvidenceError, match="Region, region"):
                table.write(io.BytesIO(), Selection())
