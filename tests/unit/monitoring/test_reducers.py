from __future__ import annotations

import pytest

from doubles.answering import an_observation
from roadworthy.monitoring import measure, measure_all


def a_row(case, repeat, score, *, reduce="", **fields):
    attributes = {"reduce": {"exact": reduce, "label": reduce}} if reduce else {}
    scores = {} if score is None else {"exact": score}
    return an_observation(
        suite="s", case=case, repeat=repeat, scores=scores, attributes=attributes, **fields
    )


def rows(reduce, **cases):
    return [
        a_row(case, n, score, reduce=reduce)
        for case, scores in cases.items()
        for n, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("reduce", "value"),
    [
        ("", (0.5 + 1) / 2),
        ("mean", (0.5 + 1) / 2),
        ("max", 1.0),
        ("min", 0.5),
        ("majority", 0.5),
        ("pass_at(2)", (1 - 1 / 6 + 1) / 2),
        ("pass_hat(2)", (1 / 6 + 1) / 2),
    ],
)
def test_a_case_has_the_value_that_its_suite_reduces_it_to(reduce, value):
    found = measure("exact_match", rows(reduce, a=[1, 0, 1, 0], b=[1, 1, 1, 1]))
    assert found.value == pytest.approx(value)
    assert (found.n, found.rows) == (2, 8)
    assert found.low is not None
    assert found.low < value


def test_a_repeat_that_failed_is_one_that_was_not_right():
    failed = a_row("a", 3, None, reduce="pass_hat(4)", status="error")
    found = measure("exact_match", [*rows("pass_hat(4)", a=[1, 1, 1]), failed])
    assert found.value == 0.0


def test_too_few_repeats_measure_nothing():
    found = measure("exact_match", rows("pass_hat(4)", a=[1, 1, 1], b=[1, 1, 1]))
    assert found.value is None
    assert "pass_hat(4) needs more repeats than the 3 of case a" in found.reason


def test_a_single_repeat_is_reduced_too():
    assert measure("exact_match", rows("pass_hat(4)", a=[1])).value is None
    assert measure("exact_match", rows("min", a=[1])).value == 1.0


def test_suites_may_reduce_one_score_differently():
    one = [a_row("a", n, score, reduce="max") for n, score in enumerate((1, 0))]
    two = [a_row("b", n, score, reduce="min") for n, score in enumerate((1, 0))]
    assert measure("exact_match", [*one, *two]).value == 0.5


def test_no_reducer_excuses_a_never_event_or_an_attack():
    from roadworthy.domain import NeverRecord

    record = NeverRecord(event="leak", kind="violation", found_by="rail")
    found = [
        a_row("a", 0, 1.0, reduce="max", tags=("adversarial",)),
        a_row("a", 1, 0.0, reduce="max", tags=("adversarial",), never=(record,)),
    ]
    assert measure("never_event_violations", found).value == 1
    assert measure("attack_success", found).value == 0.5
    named = {each.name: each for each in measure_all(found)}
    assert named["exact_match"].value == 1.0
