"""From label probabilities to a decision."""

from __future__ import annotations

import math

import pytest

from roadworthy.serving import decide, read_label

LABELS = ["motor", "home", "travel"]


def test_probabilities_are_normalised_over_the_labels() -> None:
    found = decide(
        {"motor": math.log(0.02), "home": math.log(0.01), "travel": math.log(0.01)}, LABELS
    )
    assert found.label == "motor"
    assert found.confidence == pytest.approx(0.5)
    assert sum(found.probabilities.values()) == pytest.approx(1.0)


def test_a_prior_removes_the_prompts_own_bias() -> None:
    logs = {"motor": math.log(0.6), "home": math.log(0.3), "travel": math.log(0.1)}
    prior = {"motor": math.log(0.8), "home": math.log(0.1), "travel": math.log(0.1)}
    assert decide(logs, LABELS, prior).label == "home"


def test_a_missing_label_is_never_guessed() -> None:
    with pytest.raises(ValueError, match="no probability for label 'travel'"):
        decide({"motor": 0.0, "home": 0.0}, LABELS)


def test_ties_go_to_the_label_declared_first() -> None:
    assert decide(dict.fromkeys(LABELS, -1.0), LABELS).label == "motor"


@pytest.mark.parametrize(
    ("text", "label"),
    [(" Motor.", "motor"), ("the home desk", "home"), ("motor or home", ""), ("", ""),
     ("motorway", ""), ('"travel"', "travel")],
)  # fmt: skip
def test_a_label_is_read_from_free_text(text: str, label: str) -> None:
    assert read_label(text, LABELS) == label
