"""What is new, counted: against oracles, per slice, closed on what nobody could look at."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_score, recall_score

from roadworthy.domain import INDICATORS, Observation, Outcome, ReferenceCounts, Shift
from roadworthy.monitoring import Against, measure, measure_all, with_outcomes
from roadworthy.monitoring.novelty import ALIKE, MOST_KINDS, _kinds

NAMES = (
    "ood_rate", "ood_recall", "ood_precision", "facet_novelty", "topic_emergence", "ood_repeats"
)  # fmt: skip
REFERENCE = "sha256:r"
AGAINST = Against(digest=REFERENCE, counts=ReferenceCounts(n=100), false_alarm=0.05, held=100)


def row(
    number: int, *, flagged: bool | None = False, sketch: str = "", **fields: object
) -> Observation:
    shift = Shift(reference=REFERENCE, score=1.0, flagged=flagged, sketch=sketch)
    plain: dict[str, object] = {
        "id": f"o{number:06}",
        "time": f"2026-11-22T10:{number // 60 % 60:02}:{number % 60:02}Z",
        "system": "desk", "release": "sha256:x", "stage": "live", "shift": shift,
    }  # fmt: skip
    return Observation(**(plain | fields))  # type: ignore[arg-type]


def sketch(seed: int, turned: int = 0) -> str:
    bits = random.Random(seed).getrandbits(64)
    for at in range(turned):
        bits ^= 1 << (at * 5 % 64)
    return f"{bits:016x}"


def new(names: tuple[str, ...] | None, flagged: bool = False) -> Shift:
    return Shift(reference=REFERENCE, score=1.0, flagged=flagged, new_facets=names)


def test_each_is_measured_with_its_interval() -> None:
    for name in NAMES:
        assert INDICATORS[name].measured
        assert INDICATORS[name].needs[0] == "reference"


def test_the_rate_is_the_share_that_is_flagged() -> None:
    rows = [row(n, flagged=n < 7) for n in range(50)]
    found = measure("ood_rate", rows)
    oracle = binomtest(7, 50).proportion_ci(0.95)
    assert (found.value, found.n, found.count) == (0.14, 50, 7)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_an_input_that_nobody_could_look_at_counts_as_flagged() -> None:
    """Fails closed: whoever makes the look fail hides nothing by it."""
    blind = Shift(reference=REFERENCE, unseen="RuntimeError: x")
    rows = [row(0), row(1), row(2, shift=blind, ood=True)]
    assert measure("ood_rate", rows).value == pytest.approx(1 / 3)
    assert measure("ood_recall", rows).value == 0.0


def test_without_a_look_there_is_no_value_and_no_pass() -> None:
    rows = [row(n, shift=None) for n in range(5)]
    for name in NAMES:
        found = measure(name, rows)
        assert found.value is None and found.reason
        assert measure(name, []).value is None


def test_recall_and_precision_are_those_of_the_truth_that_is_known() -> None:
    source = random.Random(1)
    truth = [source.random() < 0.4 for _ in range(80)]
    said = [source.random() < (0.8 if out else 0.1) for out in truth]
    rows = [
        row(n, flagged=one, ood=out) for n, (one, out) in enumerate(zip(said, truth, strict=True))
    ]
    rows += [row(100 + n, flagged=True) for n in range(9)]  # truth not known
    assert measure("ood_recall", rows).value == pytest.approx(recall_score(truth, said))
    assert measure("ood_precision", rows).value == pytest.approx(precision_score(truth, said))
    assert measure("ood_recall", rows).n == sum(truth)
    assert measure("ood_precision", rows).n == sum(said)


def test_a_reviewer_says_the_truth_later() -> None:
    seen = row(1, flagged=True)
    said = Outcome(observation=seen.id, time="2026-11-23T00:00:00Z", reporter="person:k", ood=True)
    assert measure("ood_precision", [with_outcomes(seen, [said])]).value == 1.0


def test_facets_count_where_the_reference_knows_any() -> None:
    rows = [row(0, shift=new(("supplier",))), row(1, shift=new(())), row(2, shift=new(None))]
    found = measure("facet_novelty", rows)
    assert (found.value, found.n) == (0.5, 2)


def test_a_topic_is_five_flagged_inputs_that_are_alike() -> None:
    rows = [row(n, flagged=True, sketch=sketch(1, n % 3)) for n in range(6)]
    rows += [row(10 + n, flagged=True, sketch=sketch(20 + n)) for n in range(4)]
    rows += [row(30 + n) for n in range(40)]
    found = measure("topic_emergence", rows)
    assert (found.value, found.n) == (1.0, 50)
    assert (found.low, found.high) == (0.0, 5.0)
    many = [row(n, flagged=True, sketch=sketch(1)) for n in range(14)]
    assert measure("topic_emergence", many).low == 1.0
    assert measure("topic_emergence", [row(n) for n in range(30)]).value == 0.0


def test_what_comes_again_counts_from_the_second_on() -> None:
    rows = [row(n, flagged=True, sketch=sketch(1, n)) for n in range(4)]
    rows += [row(10, flagged=True, sketch=sketch(9)), row(11), row(12)]
    found = measure("ood_repeats", rows)
    assert (found.value, found.n) == (3.0, 7)
    oracle = binomtest(3, 7).proportion_ci(0.95)
    assert (found.low, found.high) == pytest.approx((oracle.low * 7, oracle.high * 7))


def test_one_new_value_of_a_facet_comes_again_and_another_does_not() -> None:
    codes = ["x9", "x9", "y1", "x9"]
    rows = [
        row(n, shift=new(("supplier",)), facets={"supplier": code}) for n, code in enumerate(codes)
    ]
    assert measure("ood_repeats", rows).value == 2.0


def test_repeats_of_a_case_are_no_repeats() -> None:
    rows = [
        row(n, flagged=True, sketch=sketch(1), stage="eval", suite="s", case="c", repeat=n)
        for n in range(8)
    ]
    assert measure("ood_repeats", rows).value == 0.0
    assert measure("topic_emergence", rows).value == 0.0


def test_ever_new_kinds_cost_no_more_and_hide_no_topic() -> None:
    rows = [sketch(1000 + n) for n in range(3 * MOST_KINDS)]
    for at in range(5, len(rows), len(rows) // 9):
        rows[at] = sketch(1, at % 4)
    kinds = _kinds(rows[: MOST_KINDS // 2] * 2)
    assert kinds[: len(kinds) // 2] == kinds[len(kinds) // 2 :]
    alike = {sketch(1, n) for n in range(4)}
    same = {kind for kind, each in zip(_kinds(rows), rows, strict=True) if each in alike}
    assert len(same) <= 2
    assert ALIKE < 32


def test_all_are_told_with_their_slices_where_there_is_a_reference() -> None:
    rows = [
        row(n, shift=new(("supplier",) if n % 5 == 0 else (), flagged=n % 10 == 0),
            facets={"supplier": f"s{n % 2}"}, ood=n % 10 == 0)
        for n in range(60)
    ]  # fmt: skip
    told = {each.name: each for each in measure_all(rows, against=AGAINST)}
    assert set(NAMES) <= set(told)
    assert told["ood_rate"].slices["supplier=s0"].value == pytest.approx(0.2)
    assert told["ood_rate"].slices["supplier=s1"].value == 0.0
    assert not set(NAMES) & {each.name for each in measure_all(rows)}
