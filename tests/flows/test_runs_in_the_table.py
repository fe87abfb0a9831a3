"""Evaluation runs in the one table: as the ledger recorded them, measured case by case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import structs

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Draft, Observation, VerificationError, format_instant
from roadworthy.flows.entries.run_records import newest_run, rows_of
from roadworthy.flows.table.indicators import indicators_of
from roadworthy.flows.table.observing import open_table, refresh
from roadworthy.monitoring import by_facets, measure
from roadworthy.table import Selection

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

RUNS = Selection(stages=("eval",))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk")
    desk.deliberate()
    return desk


def recorded(desk: Desk) -> list[Observation]:
    loop = desk.loop()
    return rows_of(loop, newest_run(loop, desk.digest()))


async def test_a_run_is_in_the_table_once_and_without_its_texts(desk: Desk) -> None:
    await desk.evaluate()
    assert refresh(desk.loop()).runs == 1
    assert refresh(desk.loop()).runs == 0
    bare = {
        row.id: structs.replace(row, output="", raw_output="", quoted="")
        for row in recorded(desk)
    }  # fmt: skip
    with open_table(desk.loop()) as table:
        found = {row.id: row for row, _ in table.rows(RUNS, most=10_000)}
        assert table.cube((), Selection(stages=("live", "canary"))).n == 0, "a run is no traffic"
    assert found == bare and len(bare) > 50


async def test_a_run_is_measured_case_by_case_as_the_gate_measures_it(desk: Desk) -> None:
    await desk.evaluate()
    refresh(desk.loop())
    rows = recorded(desk)
    now = format_instant(desk.loop().clock.now())
    names = ["accuracy", "coverage", "never_event_violations", "latency", "f1"]
    with open_table(desk.loop()) as table:
        for by in ([], ["label"]):
            shown = list(indicators_of(table, RUNS, now=now, names=names, by=by))
            parts = by_facets(rows, by) if by else {"": rows}
            assert {(each.found.name, each.part) for each in shown} == {
                (name, part) for name in names for part in parts
            }
            for each in shown:
                assert each.found == measure(each.found.name, parts[each.part])


async def test_runs_that_were_not_completed_are_counted_and_said(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = await desk.evaluate()
    loop = desk.loop()
    for run_id in ("other-run", "other-run", done.summary.run):  # of that one it was so before
        loop.ledger.record(
            Draft(system="desk", kind="run.completed", subject=desk.digest(), actor=loop.machine,
                  payload={"run": run_id, "status": "partial"})
        )  # fmt: skip
    assert (refresh(loop).unfinished, refresh(loop).unfinished) == (1, 1)
    words = ["observations", str(desk.root), "--indicator", "accuracy"]
    assert run(VERBS, [*words, "--stage", "eval"]) == 0
    assert "1 run was not completed, and left out whole" in capsys.readouterr().out
    assert run(VERBS, words) == 0
    assert "not completed" not in capsys.readouterr().out, "a run is no traffic"
    out = ["observations", str(desk.root), "--stage", "eval", "--out", str(tmp_path / "r.parquet")]
    assert run(VERBS, [*out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unfinished"] == 1


async def test_a_run_that_is_not_as_recorded_stops_the_table(desk: Desk) -> None:
    done = await desk.evaluate()
    data = done.run_file.read_bytes()
    done.run_file.write_bytes(data.replace(b'"motor"', b'"moton"', 1))
    with pytest.raises(VerificationError, match=done.run_file.name):
        refresh(desk.loop())


async def test_the_command_asks_runs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.evaluate()
    words = ["observations", str(desk.root), "--stage", "eval", "--indicator", "accuracy"]
    assert run(VERBS, words) == 0
    assert "accuracy" in capsys.readouterr().out
    assert run(VERBS, [*words, "--where", "nonsense ("]) == 1
    assert "does not compile" in capsys.readouterr().err
