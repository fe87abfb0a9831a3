"""What scores of a random sample promise, as `promises.py` does: intervals at unequal shares.

Each run makes live answers of several slices, draws them by the keyed hash of their ids as a
control process does, and measures the score of the drawn ones as `monitoring` does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import Drawn, Observation, drawing
from roadworthy.monitoring import measure

Slices = Sequence[tuple[float, float, float]]
"""(share of the traffic, how often an answer is right there, with which probability it is drawn)"""

EVEN: Slices = ((0.5, 0.9, 1.0), (0.5, 0.9, 0.05))
HIDDEN: Slices = ((0.9, 1.0, 1.0), (0.1, 0.5, 0.01))
"""A tenth of the traffic is bad, and one in a hundred of it is looked at."""
SEVERAL: Slices = ((0.6, 0.98, 0.02), (0.3, 0.8, 0.1), (0.1, 0.4, 0.5))
TEN: Slices = tuple((0.1, 1 - 0.02 * each, 0.02 + 0.03 * each) for each in range(10))

BLANK = Observation(id="", time="", system="s", release="r", stage="live")


def rows(source: random.Random, slices: Slices, n: int, skips: float = 0.0) -> list[Observation]:
    """Answers as a look finds them; of what is drawn, `skips` of the wrong ones are skipped."""
    key = source.randbytes(32)
    found = []
    for place in range(n):
        _, right, share = source.choices(slices, [each[0] for each in slices])[0]
        name = f"{place}-{source.random()}"
        taken = drawing(key, name) < share
        value = float(source.random() < right) if taken else None
        lost = bool(taken and not value and source.random() < skips)
        drawn = Drawn(score="good", share=share, taken=taken, value=None if lost else value,
                      skipped="a test" if lost else "")  # fmt: skip
        scores = {"good": drawn.value} if drawn.value is not None else {}
        found.append(structs.replace(BLANK, id=name, scores=scores, drawn=(drawn,)))
    return found


def covers(source: random.Random, slices: Slices, n: int, skips: float = 0.0) -> bool:
    """Whether the interval holds how often answers are right, by the traffic's own mix."""
    truth = sum(mix * right for mix, right, _ in slices)
    found = measure("good", rows(source, slices, n, skips))
    if found.value is None:
        return True  # nothing was drawn, and nothing is said
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def without_the_rest(source: random.Random, slices: Slices, n: int) -> bool:
    """The same where only drawn answers are known: how many there were is estimated from them."""
    truth = sum(mix * right for mix, right, _ in slices)
    seen = [row for row in rows(source, slices, n) if row.drawn[0].taken]
    found = measure("good", seen)
    return found.low is None or found.high is None or found.low <= truth <= found.high


def proves_too_much(source: random.Random, slices: Slices, n: int) -> float:
    """Whether the upper bound of what is wrong is too low, one-sided."""
    truth = sum(mix * right for mix, right, _ in slices)
    found = measure("good", rows(source, slices, n))
    return float(found.low is not None and found.low > truth)


SAMPLES: list[tuple[str, float, Callable[[random.Random], Any], str]] = [
    ("random sample, shares 1 and 1/20", 0.95, lambda s: covers(s, EVEN, 400), "at least"),
    ("random sample, bad slice drawn 1/100", 0.95, lambda s: covers(s, HIDDEN, 1500), "at least"),
    ("random sample, three shares", 0.95, lambda s: covers(s, SEVERAL, 800), "at least"),
    ("random sample, ten shares", 0.94, lambda s: covers(s, TEN, 1000), "at least"),
    ("random sample, half the bad skipped", 0.95, lambda s: covers(s, SEVERAL, 800, 0.5),
     "at least"),
    ("random sample, size estimated", 0.95, lambda s: without_the_rest(s, SEVERAL, 800),
     "at least"),
    ("random sample, bad slice proven good", 0.025, lambda s: proves_too_much(s, HIDDEN, 1500),
     "at most"),
]  # fmt: skip
