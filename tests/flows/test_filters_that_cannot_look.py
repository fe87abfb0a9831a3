"""A filter that cannot tell, and a facet that nothing carries, never make an objective pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import ManifestError, Verdict

ONE = """\
slos:
- {{name: accuracy, target: ">= 0.8", {options}}}
- {{name: never_event_violations, target: "== 0"}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def objective(desk: Desk, options: str) -> None:
    desk.write("safety-slos.yaml", ONE.format(options=options))


async def test_a_filter_that_fails_on_a_case_is_an_error_in_a_recorded_decision(
    desk: Desk,
) -> None:
    """`check` holds filters against the cases; what only an answer has, a filter meets here."""
    desk.write(
        "safety-slos.yaml",
        """\
slos:
- {name: latency_p95, target: "<= 90000", where: 'label_probabilities.boat > 0.5'}
- {name: never_event_violations, target: "== 0"}
""",
    )
    decision = await desk.inspect()
    assert decision.decision is Verdict.ERROR
    assert [each.verdict for each in decision.slos] == [Verdict.ERROR, Verdict.PASS, Verdict.PASS]
    assert "cannot be evaluated on c0" in decision.reasons[0]
    assert "has(facets.language)" in decision.reasons[0]
    entry = desk.loop().ledger.newest(kind="gate.decided", system="desk")
    assert entry is not None
    assert entry.payload["decision"] == "ERROR"


async def test_a_filter_that_is_neither_true_nor_false_selects_nothing(desk: Desk) -> None:
    objective(desk, "where: facets.language")
    decision = await desk.inspect()
    assert decision.decision is Verdict.ERROR
    assert "gives a text, not true or false" in decision.reasons[0]


@pytest.mark.parametrize("where", ["1 + 1", "suite", "tags", "facets"])
def test_check_finds_a_filter_that_can_only_be_something_else(desk: Desk, where: str) -> None:
    objective(desk, f"where: '{where}'")
    with pytest.raises(ManifestError) as caught:
        desk.digest()
    assert "not true or false" in caught.value.faults[0].message
    assert caught.value.faults[0].line == 2


async def test_a_facet_that_nothing_carries_is_undecided(desk: Desk) -> None:
    objective(desk, "by: [nosuch]")
    decision = await desk.inspect()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "`nosuch`" in decision.reasons[0]
    objective(desk, "by: [language, nosuch]")
    assert (await desk.inspect()).decision is Verdict.INCONCLUSIVE


async def test_a_facet_that_some_cases_carry_makes_slices_of_all(desk: Desk) -> None:
    first, *rest = cases()
    desk.cases([{key: value for key, value in first.items() if key != "facets"}, *rest])
    objective(desk, "by: [language]")
    decision = await desk.inspect()
    names = [each.name for each in decision.slos]
    assert names[:2] == ["accuracy{language=}", "accuracy{language=en}"]


async def test_what_every_row_says_can_be_sliced_by(desk: Desk) -> None:
    objective(desk, "by: [suite, label]")
    decision = await desk.inspect()
    assert decision.slos[0].name == "accuracy{suite=main,label=home}"


async def test_how_many_answers_a_duration_speaks_of_is_said(desk: Desk) -> None:
    desk.write(
        "safety-slos.yaml",
        """\
slos:
- {name: latency_p95, target: "<= 90000", where: 'decision == "motor"'}
- {name: never_event_violations, target: "== 0"}
""",
    )
    decision = await desk.inspect()
    (note,) = [one for one in decision.notes if "selected by" in one]
    assert note == (
        "latency_p95 speaks of 40 of 80 cases, selected by `decision`: 0.5 (0.386 to 0.614) of "
        "what was asked"
    )
