"""Objectives over scores: what a suite's scorers make is an indicator, the usual ones' too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doubles.systems import FILES, SLOS, write_system
from roadworthy.domain import Fault
from roadworthy.manifests import check_system

OBJECTIVE = """\
- name: {0}
  objective: "As it should be."
  target: ">= 0.9"
  window: "rolling"
  action_on_breach: "alert"
"""
TRAJECTORY = {"trajectory": {"calls": [{"tool": "look_up"}]}}
TOOLS = [{"name": "look_up"}]


def errors(root: Path, *, metric: str, scorers: str = "", **case: Any) -> list[Fault]:
    """Faults of the objectives of a system with one more, and with one more case."""
    cases = FILES["suites/cases/main.jsonl"]
    if case:
        cases += json.dumps({"id": "more", "input": "Another letter.", "source": "a", **case})
    suite = FILES["suites/main.yaml"] + scorers
    files = {
        "safety-slos.yaml": SLOS + OBJECTIVE.format(metric),
        "suites/main.yaml": suite,
        "suites/cases/main.jsonl": cases + "\n" * bool(case),
    }
    write_system(root, files)
    found = [fault for fault in check_system(root) if fault.severity == "error"]
    return [fault for fault in found if fault.file in ("safety-slos.yaml", "suites/main.yaml")]


def test_a_score_that_the_usual_scorer_makes_is_an_indicator(tmp_path: Path) -> None:
    assert errors(tmp_path, metric="trajectory", expect=TRAJECTORY, tools=TOOLS) == []


@pytest.mark.parametrize(
    ("metric", "expect"),
    [
        ("exact", {"text": "four"}),
        ("exact", {"texts": ["four"]}),
        ("regex", {"regex": "f"}),
        ("json", {"json": None}),
        ("schema", {"schema": {"type": "object"}}),
        ("raw.exact", {"text": "four"}),
    ],
)
def test_so_is_that_of_each_expectation(
    tmp_path: Path, metric: str, expect: dict[str, Any]
) -> None:
    assert errors(tmp_path, metric=metric, expect=expect) == []


def test_without_such_a_case_it_says_what_is_missing(tmp_path: Path) -> None:
    (fault,) = errors(tmp_path, metric="trajectory")
    assert fault.file == "safety-slos.yaml"
    assert "no case a `expect.trajectory` that is left to it" in fault.message
    assert "add a case with `expect.trajectory`" in fault.fix


def test_another_scorer_that_reads_the_expectation_takes_its_place(tmp_path: Path) -> None:
    scorers = "- scorer: regex\n  name: fours\n"
    (fault,) = errors(tmp_path, metric="regex", scorers=scorers, expect={"regex": "four"})
    assert "`regex` is a scorer's score, and nothing makes it" in fault.message


def test_a_detectors_score_has_the_detectors_name(tmp_path: Path) -> None:
    scorers = "- scorer: detector\n  options: {detector: pii}\n"
    assert errors(tmp_path / "a", metric="pii", scorers=scorers) == []
    (fault,) = errors(tmp_path / "b", metric="detector", scorers=scorers)
    assert "`detector`" in fault.message


def test_two_detectors_of_one_suite_have_two_names(tmp_path: Path) -> None:
    scorers = (
        "- scorer: detector\n  options: {detector: pii}\n"
        "- scorer: detector\n  options: {detector: secrets}\n"
    )
    assert errors(tmp_path, metric="secrets", scorers=scorers) == []


def test_a_run_may_stop_on_the_usual_score(tmp_path: Path) -> None:
    stop = "repeats: 2\nstop_when: {metric: exact, width: 0.1}\n"
    assert errors(tmp_path, metric="exact", scorers=stop, expect={"text": "four"}) == []
