"""Every promise of `bench/promises.py`, `distances.py` and `samples.py`, seeds fixed.

Up to three hundred simulated runs each. Refuted is one whose 99.9 % interval excludes what it says;
`python -m bench guarantees` takes thousands of runs, and names those that 95 % exclude.
"""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import pytest

from roadworthy.statistics import mean_interval, share_interval

BENCH = Path(__file__).parents[2] / "bench"
SURE = 0.999
SLOW = (
    "random sample",
    "Krippendorff",
    "power",
    "only the worse",
    "silent: the gate",
    "confidence sequence",
)
"""Beginnings of those that are simulated forty times only: a run of them takes long."""


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


SAID = module("promises")
BESIDE = [*module("distances").DISTANCES, *module("samples").SAMPLES]
PROMISES = [*SAID.PROMISES, *(SAID.Promise(*each) for each in BESIDE)]
APPROXIMATE = SAID.APPROXIMATE


def seen(promise: Any, rounds: int) -> list[float]:
    return [float(promise.draw(random.Random(f"{promise.name} {seed}"))) for seed in range(rounds)]


@pytest.mark.parametrize("promise", PROMISES, ids=[each.name for each in PROMISES])
def test_no_promise_is_refuted(promise: Any) -> None:
    rounds = 40 if promise.name.startswith(SLOW) else 300
    found = seen(promise, rounds)
    if promise.side == "at most":
        # A mean of equal values has no interval: an alarm that never came is one.
        low = mean_interval(found, SURE).low if len(set(found)) > 1 else found[0]
        assert low <= promise.said
    else:
        assert share_interval(sum(found), rounds, SURE).high >= promise.said


@pytest.mark.parametrize("loose", APPROXIMATE, ids=[each.name for each in APPROXIMATE])
def test_what_is_called_approximate_keeps_no_promise(loose: Any) -> None:
    """Student's t on heavy tails: the documents say so, and in how many runs it is too low."""
    kept = sum(seen(loose, 600))
    assert share_interval(kept, 600, SURE).high < loose.said


def test_an_interval_that_is_too_narrow_would_be_refuted() -> None:
    """The yardstick itself: 88 % where 95 % are said is found in so many runs."""
    source = random.Random(1)
    kept = sum(source.random() < 0.88 for _ in range(300))
    assert share_interval(kept, 300, SURE).high < 0.95


def test_each_kind_of_promise_is_simulated() -> None:
    names = " ".join(each.name for each in PROMISES)
    for subject in (
        "risk control",
        "CR2",
        "Holm",
        "pass@",
        "Wilson",
        "Clopper-Pearson",
        "random sample",
    ):
        assert subject in names
