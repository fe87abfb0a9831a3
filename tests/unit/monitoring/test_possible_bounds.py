"""An interval holds nothing that its indicator cannot be."""

from __future__ import annotations

from roadworthy.domain import INDICATORS
from roadworthy.monitoring.cases import PerCase
from roadworthy.monitoring.results import mean_of


def test_no_mean_of_error_rates_is_below_none() -> None:
    found = PerCase(values=[0.0] * 36 + [4000.0] * 3, rows=39)
    measured = mean_of(INDICATORS["character_error_rate"], found, 0.95)
    assert measured.low == 0.0
    assert measured.high is not None and measured.high > 312
