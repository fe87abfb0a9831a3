"""Another run of the same candidate on the same cases is no way to pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import SLOS, Desk, cases
from doubles.leaky_desk import LeakyDesk
from roadworthy.domain import (
    NeverEvent,
    NeverRecord,
    Observation,
    PatternRule,
    RailVerdict,
    Rule,
    SafetySLO,
    Verdict,
)
from roadworthy.flows.entries.trials import Other
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.judging import Evidence, judge
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.policy import to_markdown

VIOLATION = NeverRecord(event="e", kind="violation", found_by="label")
EVENT = NeverEvent(id="e", statement="It says e.", rule=Rule(pattern=PatternRule(patterns=["e"])))
LOOKED = RailVerdict(rail="never:e", side="output", outcome="passed", never_event="e")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def run(right: int, n: int = 80, *, left: int = 0) -> list[Observation]:
    """Rows of which so many are right and in so many a never event left."""
    return [
        Observation(
            id=f"o{case}", time="t", system="s", release="r", stage="eval", suite="s",
            case=f"c{case}", label="a", decision="a" if case < right else "b",
            never=(VIOLATION,) if case < left else (), rails=(LOOKED,),
        )
        for case in range(n)
    ]  # fmt: skip


def verdict(
    slo: SafetySLO, newest: list[Observation], *others: list[Observation] | None
) -> Verdict:
    evidence = Evidence(
        rows=newest,
        baseline=Baseline(absent="none"),
        never=[EVENT],
        runs=1 + len(others),
        others=[Other(run=f"run-{index}", rows=rows) for index, rows in enumerate(others)],
    )
    (judged, _), _ = judge([slo], evidence)
    return judged.verdict


PROVEN = SafetySLO(name="accuracy", target=">= 0.8")
POINT = SafetySLO(name="accuracy", target=">= 0.8", evidence="point")
ZERO = SafetySLO(name="never_event_violations", target="== 0")


def test_a_proof_must_be_surer_the_more_runs_there_were() -> None:
    assert verdict(PROVEN, run(72)) is Verdict.PASS
    assert verdict(PROVEN, run(72), run(60), run(60)) is Verdict.INCONCLUSIVE
    assert verdict(PROVEN, run(80), run(60), run(60)) is Verdict.PASS


def test_a_point_estimate_must_meet_its_target_in_every_run() -> None:
    assert verdict(POINT, run(66), run(65)) is Verdict.PASS
    assert verdict(POINT, run(66), run(60)) is Verdict.INCONCLUSIVE
    assert verdict(POINT, run(60), run(66)) is Verdict.FAIL


def test_a_violation_stands_whichever_run_saw_it() -> None:
    assert verdict(ZERO, run(80), run(80)) is Verdict.PASS
    assert verdict(ZERO, run(80), run(80, left=1)) is Verdict.FAIL


def test_rows_of_an_earlier_run_that_are_gone_decide_nothing() -> None:
    assert verdict(POINT, run(66), None) is Verdict.INCONCLUSIVE
    assert verdict(ZERO, run(80), None) is Verdict.INCONCLUSIVE
    assert verdict(PROVEN, run(80), None) is Verdict.PASS


async def test_the_number_of_runs_is_in_the_decision_and_its_reasons(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate()
    assert desk.gate().runs == 1
    await desk.evaluate(Asked(fresh=True))
    await desk.evaluate(Asked(fresh=True))
    decision = desk.gate()
    assert (decision.decision, decision.runs) == (Verdict.PASS, 3)
    assert "3 runs of this candidate on these cases" in decision.slos[0].reason
    assert "99.17 %" in decision.slos[0].reason
    assert any("3 runs" in note for note in decision.notes)
    assert "3 runs" in to_markdown(decision)
    assert "99.17 % interval (two-sided)" in to_markdown(decision)


async def test_a_run_that_is_printed_again_counts_once(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate()
    await desk.evaluate()
    assert desk.gate().runs == 1


async def test_another_seed_and_touched_objectives_are_the_same_cases(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate(Asked(seed=7))
    desk.write("safety-slos.yaml", SLOS.replace("0.8", "0.79"))
    desk.deliberate()
    await desk.evaluate(Asked(seed=8))
    assert desk.gate().runs == 2


@pytest.mark.parametrize(("added", "runs"), [(1, 2), (20, 2), (80, 2), (81, 1)])
async def test_cases_that_are_added_begin_anew_only_where_they_outweigh_the_old(
    desk: Desk, added: int, runs: int
) -> None:
    desk.deliberate()
    await desk.evaluate()
    more = [
        {"id": f"new{index}", "input": f"my car, letter {index}", "expect": {"label": "motor"}}
        for index in range(added)
    ]
    desk.cases([*cases(), *more])
    await desk.evaluate()
    assert desk.gate().runs == runs


async def test_a_part_of_the_cases_is_no_run_of_them(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate(Asked(limit=20))
    await desk.evaluate()
    assert desk.gate().runs == 1


async def test_a_part_of_the_cases_is_called_a_part_and_no_change(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate(Asked(limit=20))
    decision = desk.gate()
    assert not decision.decision.opens
    said = "the run asked only 20 of the 80 cases of suite main: `roadworthy eval` without --limit"
    assert any(reason.startswith(said) for reason in decision.reasons), decision.reasons
    assert not any("changed" in reason for reason in decision.reasons)
    desk.cases([{**case, "tags": ["tail"]} for case in cases()])
    reasons = desk.gate().reasons
    assert any("suite main changed after the run" in reason for reason in reasons), reasons


async def test_another_candidate_starts_anew_and_says_that_there_was_one(desk: Desk) -> None:
    await desk.evaluate()
    desk.write("rules.yaml", (desk.root / "rules.yaml").read_text().replace("car: 3", "car: 4"))
    desk.deliberate()
    await desk.evaluate()
    decision = desk.gate()
    assert decision.runs == 1
    assert any("1 other candidate was asked these cases before" in one for one in decision.notes)


async def test_what_an_earlier_run_said_cannot_be_edited_away(desk: Desk) -> None:
    desk.deliberate()
    earlier = await desk.evaluate(Asked(seed=7))
    await desk.evaluate(Asked(fresh=True))
    text = earlier.run_file.read_text().replace('"decision":"home"', '"decision":"motor"', 1)
    earlier.run_file.write_text(text)
    assert desk.gate().decision is Verdict.PASS, "the summary still says it"
    desk.loop().blobs.path(earlier.digest).unlink()
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert earlier.run_file.name in decision.reasons[0]


async def test_a_filtered_objective_asks_for_the_rows_of_an_earlier_run(desk: Desk) -> None:
    desk.write("safety-slos.yaml", SLOS.replace('"== 0"', '"== 0", where: "tag:golden"'))
    desk.deliberate()
    earlier = await desk.evaluate()
    await desk.evaluate(Asked(fresh=True))
    assert desk.gate().decision is Verdict.PASS
    earlier.run_file.unlink()
    assert desk.gate().decision is Verdict.INCONCLUSIVE


async def test_a_run_that_only_adds_the_case_of_an_incident_is_no_other_chance(
    tmp_path: Path,
) -> None:
    road = LeakyDesk(tmp_path / "desk")
    road.desk.deliberate()
    await road.desk.evaluate()
    road.promoted()
    await road.desk.evaluate()
    decision = road.desk.gate()
    assert decision.decision is Verdict.FAIL, "the old candidate answers the letter"
    assert decision.runs == 1
    assert not any("asking again" in note for note in decision.notes)


async def test_but_one_more_attempt_beside_it_is(tmp_path: Path) -> None:
    road = LeakyDesk(tmp_path / "desk")
    road.desk.deliberate()
    await road.desk.evaluate()
    await road.desk.evaluate(Asked(fresh=True))
    road.promoted()
    await road.desk.evaluate(Asked(fresh=True))
    assert road.desk.gate().runs == 1, "every answer was the very same in both"
    await road.desk.evaluate(Asked(fresh=True))
    assert road.desk.gate().runs == 2
