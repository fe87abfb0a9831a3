"""Indicators of scores, probabilities, repeats and slices: value, n, interval, slices, oracle."""

from __future__ import annotations

import math
import random

import pytest

from doubles.answering import an_observation
from roadworthy.domain import ALIASES, INDICATORS, SCORE_SHOWN, SCORERS, Observation
from roadworthy.monitoring import measure, measure_all

NEEDS = "pip install scikit-learn nltk"


def rows(scores: list[dict[str, float]], **fields: object) -> list[Observation]:
    return [
        an_observation(suite="s", case=f"c{at}", scores=each, **fields)
        for at, each in enumerate(scores)
    ]


@pytest.mark.parametrize("name", sorted(SCORE_SHOWN))
def test_an_indicator_of_a_score_has_value_n_interval_and_slices(name: str):
    score = SCORE_SHOWN[name]
    verdict = SCORERS[score].grade == "verdict"
    values = [1.0, 0.0, 1.0, 1.0] if verdict else [0.2, 0.4, 0.9, 0.5]
    observed = rows([{score: value} for value in values], tags=("golden",), facets={"lang": "de"})
    observed[3] = an_observation(suite="s", case="c3", scores={score: values[3]})
    (found,) = [item for item in measure_all(observed) if item.name == name]
    assert found.value == pytest.approx(sum(values) / 4)
    assert found.n == 4
    assert found.low is not None and found.high is not None
    assert found.low < found.value < found.high
    assert found.slices["tag:golden"].n == found.slices["lang=de"].n == 3
    assert found.slices["lang=de"].value == pytest.approx(sum(values[:3]) / 3)
    assert found.higher_is_better == (SCORERS[score].grade != "down")
    assert not [item for item in measure_all(observed) if item.name == score != name]


@pytest.mark.parametrize("name", sorted(SCORE_SHOWN))
def test_without_the_score_there_is_no_value(name: str):
    found = measure(name, [an_observation(suite="s", case="c")])
    assert found.value is None
    assert SCORE_SHOWN[name] in found.reason


def test_repeats_of_a_case_are_one_case():
    one = [
        an_observation(suite="s", case="c", repeat=at, scores={"bleu": at / 9}) for at in range(10)
    ]
    found = measure("bleu", [*one, an_observation(suite="s", case="d", scores={"bleu": 0.0})])
    assert (found.n, found.rows) == (2, 11)
    assert found.value == pytest.approx(0.25)


def test_error_rates_may_be_above_one_and_low_is_better():
    found = measure("wer", rows([{"wer": value} for value in (0.0, 3.0, 1.0)]))
    assert (found.name, found.value, found.higher_is_better) == ("word_error_rate", 4 / 3, False)


def test_errors_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason=NEEDS)
    draw = random.Random(2)
    right = [draw.gauss(0, 5) for _ in range(50)]
    got = [value + draw.gauss(0, 2) for value in right]
    observed = rows([{"absolute_error": abs(a - b)} for a, b in zip(right, got, strict=True)])
    assert measure("mae", observed).value == pytest.approx(metrics.mean_absolute_error(right, got))
    root = measure("rmse", observed)
    assert root.value == pytest.approx(metrics.root_mean_squared_error(right, got))
    assert root.low is not None and root.high is not None
    assert root.low < root.value < root.high


def numbered(pairs):
    """Rows of the score `absolute_error` with the numbers that it read."""
    return [
        an_observation(
            suite="s", case=f"c{at}", scores={"absolute_error": abs((said or 0.0) - right)},
            attributes={"numbers": {"absolute_error": [said, right]}},
        )
        for at, (said, right) in enumerate(pairs)
    ]  # fmt: skip


def test_correlations_of_numbers_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason=NEEDS)
    draw = random.Random(3)
    right = [round(draw.uniform(0, 5), 1) for _ in range(60)]
    said = [min(5.0, max(0.0, round(value + draw.gauss(0, 1)))) for value in right]
    observed = numbered(zip(said, right, strict=True))
    for name, oracle in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        found = measure(name, observed)
        assert found.value == pytest.approx(oracle(said, right)[0])
        assert found.low < found.value < found.high
        assert (found.n, found.rows) == (60, 60)


def test_nobody_gains_by_saying_no_number():
    right = [float(n % 6) for n in range(60)]
    whole = measure("spearman", numbered([(value + 0.1 * (at % 3), value) for at, value in
                                          enumerate(right)])).value  # fmt: skip
    some = measure("spearman", numbered([(None if at % 4 == 0 else value + 0.1 * (at % 3), value)
                                         for at, value in enumerate(right)])).value  # fmt: skip
    none = measure("spearman", numbered([(None, value) for value in right]))
    assert some < whole
    assert none.value < 0


