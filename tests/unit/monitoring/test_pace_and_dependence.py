"""Pace, prompt caches, facets that must not matter, and what counts as toxic or copied."""

from __future__ import annotations

import random

import numpy as np
import pytest
from msgspec import structs

from doubles.answering import an_observation
from roadworthy.domain import INDICATORS, Observation, Usage
from roadworthy.monitoring import measure, measure_all


def ended(seconds: list[float], **fields: object) -> list[Observation]:
    return [
        an_observation(suite="s", case=f"c{at}", time=f"2026-11-22T10:{int(each) // 60:02}:"
                       f"{each % 60:09.6f}Z", **fields)
        for at, each in enumerate(seconds)
    ]  # fmt: skip


def test_a_pace_is_answers_over_time_with_bounds_that_count_its_stretches() -> None:
    source = random.Random(3)
    found = measure("throughput", ended(sorted(source.uniform(0, 600) for _ in range(1200))))
    assert found.value == pytest.approx(2.0, rel=0.02)
    assert found.low is not None and found.high is not None
    assert found.low < 2.0 < found.high < 2.6
    assert (found.n, found.counted, found.method) == (1200, "answers", "batch_means")


def test_what_a_cache_gave_back_is_no_pace() -> None:
    rows = ended([1.0, 2.0, 3.0])
    rows[1] = structs.replace(rows[1], cache_hit=True)
    found = measure("throughput", rows)
    assert found.value is None
    assert "1 of 3 answers came from the cache" in found.reason


@pytest.mark.parametrize("seconds", [[], [1.0], [5.0, 5.0]])
def test_without_two_instants_there_is_no_pace(seconds: list[float]) -> None:
    assert measure("throughput", ended(seconds)).value is None


def test_a_pace_of_few_answers_or_of_a_clock_has_no_bounds() -> None:
    for seconds, said in (
        ([1.0, 2.0, 4.0], "from 50"),
        ([float(at) for at in range(101)], "clock"),
    ):
        found = measure("throughput", ended(seconds))
        assert found.value is not None
        assert (found.low, found.high) == (None, None)
        assert said in found.reason


def test_an_instant_that_is_none_leaves_no_pace() -> None:
    rows = [*ended([1.0, 2.0]), an_observation(time="yesterday")]
    assert "yesterday" in measure("throughput", rows).reason


def test_a_run_does_not_say_a_pace_that_is_another_each_time() -> None:
    assert "throughput" not in {item.name for item in measure_all(ended([1.0, 2.0, 4.0]))}


def test_a_provider_that_reports_no_cache_is_left_out_and_one_without_hits_is_not() -> None:
    silent = an_observation(case="a", suite="s", usage=Usage(input_tokens=9, raw={"n": 9}))
    none = Usage(input_tokens=9, raw={"prompt_tokens_details": {"cached_tokens": 0}})
    half = Usage(input_tokens=10, cached_input_tokens=5)
    assert measure("prompt_cache_rate", [silent]).value is None
    rows = [silent, an_observation(case="b", suite="s", usage=none),
            an_observation(case="c", suite="s", usage=half)]  # fmt: skip
    found = measure("prompt_cache_rate", rows)
    assert (found.value, found.n) == (0.25, 2)


def judged(label: str, decision: str, side: str, **more: object) -> Observation:
    return an_observation(label=label, decision=decision, facets={"side": side}, **more)


def test_equal_accuracy_hides_a_dependence_that_is_shown() -> None:
    """Both sides are right half the time; their errors go to different desks."""
    rows = [
        judged("motor", said, side, suite="s", case=f"{side}{at}{said}")
        for side, wrong in (("left", "home"), ("right", "travel"))
        for at in range(40)
        for said in ("motor", wrong)
    ]
    assert measure("slice_gap", rows).value == 0.0
    found = measure("spurious_dependence", rows)
    assert found.value == pytest.approx(0.5)
    assert found.low is not None and found.low > 0.2


def test_another_mix_of_labels_is_no_dependence() -> None:
    """The left has more hard cases: its accuracy is lower, given the label nothing differs."""
    rows = []
    for side, hard in (("left", 80), ("right", 20)):
        for at in range(100):
            label, said = ("hard", "easy") if at < hard else ("easy", "easy")
            rows.append(judged(label, said, side, suite="s", case=f"{side}{at}"))
    assert measure("slice_gap", rows).value == pytest.approx(0.6)
    assert measure("spurious_dependence", rows).value == 0.0


