"""What the statistics of drift promise, each as one simulated run; see `promises.py`.

A row is what `promises.Promise` is made of: the name, how often it is kept, one simulated run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from roadworthy.statistics import Returning, Stratum, drift

Row = tuple[str, float, Callable[[random.Random], float]]

KINDS = [1 / (1 + at) for at in range(20)]
"""Weights of kinds of inputs: some frequent, many rare."""
MANY = [1 / (1 + at) for at in range(200)]


def seen(source: random.Random, weights: Sequence[float], n: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind in source.choices(range(len(weights)), weights, k=n):
        found[str(kind)] = found.get(str(kind), 0.0) + 1
    return found


def distance(
    source: random.Random, old: Sequence[float], new: Sequence[float], m: int, n: int
) -> bool:
    """Whether the interval of a distance covers that of what both samples are drawn from."""
    truth = sum(abs(a / sum(old) - b / sum(new)) for a, b in zip(old, new, strict=True)) / 2
    found = drift([Stratum(seen(source, old, m), seen(source, new, n), n)]).interval
    return found.low <= truth <= found.high


def silent(source: random.Random, weights: Sequence[float], m: int, n: int) -> bool:
    """Whether nothing is refuted where nothing moved."""
    found = drift([Stratum(seen(source, weights, m), seen(source, weights, n), n)])
    return found.p_value > 0.05


def in_strata(source: random.Random, moved: float) -> bool:
    """Three decisions whose truths have moved by as much each."""
    was, now = [0.8, 0.15, 0.05], [0.8 - moved, 0.15 + moved, 0.05]
    strata = [
        Stratum(seen(source, was, m), seen(source, now, n), n, weight=n)
        for m, n in ((400, 90), (150, 40), (40, 12))
    ]
    found = drift(strata).interval
    return found.low <= moved <= found.high


def unchanged(source: random.Random, looks: int) -> bool:
    """Whether a model that wavers as it always did is never called changed, at 5 %."""
    rates = [source.choice([0.0, 0.0, 0.02, 0.3]) for _ in range(40)]
    first = sum(source.random() < rate for rate in rates for _ in range(2))
    watch = Returning(first, 80, alpha=0.05)
    for _ in range(looks):
        watch.look(sum(source.random() < rate for rate in rates), 40)
    return not watch.changed


def conversations(source: random.Random, talks: int) -> bool:
    """Whether an interval covers no change where each conversation stays with one topic."""
    seen_kinds: dict[str, float] = {}
    sizes = [source.choice([1, 1, 2, 5, 9]) for _ in range(talks)]
    for size in sizes:
        topic = str(source.choices(range(len(KINDS)), KINDS)[0])
        seen_kinds[topic] = seen_kinds.get(topic, 0.0) + size
    worth = sum(sizes) ** 2 / sum(size**2 for size in sizes)
    found = drift([Stratum(seen(source, KINDS, 1000), seen_kinds, worth)])
    return found.interval.low == 0.0


DISTANCES: list[Row] = [
    ("a distance, nothing moved, 1,000 and 200", 0.95,
     lambda s: distance(s, KINDS, KINDS, 1000, 200)),
    ("a distance, nothing moved, 300 and 30", 0.95, lambda s: distance(s, KINDS, KINDS, 300, 30)),
    ("a distance, 2 kinds, nothing moved, 20", 0.95,
     lambda s: distance(s, [1, 1], [1, 1], 500, 20)),
    ("a distance of 0.1: a new kind, 1,000 and 200", 0.95,
     lambda s: distance(s, [*KINDS, 0.0], [*KINDS, sum(KINDS) / 9], 1000, 200)),
    ("a distance of 0.5: kinds swapped, 300 and 60", 0.95,
     lambda s: distance(s, KINDS, KINDS[::-1], 300, 60)),
    ("silent: nothing moved, 200 kinds, 2,000 and 300", 0.95,
     lambda s: silent(s, MANY, 2000, 300)),
    ("silent: nothing moved, 200 kinds, 50 and 1,000", 0.95, lambda s: silent(s, MANY, 50, 1000)),
    ("silent: nothing moved, 60 conversations", 0.95, lambda s: conversations(s, 60)),
    ("truths given decisions, nothing moved", 0.95, lambda s: in_strata(s, 0.0)),
    ("truths given decisions, moved by 0.2", 0.95, lambda s: in_strata(s, 0.2)),
    ("silent: a hosted model unchanged, 100 looks", 0.95, lambda s: unchanged(s, 100)),
]  # fmt: skip