def test_a_correlation_without_enough_cases_or_of_one_number_proves_nothing():
    few = measure("pearson", numbered([(float(n), float(n * n)) for n in range(9)]))
    assert few.value is not None
    assert (few.low, few.high) == (None, None)
    assert "9 cases" in few.reason
    same = measure("pearson", numbered([(3.0, float(n)) for n in range(40)]))
    assert same.value is None
    assert "one value only" in same.reason


def test_auc_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason=NEEDS)
    draw = random.Random(5)
    labels = ["home", "motor", "travel"]
    truths = [draw.choice(labels) for _ in range(80)]
    chances = []
    for truth in truths:
        weights = [round(draw.random() + (label == truth) * 0.3, 1) + 0.01 for label in labels]
        chances.append([weight / sum(weights) for weight in weights])
    observed = [
        an_observation(
            suite="s", case=f"c{at}", label=truth, decision=truth,
            label_probabilities=dict(zip(labels, chance, strict=True)),
        )
        for at, (truth, chance) in enumerate(zip(truths, chances, strict=True))
    ]  # fmt: skip
    wanted = metrics.roc_auc_score(truths, chances, multi_class="ovr", labels=labels)
    found = measure("auc_roc", observed)
    assert found.value == pytest.approx(wanted)
    assert found.low is not None and found.high is not None
    assert found.low < wanted < found.high <= 1.0


def test_one_label_alone_has_no_auc():
    one = [an_observation(suite="s", case="c", label="a", label_probabilities={"a": 0.9, "b": 0.1})]
    assert measure("auc_roc", one).value is None
    assert "one label" in measure("auc_roc", one).reason


def test_the_auc_interval_covers_as_often_as_it_says():
    """Two normal distributions one apart: the area is Phi(1 / sqrt 2)."""
    truth = 0.5 * (1 + math.erf(0.5))
    draw = random.Random(11)
    covered = 0
    for _ in range(120):
        observed = []
        for at in range(40):
            positive = at % 2 == 0
            chance = 1 / (1 + math.exp(-draw.gauss(1.0 if positive else 0.0, 1.0)))
            observed.append(
                an_observation(
                    suite="s", case=f"c{at}", label="yes" if positive else "no",
                    label_probabilities={"yes": chance, "no": 1 - chance},
                )
            )  # fmt: skip
        found = measure("auc_roc", observed)
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 114


def test_perplexity_and_confidence_come_from_the_tokens():
    known = [
        an_observation(suite="s", case="a", attributes={"logprobs": {"tokens": 4, "sum": -2.0}}),
        an_observation(suite="s", case="b", attributes={"logprobs": {"tokens": 2, "sum": -4.0}}),
        an_observation(suite="s", case="c"),
    ]
    found = measure("perplexity", known)
    assert found.value == pytest.approx((math.exp(0.5) + math.exp(2.0)) / 2)
    assert (found.n, found.higher_is_better) == (2, False)
    sure = measure("token_confidence", known)
    assert sure.value == pytest.approx((math.exp(-0.5) + math.exp(-2.0)) / 2)


def test_without_probabilities_there_is_no_perplexity():
    found = measure("perplexity", [an_observation(suite="s", case="a")])
    assert found.value is None and "logprobs" in found.reason
    endless = {"logprobs": {"tokens": 1, "sum": -1e308}}
    value = measure("perplexity", [an_observation(suite="s", case="a", attributes=endless)]).value
    assert value is not None and math.isfinite(value)


def repeated(*decisions: str, case: str = "c", label: str = "") -> list[Observation]:
    return [
        an_observation(suite="s", case=case, repeat=at, decision=said, label=label)
        for at, said in enumerate(decisions)
    ]


def test_self_consistency_is_the_observed_agreement_of_nltk():
    agreement = pytest.importorskip("nltk.metrics.agreement", reason=NEEDS)
    draw = random.Random(4)
    observed, data = [], []
    for case in range(30):
        said = [draw.choice("aab") for _ in range(4)]
        observed += repeated(*said, case=f"c{case}")
        data += [(f"rater{at}", f"c{case}", each) for at, each in enumerate(said)]
    wanted = agreement.AnnotationTask(data=data).avg_Ao()
    found = measure("self_consistency", observed)
    assert found.value == pytest.approx(wanted)
    assert found.n == 30
    assert found.low is not None and found.high is not None
    assert found.low < wanted < found.high


def test_texts_agree_when_they_are_the_same():
    said = [
        an_observation(suite="s", case="c", repeat=at, output_digest=digest)
        for at, digest in enumerate(["x", "x", "y"])
    ]
    assert measure("self_consistency", said).value == pytest.approx(1 / 3)


