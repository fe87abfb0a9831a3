"""Recalibration maps against scikit-learn and scipy, what they promise, bad input."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from roadworthy.statistics import debiased_gap, equal_mass, isotonic, platt, temperature

Fit = Callable[[list[float], list[bool]], Callable[[float], float]]
FITS: list[Fit] = [isotonic, platt, temperature]


def sample(seed: int, n: int = 400) -> tuple[list[float], list[bool]]:
    """Twice as sure as is right, on the scale of the logit."""
    source = random.Random(seed)
    sure, hits = [], []
    for _ in range(n):
        logit = source.gauss(0.5, 1.0)
        hits.append(source.random() < 1 / (1 + math.exp(-logit)))
        sure.append(1 / (1 + math.exp(-2 * logit)))
    return sure, hits


GRID = [step / 50 for step in range(51)]


@pytest.mark.parametrize("n", [5, 40, 400])
def test_isotonic_is_scikit_learns(n: int) -> None:
    sure, hits = sample(n, n)
    sure = [round(value, 2) for value in sure]
    theirs = IsotonicRegression(out_of_bounds="clip").fit(sure, hits)
    ours = isotonic(sure, hits)
    assert [ours(x) for x in GRID] == pytest.approx(list(theirs.predict(GRID)), abs=1e-9)


def test_platt_is_scikit_learns() -> None:
    sure, hits = sample(2)
    logits = np.log(np.array(sure) / (1 - np.array(sure)))
    theirs = _SigmoidCalibration().fit(logits, np.array(hits))
    found = platt(sure, hits)
    assert found.slope == pytest.approx(-theirs.a_, rel=1e-3)
    assert found.offset == pytest.approx(-theirs.b_, rel=1e-2, abs=1e-3)


def test_temperature_is_the_optimum() -> None:
    sure, hits = sample(3)
    logits = np.log(np.array(sure) / (1 - np.array(sure)))
    signs = np.where(hits, 1.0, -1.0)
    theirs = optimize.minimize_scalar(
        lambda slope: float(np.sum(np.logaddexp(0.0, -signs * slope * logits))), (0.1, 2.0)
    )
    assert temperature(sure, hits).slope == pytest.approx(theirs.x, rel=1e-5)
    assert temperature(sure, hits).slope == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("fit", FITS)
def test_a_map_takes_most_of_the_error_away_on_cases_it_never_saw(fit: Fit) -> None:
    mended = fit(*sample(4, 1500))
    sure, hits = sample(5, 3000)
    before = debiased_gap(equal_mass(sure, hits))
    after = debiased_gap(equal_mass([mended(value) for value in sure], hits))
    assert before > 0.08
    assert after < 0.35 * before


@pytest.mark.parametrize("fit", FITS)
def test_a_map_keeps_the_order_and_the_scale(fit: Fit) -> None:
    mended = fit(*sample(6, 200))
    values = [mended(x) for x in GRID]
    assert all(a <= b for a, b in pairwise(values))
    assert min(values) >= 0.0
    assert max(values) <= 1.0


@pytest.mark.parametrize("fit", FITS)
def test_separable_and_extreme_samples_have_a_finite_map(fit: Fit) -> None:
    for sure, hits in (
        ([0.0, 1.0], [False, True]),
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True]),
        ([0.5, 0.5, 0.5], [True, False, True]),
        ([1.0, 1.0, 1.0], [True, False, True]),
        ([1e-320, 1.0 - 1e-16], [True, False]),
    ):
        mended = fit(sure, hits)
        assert all(0.0 <= mended(x) <= 1.0 for x in GRID)


@pytest.mark.parametrize("fit", FITS)
def test_one_class_or_nonsense_has_no_map(fit: Fit) -> None:
    for hits in ([True, True], [False, False], []):
        with pytest.raises(ValueError, match="some of each"):
            fit([0.5] * len(hits), hits)
    with pytest.raises(ValueError, match="one confidence"):
        fit([0.5], [True, False])
    for bad in (1.5, float("nan")):
        with pytest.raises(ValueError, match="no confidence"):
            fit([bad, 0.5], [True, False])
        with pytest.raises(ValueError, match="no confidence"):
            fit([0.4, 0.5], [True, False])(bad)
