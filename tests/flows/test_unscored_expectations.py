"""An expectation that nobody scored is no expectation that was met."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import Verdict

RUBRIC = [{**case, "expect": {"rubric": "It is polite."}} for case in cases()]
NEVER = """\
slos:
- {name: availability, target: ">= 0.8"}
- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


async def test_a_suite_of_which_nothing_was_scored_decides_nothing(desk: Desk) -> None:
    desk.cases(RUBRIC)
    desk.write("safety-slos.yaml", NEVER)
    decision = await desk.inspect()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert any("no expectation of suite main was scored" in why for why in decision.reasons)
    assert any(note.startswith("80 of 80 cases have a rubric") for note in decision.notes)


async def test_it_decides_nothing_beside_a_suite_that_was_scored_either(desk: Desk) -> None:
    lines = "".join(
        f'{{"id": "x{n}", "input": "the roof of car {n}", "expect": {{"rubric": "Polite."}}}}\n'
        for n in range(3)
    )
    desk.write("suites/polite.jsonl", lines)
    desk.write("suites/polite.yaml", "name: polite\ncases: [polite.jsonl]\n")
    decision = await desk.inspect()
    assert any("no expectation of suite polite was scored" in why for why in decision.reasons)
    assert not any("suite main was scored" in why for why in decision.reasons)


async def test_a_rubric_beside_a_label_is_said(desk: Desk) -> None:
    case = cases()[0]
    desk.cases([{**case, "expect": {"label": "motor", "rubric": "Polite."}}, *cases()[1:]])
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS
    assert any(note.startswith("1 of 80 cases have a rubric") for note in decision.notes)


async def test_where_all_was_scored_nothing_is_said(desk: Desk) -> None:
    assert not any("scored by nobody" in note for note in (await desk.inspect()).notes)
