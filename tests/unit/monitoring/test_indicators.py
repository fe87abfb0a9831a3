"""Indicators over observations, against scikit-learn where it has them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sklearn.metrics import precision_recall_fscore_support

from roadworthy.domain import (
    INDICATORS,
    JUDGE_SHOWN,
    SCORE_SHOWN,
    UPHELD,
    DetectorError,
    ManifestError,
    NeverRecord,
    Observation,
    ReferenceCounts,
    Reviewed,
    Shift,
    Usage,
)
from roadworthy.monitoring import Against, by_facets, measure, measure_all, selector
from roadworthy.monitoring.host import OF_HOST


def row(**values: Any) -> Observation:
    defaults = {"id": "o", "time": "t", "system": "desk", "release": "r", "stage": "eval"}
    return Observation(**{**defaults, **values})


def decided(label: str, decision: str, **values: Any) -> Observation:
    return row(label=label, decision=decision, **values)


def test_every_indicator_that_says_measured_is_measured() -> None:
    rich = [
        decided(
            "a", "a", confidence=0.9, latency_ms=5.0, first_token_ms=2.0, cost="0.01",
            scores={"exact": 1.0, "contains": 1.0, "regex": 1.0, "schema": 1.0, "pii": 1.0},
            tags=(
                "adversarial", "benign", "consistency", "fairness", "group:g",
                "hidden_function", "hazard:prompt_leak", "technique:role_play",
                "technique:direct_injection",
            ),
            attributes={"expect_action": action},
        )
        for action in ("hold", "block", "answer")
    ]  # fmt: skip
    repeated = [decided("a", "a", suite="s", case="c", repeat=each) for each in range(10)]
    own = ("refusal", "secrets", "verbatim")
    scores = dict.fromkeys([*SCORE_SHOWN.values(), *own], 1.0)
    usage = Usage(input_tokens=10, cached_input_tokens=5)
    rich += [
        decided(
            label, label, suite="s", case=f"c{case}", repeat=repeat, scores=scores,
            facets={"lang": label, "side": "left" if case % 2 else "right"}, usage=usage,
            label_probabilities={"a": 0.5, "b": 0.5},
            attributes={
                "logprobs": {"tokens": 1, "sum": -1.0},
                "numbers": {"absolute_error": [case, case + 1]},
            },
        )
        for label, cases in (("a", range(40)), ("b", range(40, 80)))
        for case in cases
        for repeat in range(2)
    ]  # fmt: skip
    judged = [
        [
            decided(
                "a", "a", suite="s", case=f"c{said}", attributes={"judges": {name: about}},
                scores={name: said, f"human.{about.get('people', name)}": said,
                        **dict.fromkeys(JUDGE_SHOWN.values(), said)},
            )
            for said in (0.0, 1.0)
        ]
        for name, about in (("own", {}), ("better", {"people": "preference@reference"}))
    ]  # fmt: skip
    said = {"feedback": 1.0, "satisfied": 1.0, "business.resolved": 1.0, UPHELD: 1.0}
    seen = {"misuse": (), "shift": Shift(rephrased=False)}
    live = [row(cost="1", stage="live", scores=said, **seen)]
    shift = Shift(
        reference="sha256:r", score=1.0, flagged=True, topic="t", output_topic="t",
        new_facets=(), model_written=False,
    )  # fmt: skip
    reviewed = Reviewed(decision="approve", overturned=False, waited_ms=5.0)
    held_against = [
        decided("a", "a", shift=shift, ood=True, reviewed=reviewed, review="r") for _ in range(2)
    ]
    counts = ReferenceCounts(
        inputs={"t": 2}, outputs={"t": 2}, decisions={"a": 2}, truths={"a": {"a": 2}}, n=2
    )
    against = Against(digest="sha256:r", counts=counts, false_alarm=0.05, held=19)
    runs = (rich, repeated, live, *judged)
    measured = {item.name for each in runs for item in measure_all(each)}
    measured |= {item.name for item in measure_all(held_against, against=against)}
    promised = {name for name, spec in INDICATORS.items() if spec.measured}
    # another each time; an objective measures them
    assert promised - measured == {"throughput", "headroom", *OF_HOST}
    ended = [row(time=f"2026-11-22T10:00:{at:02}.000000Z") for at in range(3)]
    assert measure("throughput", ended).value == 1.0


@pytest.mark.parametrize("label", ["", "a"])
@pytest.mark.parametrize("scores", [{}, {"exact": 1.0}, {"pii": 0.0, "own": 0.5}])
@pytest.mark.parametrize("status", ["ok", "error"])
def test_what_is_not_asked_for_in_all_together_says_nothing_by_itself(
    label: str, scores: dict[str, float], status: Any
) -> None:
    rows = [row(label=label, decision="a", scores=scores, status=status, confidence=0.5)] * 3
    together = {item.name for item in measure_all(rows)}
    for name, spec in INDICATORS.items():
        found = measure(name, rows)
        says_something = found.value is not None or found.coverage == 0.0
        assert not spec.measured or says_something == (name in together), name


def test_without_data_there_is_no_value_but_a_reason() -> None:
    for name in INDICATORS:
        found = measure(name, [])
        assert found.value is None, name
        assert found.reason, name
        assert found.n == 0


def test_macro_averages_agree_with_scikit_learn() -> None:
    source = random.Random(1)
    labels = ["motor", "home", "travel", "rare"]
    rows = [decided(source.choice(labels[:3]), source.choice(labels)) for _ in range(200)]
    truth, made = [item.label for item in rows], [item.decision for item in rows]
    theirs = precision_recall_fscore_support(truth, made, average="macro", zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), theirs, strict=False):
        found = measure(name, rows)
        assert found.value == pytest.approx(value)
        assert found.low is not None
        assert found.low <= found.value <= found.high  # type: ignore[operator]


def test_an_error_counts_as_wrong() -> None:
    rows = [decided("a", "a"), decided("a", "a", status="error")]
    assert measure("accuracy", rows).value == 0.5


def test_held_cases_count_for_hold_recall_and_benign_ones_for_over_refusal() -> None:
    must = {"attributes": {"expect_action": "hold"}}
    rows = [
        row(action="held", **must), row(action="answered", **must),
        row(action="held", tags=("benign",)), row(tags=("benign",)), row(tags=("benign",)),
    ]  # fmt: skip
    assert measure("hold_recall", rows).value == 0.5
    assert measure("over_refusal", rows).value == pytest.approx(1 / 3)


def test_an_attack_without_an_expectation_counts_as_a_success() -> None:
    rows = [row(tags=("adversarial",)), decided("a", "a", tags=("adversarial",))]
    assert measure("attack_success", rows).value == 0.5


def test_violations_are_counted_over_all_rows() -> None:
    left = NeverRecord(event="e", kind="violation", found_by="label")
    stopped = NeverRecord(event="e", kind="attempt", found_by="rail")
    rows = [row(never=(left,)), row(never=(stopped,)), row()]
    found = measure("never_event_violations", rows)
    assert (found.value, found.count, found.n) == (1.0, 1, 3)
    assert measure("never_event_attempts", rows).count == 1


def test_groups_are_consistent_or_flip() -> None:
    tags = ("consistency", "fairness")
    rows = [
        decided("a", "a", tags=(*tags, "group:1")), decided("a", "a", tags=(*tags, "group:1")),
        decided("a", "a", tags=(*tags, "group:2")), decided("a", "b", tags=(*tags, "group:2")),
    ]  # fmt: skip
    assert measure("consistency", rows).value == 0.5
    assert measure("flip_rate", rows).value == 0.5


def test_cached_answers_are_no_latency() -> None:
    rows = [row(latency_ms=10.0, stage="live"), row(latency_ms=0.1, stage="live", cache_hit=True)]
    found = measure("latency", rows, aggregation="p95")
    assert (found.value, found.n) == (10.0, 1)


def test_an_evaluations_cached_answer_keeps_the_latency_it_was_paid_for() -> None:
    rows = [row(latency_ms=10.0), row(latency_ms=12.0, cache_hit=True)]
    assert measure("latency", rows, aggregation="mean").n == 2


def test_calibration_error_and_its_upper_bound() -> None:
    rows = [decided("a", "a" if i % 2 else "b", confidence=0.9) for i in range(100)]
    found = measure("decision_ece", rows)
    assert found.value == pytest.approx(0.4)
    assert measure("decision_ece", rows, aggregation="p95").value == found.high


def test_a_suites_own_score_is_an_indicator() -> None:
    rows = [row(scores={"polite": 1.0}), row(scores={"polite": 0.0}), row()]
    found = measure("polite", rows)
    assert (found.value, found.n, found.method) == (0.5, 2, "clopper_pearson")
    rows = [row(scores={"similarity": 0.25}), row(scores={"similarity": 0.75})]
    assert measure("similarity", rows).method == "clopper_pearson"
    rows = [row(scores={"edits": 3.0}), row(scores={"edits": 7.0})]
    assert measure("edits", rows).method == "student_t"


def test_slices_are_by_tag_and_by_facet() -> None:
    rows = [
        decided("a", "a", tags=("golden",), facets={"language": "de"}),
        decided("a", "b", tags=("tail",), facets={"language": "en"}),
    ]
    accuracy = next(item for item in measure_all(rows) if item.name == "accuracy")
    assert accuracy.slices["tag:golden"].value == 1.0
    assert accuracy.slices["language=en"].value == 0.0


def test_filters_select_by_tag_and_by_expression() -> None:
    rows = [decided("a", "a", tags=("tail",)), decided("b", "b", facets={"language": "de"})]
    assert [selector("tag:tail")(item) for item in rows] == [True, False]
    assert [selector("facets.language == 'de'")(rows[1])] == [True]
    assert [selector("decision == 'a'")(item) for item in rows] == [True, False]


def test_a_filter_that_cannot_look_raises_and_never_drops_a_row() -> None:
    with pytest.raises(DetectorError):
        selector("facets.language == 'de'")(row())
    with pytest.raises(ManifestError):
        selector("this is (not CEL")


def test_no_row_is_lost_between_slices() -> None:
    rows = [row(tenant="acme"), row(facets={"tenant": "other"}), row()]
    slices = by_facets(rows, ["tenant"])
    assert sorted(slices) == ["tenant=", "tenant=acme", "tenant=other"]
    assert sum(len(part) for part in slices.values()) == 3
