"""One run gathered for a reader: what the gate said of it, what it is paired with, its texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import UndecidedError, UsageError, Verdict, VerificationError
from roadworthy.flows.gate.inspection import ALONE, CHANGED, inspect
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.manifests import load_system

WORSE = """\
labels:
  motor: {words: {car: 3, tyre: 3, roof: 9}}
  home: {words: {kitchen: 3}}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


def looked(desk: Desk, **options):
    return inspect(load_system(desk.root), desk.loop(), **options)


async def test_a_run_that_the_gate_judged_shows_its_decision(desk: Desk) -> None:
    decision = await desk.inspect()
    with looked(desk) as found:
        assert found.run.run == decision.run
        assert found.judged.decision is not None
        assert found.judged.decision.decision is Verdict.PASS
        assert [each.name for each in found.judged.assessments] == [s.name for s in decision.slos]
        assert found.judged.assessments[0].estimate == decision.slos[0].estimate
        entry = desk.loop().ledger.entry(found.judged.entry)
        assert (entry.kind, entry.payload["run"]) == ("gate.decided", decision.run)
        assert len(found.rows) == 80
        case, absent = found.texts.of("main", "c0")
        assert (case.input if case else "", absent) == ("my car has a flat tyre, number 0", "")


async def test_a_run_that_nobody_judged_has_no_verdict(desk: Desk) -> None:
    await desk.evaluate()
    before = desk.loop().ledger.size()
    with looked(desk) as found:
        assert found.judged.decision is None
        assert [each.name for each in found.judged.assessments] == [
            "accuracy",
            "never_event_violations",
            "never_events",
        ]
        assert ALONE in found.judged.notes
    assert desk.loop().ledger.size() == before, "a reader records nothing"


async def test_a_decision_on_another_run_is_not_this_runs(desk: Desk) -> None:
    decision = await desk.inspect()
    await desk.evaluate(Asked(fresh=True))
    with looked(desk) as newest:
        assert newest.run.run != decision.run
        assert newest.judged.decision is None
    with looked(desk, run=decision.run) as older:
        assert older.judged.decision is not None


async def test_another_candidate_is_paired_case_by_case(desk: Desk) -> None:
    await desk.evaluate()
    desk.write("other.yaml", (desk.root / "candidate.yaml").read_text().replace("rules", "other"))
    desk.write("other.yaml", (desk.root / "other.yaml").read_text().replace("other.yaml", "o.yaml"))
    desk.write("o.yaml", WORSE)
    await desk.evaluate(candidate="other.yaml")
    with looked(desk, against="candidate.yaml") as found:
        assert found.against is not None
        first = found.against.differences[0]
        assert (first.n, len(first.broken), len(first.fixed)) == (80, 40, 0)
        assert first.interval.high < 0
    with looked(desk, run=found.against.run.run, against=found.run.run) as back:
        assert back.against is not None
        assert len(back.against.differences[0].fixed) == 40


async def test_a_case_that_changed_between_two_runs_is_not_compared(desk: Desk) -> None:
    first = await desk.evaluate()
    items = cases()
    items[3]["input"] = "another roof altogether"
    desk.cases(items)
    await desk.evaluate()
    with looked(desk, against=first.summary.run) as found:
        assert found.against is not None
        assert found.against.changed == {("main", "c3")}
        assert found.against.differences[0].n == 79
    with looked(desk, run=first.summary.run) as older:
        assert older.texts.of("main", "c3") == (None, CHANGED)
        assert older.texts.of("main", "c4")[0] is not None


async def test_what_does_not_exist_is_named(desk: Desk) -> None:
    with pytest.raises(UndecidedError, match="no run to report on"), looked(desk):
        pass
    done = await desk.evaluate()
    run = done.summary.run
    with pytest.raises(UsageError, match="no run 'run-0'"), looked(desk, run="run-0"):
        pass
    with pytest.raises(UsageError, match="with itself"), looked(desk, against=run):
        pass
    with pytest.raises(UsageError, match="itself"), looked(desk, against="candidate.yaml"):
        pass


async def test_a_changed_row_closes_the_report(desk: Desk) -> None:
    done = await desk.evaluate()
    path = done.run_file
    path.write_bytes(path.read_bytes().replace(b'"decision":"motor"', b'"decision":"house"', 1))
    with pytest.raises(VerificationError, match="not hold the rows"), looked(desk):
        pass


async def test_a_changed_ledger_closes_the_report(desk: Desk) -> None:
    import sqlite3

    await desk.evaluate()
    database = desk.root / ".roadworthy" / "ledger.db"
    with sqlite3.connect(database) as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master")]
        assert "entries" in tables
        store.execute("drop trigger if exists entries_no_update")
        for (trigger,) in list(
            store.execute("select name from sqlite_master where type = 'trigger'")
        ):
            store.execute(f"drop trigger {trigger}")
        store.execute("update entries set actor = 'machine:other' where seq = 1")
    with pytest.raises((VerificationError, UndecidedError)), looked(desk):
        pass