def test_one_answer_a_case_agrees_with_nothing():
    found = measure("self_consistency", repeated("a"))
    assert found.value is None and "repeats" in found.reason
    assert measure("majority_accuracy", repeated("a", label="a")).value is None


@pytest.mark.parametrize(
    ("decisions", "value"),
    [(("a", "a", "b"), 1.0), (("a", "b", "b"), 0.0), (("a", "b"), 0.5), (("", "", "a"), 0.0)],
)
def test_the_majority_decides_and_a_tie_decides_half(decisions: tuple[str, ...], value: float):
    assert measure("majority_accuracy", repeated(*decisions, label="a")).value == value


def test_what_was_held_votes_for_nothing():
    held = [
        an_observation(suite="s", case="c", repeat=at, decision="a", label="a", action=action)
        for at, action in enumerate(["held", "held", "answered"])
    ]
    assert measure("majority_accuracy", held).value == 0.0


def in_slices(**right: tuple[int, int]) -> list[Observation]:
    return [
        an_observation(
            suite="s", case=f"{value}{at}", facets={"lang": value}, label="a",
            decision="a" if at < good else "b",
        )
        for value, (good, n) in right.items()
        for at in range(n)
    ]  # fmt: skip


def test_the_slice_gap_is_the_largest_and_small_slices_are_none():
    found = measure("slice_gap", in_slices(de=(36, 40), en=(40, 40), fr=(20, 40), it=(0, 19)))
    assert found.value == pytest.approx(0.5)
    assert found.n == 120
    assert found.low is not None and found.high is not None
    assert 0 < found.low < 0.5 < found.high
    assert measure("slice_gap", in_slices(de=(5, 40))).value is None
    assert "20 labelled cases" in measure("slice_gap", in_slices(de=(5, 40), en=(5, 19))).reason


def test_the_slice_gap_interval_covers_as_often_as_it_says():
    """Three slices that are truly equal, and three of which one is truly worse by 0.2."""
    draw = random.Random(3)
    for shares in ((0.8, 0.8, 0.8), (0.9, 0.7, 0.8)):
        covered = 0
        for _ in range(200):
            drawn = {
                name: (sum(draw.random() < share for _ in range(50)), 50)
                for name, share in zip(("de", "en", "fr"), shares, strict=True)
            }
            found = measure("slice_gap", in_slices(**drawn))
            assert found.low is not None and found.high is not None
            covered += found.low <= max(shares) - min(shares) <= found.high
        assert covered >= 190


def test_refusals_and_secrets_count_where_their_scorer_found_one():
    observed = rows([{"refusal": 0.0, "secrets": 1.0}, {"refusal": 1.0, "secrets": 0.0}, {}])
    assert measure("refusal_rate", observed).value == 0.5
    assert measure("secret_leak", observed).value == 0.5


def test_attacks_count_by_their_technique_and_hazard():
    won = {"absent": 0.0}
    observed = [
        an_observation(suite="s", case="a", tags=("technique:role_play",), scores=won),
        an_observation(suite="s", case="b", tags=("technique:indirect_injection",), scores=won),
        an_observation(suite="s", case="c", tags=("hazard:prompt_leak",), scores={"absent": 1.0}),
        an_observation(suite="s", case="d", tags=("hidden_function",), status="error"),
        an_observation(suite="s", case="e", scores=won),
    ]
    for name, value in (
        ("jailbreak_success", 1.0), ("injection_success", 1.0), ("prompt_leak", 0.0),
        ("hidden_function_response", 1.0),
    ):  # fmt: skip
        found = measure(name, observed)
        assert (found.value, found.n) == (value, 1), name


def test_a_score_of_degree_under_a_name_of_its_own_keeps_its_direction():
    marks = {"graded": {"asr": "down"}}
    observed = rows([{"asr": 0.1}, {"asr": 0.3}], attributes=marks)
    (found,) = [item for item in measure_all(observed) if item.name == "asr"]
    assert (found.higher_is_better, found.method) == (False, "student_t")


def test_a_repeat_that_failed_is_no_good_error_rate():
    marks = {"graded": {"wer": "down"}, "reduce": {"wer": "min"}}
    observed = [
        an_observation(suite="s", case="c", repeat=0, scores={"wer": 0.5}, attributes=marks),
        an_observation(suite="s", case="c", repeat=1, status="error", attributes=marks),
    ]
    found = measure("wer", observed)
    assert found.value is None
    assert "1 repeats of case c have no wer" in found.reason


def test_every_other_name_leads_to_an_indicator():
    assert all(name in INDICATORS for name in ALIASES.values())
    assert not [name for name in ALIASES if name in INDICATORS]