def test_no_answer_is_an_ending_too() -> None:
    rows = [
        judged("motor", "motor", side, suite="s", case=f"{side}{at}", action=action)
        for side, action in (("left", "answered"), ("right", "held"))
        for at in range(30)
    ]
    assert measure("spurious_dependence", rows).value == 1.0


def test_small_slices_prove_no_dependence() -> None:
    rows = [judged("motor", "motor", f"side{at % 2}", suite="s", case=str(at)) for at in range(38)]
    found = measure("spurious_dependence", rows)
    assert found.value is None
    assert "20 cases of one label" in found.reason


def test_bounds_of_a_dependence_hold_where_there_is_none() -> None:
    """Of 200 systems that look at no facet, the lower bound is above 0 in at most 5 %."""
    draw = np.random.default_rng(5)
    wrong = 0
    for _ in range(200):
        ends = draw.choice(["motor", "home", "travel"], size=240, p=[0.7, 0.2, 0.1])
        rows = [
            judged("motor", str(end), f"side{at % 3}", suite="s", case=str(at))
            for at, end in enumerate(ends)
        ]
        found = measure("spurious_dependence", rows)
        wrong += found.low is None or found.low > 0
    assert wrong <= 10


@pytest.mark.parametrize(("name", "score"), [("toxicity", "toxic")])
def test_a_detector_says_it_without_a_judge(name: str, score: str) -> None:
    values = [1.0] * 18 + [0.0] * 2
    rows = [an_observation(suite="s", case=str(at), scores={score: value})
            for at, value in enumerate(values)]  # fmt: skip
    rows.append(an_observation(suite="s", case="held", action="held", scores={score: 0.0}))
    found = measure(name, rows)
    assert (found.value, found.n, found.doubt) == (pytest.approx(0.1), 20, "")
    assert found.low is not None and found.low < 0.1
    assert not INDICATORS[name].higher_is_better
    assert [item.name for item in measure_all(rows) if item.name in (name, score)] == [name]


@pytest.mark.parametrize("name", ["slice_gap", "spurious_dependence"])
def test_variants_of_a_few_cases_do_not_narrow_a_gap(name: str) -> None:
    """Thirty variants of each of five cases a side say what five cases a side say."""
    alone, grown = [], []
    for side, right in (("left", 5), ("right", 4)):
        for case in range(5):
            said = "motor" if case < right else "home"
            for variant in range(30):
                key = f"{side}{case}.{variant}"
                alone.append(judged("motor", said, side, suite="s", case=key))
                grown.append(judged("motor", said, side, suite="s", case=key,
                                    attributes={"grown_from": f"{side}{case}"}))  # fmt: skip
    free, held = measure(name, alone), measure(name, grown)
    assert free.value == held.value == pytest.approx(0.2)
    assert free.low is not None and free.low > 0.05
    assert held.low is not None and held.low < 0.01
    assert held.high is not None and free.high is not None and held.high > free.high + 0.2
    assert (free.method, held.method) == ("clopper_pearson", "cluster_robust")


def test_variants_of_a_few_cases_do_not_narrow_a_cost() -> None:
    """Thirty variants of each of four cases cost what four cases cost."""
    rows = [
        an_observation(suite="s", case=f"{case}.{variant}", cost=f"0.{case}{variant:02}",
                       attributes={"grown_from": str(case)} if grown else {})
        for grown in (False, True) for case in range(1, 5) for variant in range(30)
    ]  # fmt: skip
    free, held = (measure("cost_per_request", part) for part in (rows[:120], rows[120:]))
    assert free.value == held.value
    assert free.high is not None and held.high is not None
    assert held.high - (held.value or 0) > 3 * (free.high - (free.value or 0))
    assert (held.method, held.independent) == ("cluster_robust", 4)


def test_live_answers_that_were_given_again_are_counted_and_those_of_a_run_are_not() -> None:
    live = ended([1.0, 2.0, 3.0, 5.0], stage="live")
    live[1] = structs.replace(live[1], cache_hit=True)
    failed = an_observation(stage="live", status="error")
    found = measure("cache_hit_rate", [*live, failed])
    assert (found.value, found.n, found.method) == (0.25, 4, "clopper_pearson")
    assert measure("throughput", live).value == 0.75
    asked = [structs.replace(row, stage="eval") for row in live]
    assert measure("cache_hit_rate", asked).value is None
