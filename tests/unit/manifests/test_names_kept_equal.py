"""Names that files use and rooms upstairs define: the two lists never drift apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.detectors import DETECTOR_NAMES, make_detector
from roadworthy.domain import INDICATORS, SCORERS, ManifestError
from roadworthy.evaluation.scorers.catalogue import SCORER_NAMES
from roadworthy.manifests import prompt_checks
from roadworthy.manifests.compiled import RULE_VARIABLES
from roadworthy.manifests.detector_checks import DETECTOR_OPTIONS
from roadworthy.prompting import template


def test_detectors() -> None:
    assert set(DETECTOR_OPTIONS) == set(DETECTOR_NAMES)


@pytest.mark.parametrize(
    ("detector", "option"),
    [(name, option) for name, options in DETECTOR_OPTIONS.items() for option in options],
)
def test_every_option_is_known_to_its_detector(detector: str, option: str) -> None:
    try:
        make_detector(detector, {option: None}, {})
    except ManifestError as error:
        assert "no option" not in error.message
    except (TypeError, AttributeError):
        pass


@pytest.mark.parametrize("detector", sorted(DETECTOR_OPTIONS))
def test_no_detector_has_an_option_that_check_does_not_know(detector: str) -> None:
    with pytest.raises(ManifestError, match="no option") as caught:
        make_detector(detector, {"zzz-nothing": 1}, {})
    named = caught.value.fix.removeprefix("known: ").split(", ")
    assert set(named) == set(DETECTOR_OPTIONS[detector])


def test_scorers() -> None:
    assert set(SCORERS) == set(SCORER_NAMES)


def test_role_headings() -> None:
    assert prompt_checks.ROLE.pattern == template._ROLE.pattern


def test_rule_variables() -> None:
    from roadworthy.detectors.expression import VARIABLES

    assert set(RULE_VARIABLES) == set(VARIABLES)


def test_every_scaffolded_indicator_exists() -> None:
    folder = Path(prompt_checks.__file__).parent / "templates"
    assert "accuracy" in INDICATORS
    assert (folder / "safety-slos.yaml").is_file()
