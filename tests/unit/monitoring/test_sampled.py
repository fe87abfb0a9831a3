"""Scores of a random sample: weighted as drawn, bounded as little as was seen, never the whole."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs

from roadworthy.domain import Drawn, Observation, SafetySLO, Verdict, drawing, share_for
from roadworthy.monitoring import measure, measure_all
from roadworthy.policy import assess
from roadworthy.statistics import share_interval


def answer(share: float, value: float | None = None, **fields: object) -> Observation:
    """An answer; without a value it was not drawn."""
    taken = value is not None or "skipped" in fields
    drawn = Drawn(
        score="good", share=share, taken=taken, value=value, skipped=str(fields.pop("skipped", ""))
    )
    scores = {} if value is None else {"good": value}
    return Observation(id="o", time="2026-11-22T10:00:00.000000Z", system="s", release="r",
                       stage="live", scores=scores, drawn=(drawn,), **fields)  # type: ignore[arg-type]  # fmt: skip


def test_each_answer_counts_for_those_it_was_drawn_from() -> None:
    rows = [answer(0.1, 1.0)] * 80 + [answer(0.1, 0.0)] * 20 + [answer(0.1)] * 900
    rows += [answer(1.0, 0.0)] * 100
    found = measure("good", rows)
    values, weights = [1.0] * 80 + [0.0] * 120, [10.0] * 100 + [1.0] * 100
    assert found.value == pytest.approx(np.average(values, weights=weights))
    assert (found.n, found.count) == (200, 80)
    kish = np.sum(weights) ** 2 / np.sum(np.square(weights))
    assert found.independent == int(kish)
    assert found.method == "stratified"
    assert found.sampled == pytest.approx(200 / 1100)


def test_without_the_answers_that_were_not_drawn_their_number_is_estimated_and_less_is_known() -> (
    None
):
    drawn = [answer(0.1, 1.0)] * 80 + [answer(0.1, 0.0)] * 20 + [answer(1.0, 0.0)] * 100
    found, known = measure("good", drawn), measure("good", [*drawn, *[answer(0.1)] * 900])
    assert found.value == pytest.approx(known.value)
    assert found.low is not None and known.low is not None
    assert found.low < known.low


def test_what_was_not_drawn_by_one_release_says_nothing_of_another_that_is_gone() -> None:
    gone = [structs.replace(answer(0.01, 0.0), release="gone")] * 10
    found = measure("good", [*gone, *[answer(0.5, 1.0)] * 50, *[answer(0.5)] * 50])
    assert found.value == pytest.approx(np.average([0.0, 1.0], weights=[10 / 0.01, 100]))


def test_one_share_for_all_is_a_plain_sample() -> None:
    rows = [answer(0.1, 1.0)] * 9 + [answer(0.1, 0.0)] + [answer(0.1)] * 90
    found = measure("good", rows)
    assert (found.low, found.high) == (share_interval(9, 10).low, share_interval(9, 10).high)
    assert found.independent is None


def test_what_was_drawn_and_skipped_may_be_anything() -> None:
    rows = [answer(1.0, 1.0)] * 90 + [answer(1.0, skipped="the budget")] * 10
    found = measure("good", rows)
    assert found.low == pytest.approx(0.9 * share_interval(90, 90).low)
    assert found.value == 1.0
    assert "10 drawn ones were skipped" in found.reason


def test_a_sample_that_nobody_looked_at_is_no_value() -> None:
    found = measure("good", [answer(0.1)] * 50)
    assert found.value is None
    assert "0 of 50 answers were looked at" in found.reason
    assert "good" not in {each.name for each in measure_all([answer(0.1)] * 50)}


def test_a_slice_of_which_none_was_drawn_may_be_anything() -> None:
    rows = [answer(1.0, 1.0)] * 100 + [answer(0.001)] * 100
    found = measure("good", rows)
    assert found.low is not None
    assert found.low < 0.5


def test_no_event_in_a_sample_is_no_proof_of_none_at_all() -> None:
    slo = SafetySLO(name="good", target="== 1")
    whole = assess(slo, measure("good", [answer(1.0, 1.0)] * 100))
    assert whole.verdict is Verdict.PASS
    rows = [answer(0.1, 1.0)] * 100 + [answer(0.1)] * 900
    found = assess(slo, measure("good", rows))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "of the others nobody knows any" in found.reason
    most = SafetySLO(name="good", target="== 1", max_rate=0.05)
    assert assess(most, measure("good", rows)).verdict is Verdict.PASS


def test_clean_strata_prove_no_more_than_their_bounds_say() -> None:
    rows = [answer(1.0, 1.0)] * 900 + [answer(0.1, 1.0)] * 10 + [answer(0.1)] * 90
    found = assess(SafetySLO(name="good", target="== 1", max_rate=0.01), measure("good", rows))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_slices_are_measured_by_their_own_sample() -> None:
    rows = [answer(0.5, 1.0, facets={"lang": "de"}), answer(0.5, facets={"lang": "de"})]
    rows += [answer(1.0, 0.0, facets={"lang": "en"})] * 3
    (found,) = [each for each in measure_all(rows) if each.name == "good"]
    assert found.value == pytest.approx(0.4)
    assert found.slices["lang=de"].value == 1.0
    assert found.slices["lang=en"].value == 0.0


def test_the_number_of_an_answer_is_uniform_and_only_the_key_tells_it() -> None:
    numbers = [drawing(b"k" * 32, str(each)) for each in range(4000)]
    assert np.mean(numbers) == pytest.approx(0.5, abs=0.02)
    assert np.mean(np.array(numbers) < 0.01) == pytest.approx(0.01, abs=0.006)
    assert drawing(b"k" * 32, "7") == numbers[7] != drawing(b"l" * 32, "7")


def test_no_caller_is_drawn_less_for_what_they_say_of_themselves() -> None:
    shares = {"lang=de": 0.5, "tenant=acme": 0.2, "endpoint=sort": 0.001}

    def of(**facets: str) -> float:
        return share_for(0.01, shares, tenant="other", endpoint="sort", facets=facets)

    assert of() == 0.01
    assert of(lang="de") == 0.5
    assert of(tenant="acme") == 0.01, "a facet is no tenant"
