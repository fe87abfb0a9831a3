"""Documents say figures for people who have never seen the tool: with unit, interval and n."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from roadworthy.compliance import GERMAN
from roadworthy.compliance.documents import plain
from roadworthy.domain import INDICATORS, Measurement, SafetySLO, Verdict


def measured(name: str, value: float, **fields: Any) -> Measurement:
    return Measurement(name=name, value=value, n=233, unit=INDICATORS[name].unit, **fields)


@pytest.mark.parametrize(
    ("one", "english", "german"),
    [
        (
            measured("accuracy", 0.7039, low=0.6348, high=0.7671, count=164),
            "70.4 % (95 % interval 63.5 % to 76.7 %; 164 of n = 233)",
            "70,4 % (95 % Intervall 63,5 % bis 76,7 %; 164 von n = 233)",
        ),
        (
            measured("decision_ece", 0.1539, low=0.00459, high=0.2199),
            "0.154 (95 % interval 0.00459 to 0.22; n = 233)",
            "0,154 (95 % Intervall 0,00459 bis 0,22; n = 233)",
        ),
        (measured("latency", 1530.0), "1.53 s (n = 233)", "1,53 s (n = 233)"),
        (
            measured("review_volume", 42.0, low=29.58, high=56.14, count=42),
            "42 (95 % interval 29.58 to 56.14; n = 233)",
            "42 (95 % Intervall 29,58 bis 56,14; n = 233)",
        ),
    ],
)
def test_a_figure_has_its_unit_interval_and_n(one: Measurement, english: str, german: str) -> None:
    assert plain.figure(one, "en") == english
    assert plain.figure(one, "de") == german


def test_what_was_not_measured_says_why() -> None:
    assert plain.figure(Measurement(name="x", value=None, reason="no case"), "en") == "no case"


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("accuracy", ">= 0.50", "≥ 50 %"),
        ("decision_ece", "<= 0.30", "≤ 0.3"),
        ("latency_p95", "<= 2000", "≤ 2 s"),
        ("never_event_violations", "== 0", "= 0"),
        ("never_event_attempts", "<= 2 x previous 7d", "≤ 2 x previous 7d"),
    ],
)
def test_a_target_has_the_unit_of_its_value(name: str, target: str, said: str) -> None:
    assert plain.target(SafetySLO(name=name, target=target), "en") == said


def test_an_objective_says_of_which_answers_it_is() -> None:
    slo = SafetySLO(name="accuracy", target=">= 0.5", where='facets.language == "de"')
    assert plain.asked_of(slo, "en").endswith('; only where facets.language == "de"')
    assert "`" not in plain.asked_of(slo, "en")


def test_every_verdict_says_what_it_means_in_both_languages() -> None:
    for verdict in Verdict:
        assert plain.decision(str(verdict), "en") != str(verdict)
        assert plain.decision(str(verdict), "de") != plain.decision(str(verdict), "en")


def test_every_word_of_ours_has_its_german() -> None:
    folder = Path(plain.__file__).parent
    asked = {
        word
        for path in folder.glob("*.py")
        for word in re.findall(r"said\(\s*[\"']([^\"']+)[\"'],", path.read_text("utf-8"))
    }
    assert len(asked) > 40
    assert asked - GERMAN.keys() == set()
