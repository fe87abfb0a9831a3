"""How far raters agree beyond chance: Krippendorff's alpha and Cohen's kappa.

Enters: for each unit the values that its raters gave, None where one gave none. Leaves: a
coefficient, 1 for perfect agreement and 0 for what chance gives, with an interval over units.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Literal, TypeVar

from msgspec import Struct

from .bootstrap import ROUNDS, bca_bootstrap
from .intervals import Interval

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
Value = TypeVar("Value", bound=Hashable)
Unit = tuple[tuple[object, int], ...]
"""The values of one unit and how often each was given."""

FEW = 10
"""Units below which no interval is given."""


class Agreement(Struct, frozen=True, kw_only=True):
    """A coefficient of agreement."""

    value: float
    interval: Interval | None
    """None with fewer than ten units, or where the units do not vary enough to resample."""
    units: int
    """With two values at least; others cannot be paired."""
    ratings: int
    """Values in these units."""


def krippendorff_alpha(
    units: Sequence[Sequence[Value | None]],
    scale: Scale = "nominal",
    *,
    confidence: float = 0.95,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Agreement:
    """Krippendorff's alpha of any number of raters, with values missing (Krippendorff 2011).

    1 - observed over expected disagreement (https://repository.upenn.edu/asc_papers/43). On the
    ordinal scale values are ordered by `<`; `interval` and `ratio` need numbers (`ratio` at least
    0). The interval is a BCa bootstrap over units. Raises ValueError with no unit of two values,
    where only one value was ever given (there is nothing to disagree about), or on a number that is
    not finite.
    """
    paired: list[Unit] = []
    for unit in units:
        values = [value for value in unit if value is not None]
        if len(values) > 1:
            paired.append(tuple(Counter(values).items()))
    if not paired:
        raise ValueError("no unit has two values")
    _check(paired, scale)
    whole = _alpha(paired, scale)
    if whole is None:
        raise ValueError("only one value was ever given: agreement beyond chance is not defined")
    interval = None
    if len(paired) >= FEW:
        try:
            interval = bca_bootstrap(
                paired, lambda drawn: _alpha(drawn, scale),
                confidence=confidence, rounds=rounds, seed=seed,
            )  # fmt: skip
        except ValueError:
            interval = None
    ratings = sum(count for unit in paired for _, count in unit)
    return Agreement(value=whole, interval=interval, units=len(paired), ratings=ratings)


def _check(units: Sequence[Unit], scale: Scale) -> None:
    if scale not in ("interval", "ratio"):
        return
    for unit in units:
        for value, _ in unit:
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"{value!r} is no finite number")
            if scale == "ratio" and value < 0:
                raise ValueError("a ratio scale starts at 0")


def _alpha(units: Sequence[Unit], scale: Scale) -> float | None:
    """The coefficient; None where only one value occurs."""
    totals: dict[object, float] = {}
    together: dict[tuple[object, object], float] = {}
    for unit, often in Counter(units).items():
        size = sum(count for _, count in unit)
        for position, (first, count) in enumerate(unit):
            totals[first] = totals.get(first, 0.0) + often * count
            for second, other in unit[position + 1 :]:
                key = (first, second)
                together[key] = together.get(key, 0.0) + often * 2 * count * other / (size - 1)
    if len(totals) < 2:
        return None
    distance: Callable[[object, object], float]
    if scale == "ratio":
        distance, expected = _ratio, _over_pairs(totals)
    else:
        place = _places(scale, totals)
        distance = _nominal if scale == "nominal" else lambda a, b: (place[a] - place[b]) ** 2
        expected = _by_moments(totals, place) if place else _unlike(totals)
    seen = math.fsum(weight * distance(a, b) for (a, b), weight in together.items())
    return 1 - (sum(totals.values()) - 1) * seen / expected


def _nominal(_a: object, _b: object) -> float:
    return 1.0


def _ratio(a: object, b: object) -> float:
    assert isinstance(a, int | float)
    assert isinstance(b, int | float)
    return ((a - b) / (a + b)) ** 2


def _places(scale: Scale, totals: dict[object, float]) -> dict[object, float]:
    """Where each value stands: itself, or on the ordinal scale the middle of its ranks."""
    if scale == "nominal":
        return {}
    if scale == "interval":
        return {value: float(value) for value in totals}  # type: ignore[arg-type]
    middle: dict[object, float] = {}
    before = 0.0
    for value in sorted(totals):  # type: ignore[type-var]
        middle[value] = before + totals[value] / 2
        before += totals[value]
    return middle


def _unlike(totals: dict[object, float]) -> float:
    """Pairs of different values, both ways round."""
    n = math.fsum(totals.values())
    return n * n - math.fsum(count * count for count in totals.values())


def _by_moments(totals: dict[object, float], place: dict[object, float]) -> float:
    """The squared distances of all pairs, without going over the pairs."""
    n = math.fsum(totals.values())
    mean = math.fsum(count * place[value] for value, count in totals.items()) / n
    return 2 * n * math.fsum(count * (place[value] - mean) ** 2 for value, count in totals.items())


def _over_pairs(totals: dict[object, float]) -> float:
    names = list(totals)
    return math.fsum(
        2 * totals[a] * totals[b] * _ratio(a, b)
        for position, a in enumerate(names)
        for b in names[position + 1 :]
    )


def cohen_kappa(
    first: Sequence[Value],
    second: Sequence[Value],
    weights: Literal["", "linear", "quadratic"] = "",
) -> float:
    """Cohen's kappa of two raters of all units (Cohen 1960; weighted 1968).

    With weights the values are taken in their order, one step apart. Raises ValueError when the two
    differ in length, are empty, or both gave one and the same value throughout.
    """
    if len(first) != len(second) or not first:
        raise ValueError("two raters of the same units, and at least one")
    names = sorted(set(first) | set(second)) if weights else list(set(first) | set(second))  # type: ignore[type-var]
    place = {name: index for index, name in enumerate(names)}
    power = {"": 0, "linear": 1, "quadratic": 2}[weights]

    def cost(a: Value, b: Value) -> float:
        return float(abs(place[a] - place[b]) ** power) if a != b else 0.0

    n = len(first)
    seen = math.fsum(cost(a, b) for a, b in zip(first, second, strict=True)) / n
    rows, columns = Counter(first), Counter(second)
    chance = math.fsum(rows[a] * columns[b] * cost(a, b) for a in rows for b in columns) / (n * n)
    if chance == 0:
        raise ValueError("only one value was ever given: agreement beyond chance is not defined")
    return 1 - seen / chance
