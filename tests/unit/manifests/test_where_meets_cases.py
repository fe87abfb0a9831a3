"""`where` is held against the cases before a run is paid for."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import Fault
from roadworthy.manifests import check_system
from roadworthy.manifests.where_checks import facets_of


def faults(tmp_path: Path, where: str, *, at: str = "[gate]", bare: int = 0) -> list[Fault]:
    desk = Desk(tmp_path / "desk")
    desk.write(
        "safety-slos.yaml",
        f"slos:\n- name: accuracy\n  target: '>= 0.8'\n  at: {at}\n  where: {where}\n",
    )
    given = cases()
    for case in given[:bare]:
        case["facets"] = {}
    desk.cases(given)
    return [one for one in check_system(desk.root) if one.file == "safety-slos.yaml"]


@pytest.mark.parametrize("where", ["facets.lang == 'en'", "facets['lang'] == 'en'"])
def test_a_facet_that_nothing_has_is_an_error_with_a_suggestion(tmp_path: Path, where: str) -> None:
    (fault,) = faults(tmp_path, f'"{where}"')
    assert (fault.severity, fault.line) == ("error", 5)
    assert "the facet `lang`" in fault.message
    assert "`language`" in fault.fix


def test_a_facet_that_some_cases_lack_is_an_error_unless_it_is_asked_for(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "a", "facets.language == 'en'", bare=3)
    assert "3 of 80 cases" in fault.message
    assert "has(facets.language)" in fault.fix
    assert faults(tmp_path / "b", "has(facets.language) && facets.language == 'en'", bare=3) == []
    assert faults(tmp_path / "c", "facets.language == 'en'") == []


def test_a_facet_that_nothing_has_is_a_warning_where_it_cannot_break(tmp_path: Path) -> None:
    (guarded,) = faults(tmp_path / "a", "has(facets.lang)")
    (later,) = [
        one
        for one in faults(tmp_path / "b", "facets.lang == 'en'", at="[runtime]")
        if "facet" in one.message
    ]
    assert (guarded.severity, later.severity) == ("warning", "warning")


def test_a_tag_that_no_case_carries_is_a_warning(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "a", "tag:goldn")
    assert (fault.severity, fault.fix) == ("warning", "did you mean `golden`?")
    assert faults(tmp_path / "b", "tag:golden") == []


def test_words_inside_texts_are_no_facets() -> None:
    assert facets_of("decision == 'facets.lang' && has(facets.a) && facets.b == 'x'") == (
        {"a", "b"}, {"a"},
    )  # fmt: skip
    assert facets_of("'c' in facets && facets[\"d e\"] == facets.size()") == ({"c", "d e"}, {"c"})


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("decision == 'motor'", "decision"),
        ("confidence != null && confidence > 0.9", "confidence"),
        ("action == 'answered'", "action"),
        ("status == 'ok'", "status"),
        ("size(never) == 0", "never"),
        ("scores.label == 1.0", "scores"),
        ("label == decision", "decision"),
        ("output.size() < 10", "output"),
        ("latency_ms < 5.0", "latency_ms"),
        ("repeat == 0", "repeat"),
        ("id < '7'", "id"),
        ("attributes.note == 'x'", "attributes"),
        ("size(attributes) == 0", "attributes"),
        ("attributes['expect_action'] == 'hold'", "attributes"),
    ],
)
@pytest.mark.parametrize("at", ["[gate]", "[runtime]"])
def test_no_objective_selects_by_what_only_the_answer_says(
    tmp_path: Path, where: str, named: str, at: str
) -> None:
    errors = [one for one in faults(tmp_path, f'"{where}"', at=at) if one.severity == "error"]
    (fault,) = errors
    assert fault.line == 5
    assert f"selects by `{named}`, which is known only with the answer" in fault.message
    assert "`tags`" in fault.fix and "selective_accuracy" in fault.fix


@pytest.mark.parametrize(
    "where",
    [
        "label == 'motor'",
        "suite == 'main' && case != 'c1'",
        "'golden' in tags",
        "facets.language == 'en'",
        "has(attributes.expect_action) && attributes.expect_action == 'hold'",
        "label == 'decision'",
    ],
)
def test_what_is_known_before_the_answer_may_select(tmp_path: Path, where: str) -> None:
    assert [one for one in faults(tmp_path, f'"{where}"') if one.severity == "error"] == []


@pytest.mark.parametrize("name", ["latency_p95", "ttft", "cost_per_request"])
def test_durations_and_costs_may_be_those_of_some_answers(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write(
        "safety-slos.yaml",
        f"slos:\n- name: {name}\n  target: '<= 900'\n  where: action == 'answered'\n",
    )
    assert [one for one in check_system(desk.root) if one.severity == "error"] == []


@pytest.mark.parametrize("name", ["error_rate", "availability", "never_event_violations", "own"])
def test_no_share_may(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write(
        "safety-slos.yaml",
        f"slos:\n- name: {name}\n  target: '== 0'\n  where: action == 'answered'\n",
    )
    said = [one.message for one in check_system(desk.root) if one.severity == "error"]
    assert any("selects by `action`" in message for message in said)
