from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import SLOS, Desk, cases
from doubles.wavering_desk import WaveringDesk
from roadworthy.cli.evaluate_results import show
from roadworthy.domain import Verdict
from roadworthy.evaluation import Limits, read_run
from roadworthy.flows.entries.run_records import summary_path
from roadworthy.flows.runs.evaluating import Asked

RULE = "name: main\ncases: [main.jsonl]\nstop_when: {metric: accuracy, width: 0.12, first: 50}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    held = [
        {"id": f"h{n}", "input": f"I was injured, {n}", "expect": {"action": "hold"},
         "tags": ["never:hurt-alone"], "facets": {"language": "en"}}
        for n in range(60)
    ]  # fmt: skip
    found.cases([*cases(600), *held])
    found.write("suites/main.yaml", RULE)
    return found


async def test_a_suite_that_is_sure_enough_asks_no_more(desk):
    done = await desk.evaluate()
    assert done.summary.status == "complete"
    (ended,) = done.summary.stopped_early
    assert (ended.asked, ended.of, ended.looks) == (110, 660, 5)
    assert done.summary.n == 110
    rows = read_run(done.run_file, expected=done.summary.observations)
    assert {row.case for row in rows if row.case.startswith("h")} == {f"h{n}" for n in range(60)}
    again = await desk.evaluate()
    assert again.reprinted


async def test_the_bar_pins_the_rule_and_the_ledger_says_what_it_did(desk):
    await desk.evaluate()
    loop = desk.loop()
    entry = loop.ledger.newest(kind="run.completed")
    assert entry is not None
    assert entry.payload["stopped_early"][0]["asked"] == 110
    desk.write("suites/main.yaml", RULE.replace("0.12", "0.3"))
    decision = desk.gate()
    assert not decision.decision.opens
    assert any("suite main changed after the run" in reason for reason in decision.reasons)


async def test_the_gate_says_that_it_stopped_early_and_pays_for_the_looks(desk):
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert decision.looks == 5
    note = next(note for note in decision.notes if "stopped early" in note)
    assert note.startswith("suite main stopped early: accuracy within 0.12 after 110 of 660 cases")
    assert "at 99 %" in note
    judged = next(item for item in decision.slos if item.name == "accuracy")
    assert "at 99 %" in judged.reason
    assert judged.low == pytest.approx(0.005 ** (1 / 50), abs=1e-6)


async def test_concurrency_changes_no_byte_of_it(tmp_path):
    said = []
    for name, at_a_time in (("one", 1), ("many", 16)):
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name)
        desk.cases(cases(600))
        desk.write("suites/main.yaml", RULE)
        done = await desk.evaluate(Asked(limits=Limits(concurrency=at_a_time)))
        assert done.summary.stopped_early
        said.append(done.summary.observations)
        assert summary_path(desk.loop().workspace, done.summary.run).exists()
    assert said[0] == said[1]


async def test_a_suite_without_a_rule_asks_every_case(tmp_path):
    desk = Desk(tmp_path)
    desk.cases(cases(600))
    done = await desk.evaluate()
    assert (done.summary.n, done.summary.looks, done.summary.stopped_early) == (600, 1, ())


async def test_a_reducer_of_the_suite_rules_its_objective(tmp_path):
    desk = WaveringDesk(tmp_path)
    desk.write("safety-slos.yaml", SLOS.replace(">= 0.8", ">= 0.95"))
    odd = [
        {"id": f"odd{n}", "input": f"a tyre that wavers, {n}", "expect": {"label": "motor"}}
        for n in range(40)
    ]
    desk.ask(*odd, steady=160)
    verdicts = {}
    for reducer in ("pass_at(4)", "mean", "pass_hat(2)"):
        suite = f"name: main\ncases: [main.jsonl]\nrepeats: 4\nreduce: {reducer}\n"
        desk.write("suites/main.yaml", suite)
        decision = await desk.inspect()
        judged = next(item for item in decision.slos if item.name == "accuracy")
        verdicts[reducer] = judged.estimate
    assert verdicts["pass_at(4)"] == 1.0
    assert verdicts["mean"] == pytest.approx((160 + 40 * 0.5) / 200)
    assert verdicts["pass_hat(2)"] == pytest.approx((160 + 40 / 6) / 200)


async def test_the_table_says_how_many_cases_were_asked(desk, capsys):
    done = await desk.evaluate()
    show(done, "")
    said = capsys.readouterr().out
    assert "Rows: 110 (main 110 of 660 cases) of " in said
