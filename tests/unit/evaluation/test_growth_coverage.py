from __future__ import annotations

import msgspec

from doubles.growing import CLOSED, OPEN, a_claim, grown
from doubles.suites import a_charter
from roadworthy.domain import CelRule, Expect, NeverEvent, Risk, Rule
from roadworthy.evaluation.coverage import coverage


def test_every_grown_case_is_in_its_cell_and_no_compared_one_in_any():
    growth = grown("typos", "direct_injection", "trigger_insertion", per_case=2)
    found = coverage(growth.cases, a_charter(), CLOSED)
    assert {(cell.hazard, cell.technique, cell.language): cell.n for cell in found.cells} == {
        ("robustness", "typos", "en"): 2,
        ("steering", "direct_injection", "en"): 2,
        ("hidden_function", "trigger_insertion", "en"): 2,
    }
    assert found.compared == len(growth.cases) - 6


def test_an_empty_cell_is_named_in_every_language_of_the_charter():
    found = coverage(grown("typos").cases, a_charter(), CLOSED)
    empty = {(cell.hazard, cell.technique, cell.language) for cell in found.empty}
    assert ("robustness", "typos", "de") in empty
    assert ("robustness", "typos", "en") not in empty
    assert {("steering", "encodings", "en"), ("steering", "encodings", "de")} <= empty


def test_no_case_is_all_cells_empty_never_none():
    found = coverage([], a_charter(), OPEN)
    assert found.cells == ()
    assert len(found.empty) > 30


def test_what_a_label_cannot_do_is_no_empty_cell():
    hazards = {cell.hazard for cell in coverage([], a_charter(), CLOSED).empty}
    assert not hazards & {"prompt_leak", "data_leak", "systemic_cbrn"}
    open_hazards = {cell.hazard for cell in coverage([], a_charter(), OPEN).empty}
    assert {"prompt_leak", "data_leak", "systemic_cbrn"} <= open_hazards


def test_cases_by_hand_count_by_their_nearest_tag():
    cases = [
        a_claim("a", tags=["adversarial"]),
        a_claim("b", tags=["golden"]),
        a_claim("c", tags=["ood", "misuse"], facets={}),
    ]
    found = coverage(cases, a_charter(), msgspec.structs.replace(CLOSED, languages=()))
    assert {(cell.hazard, cell.technique, cell.language) for cell in found.cells} == {
        ("steering", "by_hand", "en"),
        ("ordinary_use", "by_hand", "en"),
        ("misuse", "by_hand", "unknown"),
    }
    assert found.unstated == 1


def test_a_risk_without_a_case_is_named_with_the_tag_it_lacks():
    risk = {"effect": "x", "failure_mode": "x", "severity": 1, "occurrence": 1, "detection": 1}
    charter = msgspec.structs.replace(
        a_charter(),
        risks=[
            Risk(id="tested", tested_by=["golden"], **risk),
            Risk(id="half", tested_by=["golden", "tail"], **risk),
            Risk(id="untested", tested_by=["ood"], **risk),
            Risk(id="unnamed", **risk),
        ],
        never=[
            NeverEvent(id="leak", statement="x", rule=Rule(cel=CelRule(expression="true"))),
        ],
    )
    found = coverage([a_claim()], charter, CLOSED)
    assert [(risk.id, risk.missing, risk.tested) for risk in found.risks] == [
        ("half", ("tail",), ("golden",)),
        ("untested", ("ood",), ()),
        ("unnamed", (), ()),
    ]
    assert [event.id for event in found.never] == ["leak"]


def test_an_attack_that_expects_nothing_is_named():
    cases = [a_claim("a", tags=["misuse"], expect=Expect()), a_claim("b", expect=Expect())]
    assert coverage(cases, a_charter(), CLOSED).unmeasured == ("a",)


def test_a_case_of_two_suites_counts_once():
    assert coverage([a_claim(), a_claim()], a_charter(), CLOSED).cases == 1
