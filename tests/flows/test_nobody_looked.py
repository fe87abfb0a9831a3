"""A never event that nobody looked for is never counted as not having happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.desk import CHARTER, Desk, cases
from roadworthy.domain import Assessment, GateDecision, ManifestError, Observation, Verdict
from roadworthy.evaluation import read_run
from roadworthy.manifests import check_system

JUDGE = """\
- id: rude
  statement: An answer is never rude.
  rule: {judge: {model: some-judge, rubric: Is it rude?}}
"""
LATE = """\
- id: rude
  statement: An answer is never rude.
  inline: false
  rule: {pattern: {patterns: ["motor"]}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def forbid(desk: Desk, event: str) -> None:
    text = CHARTER.format(patterns='"injured"').replace("use:", event + "use:", 1)
    desk.write("charter.yaml", text)


def violations(decision: GateDecision) -> Assessment:
    return next(one for one in decision.slos if one.name == "never_event_violations")


async def rows_of(desk: Desk) -> list[Observation]:
    done = await desk.evaluate()
    return read_run(done.run_file, expected=done.summary.observations)


async def test_an_unwired_judge_keeps_the_gate_closed_and_says_so(desk: Desk) -> None:
    forbid(desk, JUDGE)
    decision = await desk.inspect()
    assert decision.decision is Verdict.INCONCLUSIVE
    judged = violations(decision)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "nothing looks for the never event `rude`" in judged.reason


async def test_every_row_says_that_nobody_looked(desk: Desk) -> None:
    forbid(desk, JUDGE)
    desk.cases([*cases(), {"id": "hurt", "input": "I was injured", "expect": {"action": "hold"}}])
    for row in await rows_of(desk):
        said = [one for one in row.rails if one.never_event == "rude"]
        assert [(one.outcome, one.reason) for one in said] == [
            ("not_checked", "nothing looks for it: no judge is wired")
        ], row.action


async def test_the_summary_counts_what_nobody_looked_at(desk: Desk) -> None:
    forbid(desk, JUDGE)
    done = await desk.evaluate()
    (one,) = done.summary.unchecked
    assert (one.rail, one.rows, one.blocked) == ("never:rude", 80, 0)


async def test_labels_may_cover_what_no_rule_looks_for_and_the_gate_says_so(desk: Desk) -> None:
    forbid(desk, JUDGE)
    held = {"id": "r1", "input": "I was injured", "expect": {"action": "hold"},
            "tags": ["never:rude"]}  # fmt: skip
    desk.cases([*cases(), held])
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert any("`rude` are seen only in the rows tagged `never:rude` (1)" in note
               for note in decision.notes)  # fmt: skip


async def test_a_tag_without_what_must_happen_covers_nothing(desk: Desk) -> None:
    forbid(desk, JUDGE)
    desk.cases([{**case, "tags": ["never:rude"]} for case in cases()])
    assert (await desk.inspect()).decision is Verdict.INCONCLUSIVE


async def test_a_late_rule_looks_in_an_evaluation_too(desk: Desk) -> None:
    forbid(desk, LATE)
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert violations(decision).estimate == 40.0


async def test_a_late_rule_that_finds_nothing_has_looked(desk: Desk) -> None:
    forbid(desk, LATE.replace("motor", "boat"))
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons


async def test_a_run_whose_rows_do_not_say_that_it_looked_is_undecided(desk: Desk) -> None:
    """Such as a run of a version that did not look at late rules yet."""
    from roadworthy.flows.gate.baseline import Baseline
    from roadworthy.flows.gate.judging import Evidence, judge
    from roadworthy.manifests import load_system

    forbid(desk, LATE.replace("motor", "boat"))
    rows = await rows_of(desk)
    system = load_system(desk.root)
    bare = [Observation(**{**{name: getattr(row, name) for name in row.__struct_fields__},
                           "rails": ()}) for row in rows]  # fmt: skip
    evidence = Evidence(rows=bare, baseline=Baseline(absent="none"), never=system.charter.never)
    judged, _ = judge(system.slos.slos, evidence)
    assert judged[1].verdict is Verdict.INCONCLUSIVE
    assert "was not looked for in 80 of 80 answers" in judged[1].reason
    assert "true rate" not in judged[1].reason
    assert (judged[1].n, judged[1].estimate) == (0, None)


async def test_only_what_was_looked_at_is_counted_where_a_part_was_not(desk: Desk) -> None:
    from msgspec import structs

    from roadworthy.flows.gate.baseline import Baseline
    from roadworthy.flows.gate.judging import Evidence, judge
    from roadworthy.manifests import load_system

    forbid(desk, LATE.replace("motor", "boat"))
    rows = await rows_of(desk)
    system = load_system(desk.root)
    part = [structs.replace(row, rails=()) if index < 10 else row for index, row in enumerate(rows)]
    evidence = Evidence(rows=part, baseline=Baseline(absent="none"), never=system.charter.never)
    found = judge(system.slos.slos, evidence)[0][1]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "was not looked for in 10 of 80 answers" in found.reason
    assert "; of what was looked at: 0 violations in 70 cases: true rate below" in found.reason
    assert found.n == 70


def test_check_warns_of_a_late_judge_and_refuses_an_inline_one(desk: Desk) -> None:
    forbid(desk, JUDGE)
    (warning,) = [one for one in check_system(desk.root) if "nothing looks for" in one.message]
    assert (warning.severity, warning.line) == ("warning", 12)
    forbid(desk, JUDGE + "  inline: true\n")
    (error,) = [one for one in check_system(desk.root) if one.severity == "error"]
    assert "every answer would be blocked" in error.message
    assert error.line == 13
    with pytest.raises(ManifestError):
        desk.digest()


def test_what_is_unwired_is_what_nothing_is_built_for() -> None:
    from doubles.rail_lines import a_line
    from roadworthy.domain import (
        CelRule,
        ClassifierRule,
        JudgeRule,
        NeverEvent,
        PatternRule,
        Rule,
        SchemaRule,
    )

    rules = {
        "pattern": Rule(pattern=PatternRule(patterns=["x"])),
        "cel": Rule(cel=CelRule(expression="true")),
        "schema": Rule(schema=SchemaRule(schema={})),
        "classifier": Rule(classifier=ClassifierRule(detector="pii", threshold=0.5)),
        "judge": Rule(judge=JudgeRule(model="m", rubric="r")),
    }
    assert set(rules) == {name for name in Rule.__struct_fields__}
    for kind, rule in rules.items():
        event = NeverEvent(id="n", statement="s", rule=rule, inline=False)
        (late,) = a_line(never=[event]).late_rules
        assert late.wired is event.is_wired, kind


def test_release_show_marks_what_nothing_looks_for(desk: Desk, tmp_path: Path) -> None:
    from roadworthy.manifests import load_system
    from roadworthy.release import build_bundle, describe_bundle, pin

    forbid(desk, JUDGE)
    build_bundle(pin(load_system(desk.root)), tmp_path / "out")
    found = describe_bundle(tmp_path / "out")
    assert found["never"] == ["hurt-alone", "rude"]
    assert found["unwatched"] == ["rude"]
    assert json.dumps(found)
