"""Agreement: Krippendorff's own example, scikit-learn, brute force, coverage, bad input."""

from __future__ import annotations

import random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from roadworthy.statistics import cohen_kappa, krippendorff_alpha

_ = None
# Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C: four observers.
EXAMPLE = list(
    zip(
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
        strict=True,
    )
)


@pytest.mark.parametrize(
    ("scale", "value"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_krippendorffs_own_example(
    scale: Literal["nominal", "ordinal", "interval", "ratio"], value: float
) -> None:
    found = krippendorff_alpha(EXAMPLE, scale, rounds=200)
    assert found.value == pytest.approx(value, abs=5e-4)
    assert (found.units, found.ratings) == (11, 40)
    assert found.interval is not None
    assert found.interval.low < value < found.interval.high


UNITS = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=3, max_size=3),
    min_size=2, max_size=8,
)  # fmt: skip


@given(UNITS)
def test_interval_alpha_is_its_definition(units: list[list[int | None]]) -> None:
    kept = [[v for v in unit if v is not None] for unit in units]
    kept = [unit for unit in kept if len(unit) > 1]
    flat = [value for unit in kept for value in unit]
    if len(set(flat)) < 2:
        with pytest.raises(ValueError, match=r"only one value|two values"):
            krippendorff_alpha(units, "interval")
        return
    n = len(flat)
    seen = sum((a - b) ** 2 / (len(unit) - 1) for unit in kept for a in unit for b in unit) / n
    chance = sum((a - b) ** 2 for a in flat for b in flat) / (n * (n - 1))
    assert krippendorff_alpha(units, "interval").value == pytest.approx(1 - seen / chance)


@pytest.mark.parametrize("weights", ["", "linear", "quadratic"])
def test_kappa_is_scikit_learns(weights: Literal["", "linear", "quadratic"]) -> None:
    source = random.Random(weights)
    first = [source.randint(1, 4) for _ in range(60)]
    second = [value if source.random() < 0.6 else source.randint(1, 4) for value in first]
    theirs = cohen_kappa_score(first, second, weights=weights or None)
    assert cohen_kappa(first, second, weights) == pytest.approx(theirs)


def test_perfect_and_chance_agreement() -> None:
    source = random.Random(1)
    same = [[value, value] for value in "abcab" * 4]
    assert krippendorff_alpha(same).value == 1.0
    chance = [[source.choice("ab"), source.choice("ab")] for _ in range(2000)]
    assert krippendorff_alpha(chance, rounds=100).value == pytest.approx(0.0, abs=0.06)


def test_the_interval_covers_the_agreement_of_all_units() -> None:
    """Two raters who say the truth with 0.9, else a coin: alpha of the population is 0.81."""
    source = random.Random(4)
    inside, rounds = 0, 120
    for _ in range(rounds):
        units = []
        for _ in range(60):
            truth = source.random() < 0.5
            units.append(
                [truth if source.random() < 0.9 else source.random() < 0.5 for _ in range(2)]
            )
        found = krippendorff_alpha(units, rounds=300).interval
        assert found is not None
        inside += found.low <= 0.81 <= found.high
    assert inside / rounds >= 0.95 - 0.07


def test_few_units_have_no_interval() -> None:
    assert krippendorff_alpha([[1, 1], [2, 2], [1, 2]]).interval is None
    assert krippendorff_alpha([[1, 1], [2, 2]] * 6).interval is None


@pytest.mark.parametrize("units", [[], [[1], [2]], [[None, 1], [None, None]]])
def test_units_without_pairs_have_no_agreement(units: list[list[int | None]]) -> None:
    with pytest.raises(ValueError, match="two values"):
        krippendorff_alpha(units)


def test_one_value_throughout_is_no_agreement_beyond_chance() -> None:
    with pytest.raises(ValueError, match="only one value"):
        krippendorff_alpha([["a", "a"]] * 5)
    with pytest.raises(ValueError, match="only one value"):
        cohen_kappa(["a", "a"], ["a", "a"])


def test_numbers_must_be_numbers() -> None:
    with pytest.raises(ValueError, match="no finite number"):
        krippendorff_alpha([[1.0, float("nan")], [1.0, 2.0]], "interval")
    with pytest.raises(ValueError, match="no finite number"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], "interval")
    with pytest.raises(ValueError, match="starts at 0"):
        krippendorff_alpha([[-1.0, 2.0], [1.0, 2.0]], "ratio")
    with pytest.raises(ValueError, match="same units"):
        cohen_kappa([1], [])
