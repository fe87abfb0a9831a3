"""Other names for system and cases are no clean slate: what is asked is known by its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import RULES, cases
from doubles.leaky_desk import LeakyDesk
from roadworthy.domain import GateDecision, Verdict


@pytest.fixture
def road(tmp_path: Path) -> LeakyDesk:
    return LeakyDesk(tmp_path / "desk")


def renamed(road: LeakyDesk, *, without: int = 0, words: str = "") -> None:
    """Another name, other case ids, another candidate, and the incident's case taken out."""
    root = road.desk.root
    charter = (root / "charter.yaml").read_text()
    road.desk.write("charter.yaml", charter.replace("system: desk", "system: clean"))
    road.desk.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    told = [{**case, "id": f"z{at}", "input": f"{words}{case['input']}"}
            for at, case in enumerate(cases())]  # fmt: skip
    road.desk.cases(told[without:])
    for name in ("incidents.yaml", "incidents.jsonl"):
        (root / "suites" / name).unlink(missing_ok=True)


def about(decision: GateDecision, text: str) -> list[str]:
    return [reason for reason in decision.reasons if text in reason]


async def test_other_names_of_system_and_cases_escape_no_incident(road: LeakyDesk) -> None:
    await road.desk.inspect()
    road.promoted()
    renamed(road, words="  \u200b")  # blanks, and what nobody sees
    decision = await road.desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert about(decision, road.incident) and not about(decision, "removed since")
    assert any("asked of the system `desk`, too" in note for note in decision.notes)


async def test_a_question_that_is_gone_under_another_name_is_a_removed_case(
    road: LeakyDesk,
) -> None:
    await road.desk.inspect()
    renamed(road, without=3)
    decision = await road.desk.inspect()
    assert decision.decision is Verdict.FAIL
    (said,) = about(decision, "were removed since")
    assert "3 cases (c0, c1, c2) of suite main" in said


async def test_other_questions_under_another_name_are_another_system(road: LeakyDesk) -> None:
    await road.desk.inspect()
    road.promoted()
    renamed(road, words="tell me of ")
    assert (await road.desk.inspect()).decision is Verdict.PASS


async def test_other_ids_for_the_same_questions_are_another_try(road: LeakyDesk) -> None:
    await road.desk.inspect()
    charter = (road.desk.root / "charter.yaml").read_text()
    road.desk.write("charter.yaml", charter.replace("system: desk", "system: clean"))
    road.desk.cases([{**case, "id": f"z{at}"} for at, case in enumerate(cases())])
    assert (await road.desk.inspect()).runs == 2
