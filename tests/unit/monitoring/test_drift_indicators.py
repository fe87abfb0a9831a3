"""Drift from a release's reference: values by another way, and what counts as a witness."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from doubles.answering import an_observation
from roadworthy.domain import INDICATORS, Measurement, Observation, ReferenceCounts, Shift
from roadworthy.monitoring import Against, measure, measure_all

MINE = "sha256:mine"
TOPICS = {"claims": 500, "invoices": 300, "travel": 200}
REFERENCE = Against(
    digest=MINE,
    counts=ReferenceCounts(
        inputs=TOPICS,
        outputs=TOPICS,
        decisions={"motor": 600, "home": 400},
        truths={"motor": {"motor": 540, "home": 60}, "home": {"home": 380, "motor": 20}},
        n=1000,
    ),
    false_alarm=0.05,
    held=400,
)
DISTANCES = ("input_drift", "output_drift", "decision_drift", "concept_drift", "purpose_drift")


def row(**given: object) -> Observation:
    return an_observation(**{"case": "", "suite": "", "label": "", "decision": "", **given})  # type: ignore[arg-type]


def of_topic(topic: str, **given: object) -> Observation:
    return row(shift=Shift(reference=MINE, topic=topic, output_topic=topic), **given)


def asked(counts: dict[str, int]) -> list[Observation]:
    return [of_topic(topic) for topic, n in counts.items() for _ in range(n)]


def drift_of(name: str, rows: list[Observation], **given: object) -> Measurement:
    return measure(name, rows, against=REFERENCE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["input_drift", "output_drift"])
def test_topics_are_compared_with_the_references(name: str) -> None:
    seen = {"claims": 1000, "invoices": 3000, "fraud": 1000}
    old = np.array([0.5, 0.3, 0.2, 0.0])
    new = np.array([0.2, 0.6, 0.0, 0.2])
    found = drift_of(name, asked(seen))
    assert found.value == pytest.approx(np.abs(new - old).sum() / 2, abs=0.01)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high
    assert (found.n, found.method) == (5000, "noise_norm")
    assert "beyond chance" in found.reason
    assert "`invoices` +30.0%" in found.reason
    assert INDICATORS[name].calls_for in found.reason


def test_what_chance_sets_apart_is_no_drift() -> None:
    source = random.Random(4)
    drawn = Counter(source.choices(list(TOPICS), list(TOPICS.values()), k=120))
    found = drift_of("input_drift", asked(drawn))
    assert found.low == 0.0
    assert found.value is not None
    assert found.value < 0.1
    assert found.reason.startswith("not beyond chance")
    assert INDICATORS["input_drift"].calls_for not in found.reason


def test_decisions_are_compared_whether_or_not_they_were_held() -> None:
    rows = [row(decision="motor", action="held") for _ in range(300)]
    rows += [row(decision="home") for _ in range(700)]
    found = drift_of("decision_drift", rows)
    assert found.value == pytest.approx(0.3, abs=0.01)
    assert found.n == 1000


def test_truths_are_compared_decision_by_decision() -> None:
    """More of one decision alone changes no truth; another truth of the same decision does."""
    same = [row(decision="motor", label="motor" if at % 10 else "home") for at in range(1000)]
    assert drift_of("concept_drift", same).low == 0.0
    moved = [row(decision="motor", label="motor" if at % 2 else "home") for at in range(1000)]
    quiet = [row(decision="home", label="home" if at % 20 else "motor") for at in range(1000)]
    found = drift_of("concept_drift", [*moved, *quiet])
    assert found.value == pytest.approx(np.average([0.4, 0.0], weights=[1000, 1000]), abs=0.02)
    unlabelled = [row(decision="motor") for _ in range(9000)]
    assert drift_of("concept_drift", [*moved, *quiet, *unlabelled]).value == found.value
    unknown = [row(decision="boats", label="boats") for _ in range(50)]
    beside = drift_of("concept_drift", [*moved, *quiet, *unknown])
    assert (beside.value, beside.n) == (found.value, 2000)
    assert "50 rows of decisions that the reference does not have" in beside.reason


def test_purpose_is_left_by_what_is_flagged_beyond_the_false_alarms() -> None:
    def flagged(share: float, n: int = 2000) -> Measurement:
        rows = [row(shift=Shift(reference=MINE, flagged=at < share * n)) for at in range(n)]
        return drift_of("purpose_drift", rows)

    usual = flagged(0.05)
    assert (usual.value, usual.low) == (0.0, 0.0)
    found = flagged(0.24)
    assert found.value == pytest.approx((0.24 - 0.05) / 0.95)
    surely = stats.beta.ppf(1 - 0.0125, 20, 381)  # what 400 held leave of a threshold at 5 %
    bound = stats.beta.ppf(0.0125, 480, 1521)
    assert found.low == pytest.approx((bound - surely) / (1 - surely))
    assert found.high == pytest.approx(stats.beta.ppf(1 - 0.0125, 481, 1520))


def test_a_conversation_is_one_witness() -> None:
    """Forty messages of one talk about travel are no forty people who ask about travel."""
    alone = asked({"claims": 20, "invoices": 20, "travel": 60})
    talk = [
        of_topic(one.shift.topic, session=f"s{at // 20}", tenant="t")  # type: ignore[union-attr]
        for at, one in enumerate(alone)
    ]
    many, few = drift_of("input_drift", alone), drift_of("input_drift", talk)
    assert many.low is not None
    assert many.low > 0.1
    assert (few.low, few.n, few.independent) == (0.0, 100, 5)
    assert many.independent is None


def test_repeats_and_groups_of_cases_count_once() -> None:
    repeated = [
        of_topic("travel", suite="s", case=str(at), repeat=repeat)
        for at in range(30)
        for repeat in range(10)
    ]
    found = drift_of("input_drift", repeated)
    assert (found.n, found.rows) == (30, 300)
    once = drift_of("input_drift", [of_topic("travel") for _ in range(30)])
    assert (found.low, found.high) == (once.low, once.high)
    grouped = [
        of_topic("travel", suite="s", case=str(at), tags=(f"group:{at // 10}",)) for at in range(30)
    ]
    assert drift_of("input_drift", grouped).independent == 3


def test_a_row_weighs_what_its_sample_says() -> None:
    rows = [of_topic("claims", sampling_weight=9.0) for _ in range(100)]
    rows += [of_topic("travel") for _ in range(100)]
    found = drift_of("input_drift", rows)
    assert found.reason.count("`claims` +40.0%") == 1  # 90 % of the weight, where 50 % were
    assert found.low is not None
    flat = drift_of("input_drift", asked({"claims": 180, "travel": 20}))
    assert flat.low is not None
    assert found.low < flat.low, "200 unequal weights are worth fewer observations"


@pytest.mark.parametrize("name", DISTANCES)
def test_without_a_reference_nothing_is_measured(name: str) -> None:
    found = measure(name, [of_topic("claims", decision="motor", label="motor")])
    assert found.value is None
    assert "roadworthy ood fit" in found.reason
    assert name not in {each.name for each in measure_all([of_topic("claims")])}


@pytest.mark.parametrize("name", ["input_drift", "output_drift", "purpose_drift"])
def test_rows_beside_another_reference_are_left_out(name: str) -> None:
    other = row(shift=Shift(reference="sha256:other", topic="claims", output_topic="claims",
                            flagged=True))  # fmt: skip
    found = drift_of(name, [other] * 40)
    assert found.value is None
    assert found.reason == "40 rows were held against another reference, and none against this one"
    assert drift_of(name, [row(), row(shift=Shift(unseen="sealed"))]).reason == (
        "no row was held against the reference"
    )


@pytest.mark.parametrize("name", ["input_drift", "output_drift", "decision_drift", "concept_drift"])
def test_a_reference_that_counts_nothing_measures_nothing(name: str) -> None:
    empty = Against(digest=MINE, counts=ReferenceCounts(), false_alarm=0.05, held=1)
    found = measure(name, [of_topic("a", decision="motor", label="motor")], against=empty)
    assert found.value is None
    assert "roadworthy ood fit" in found.reason


def test_a_run_says_all_of_them() -> None:
    shift = Shift(reference=MINE, topic="claims", output_topic="claims", flagged=False)
    rows = [row(shift=shift, decision="motor", label="motor") for _ in range(40)]
    said = {each.name: each for each in measure_all(rows, against=REFERENCE)}
    assert set(DISTANCES) <= set(said)
    assert all(not said[name].slices for name in DISTANCES), "a slice differs from the whole anyway"


def test_the_models_own_texts_are_counted_where_somebody_looked() -> None:
    rows = [row(shift=Shift(model_written=at < 3)) for at in range(10)] + [row()] * 5
    found = measure("ai_generated_share", rows)
    assert (found.value, found.n) == (0.3, 10)
    assert measure("ai_generated_share", [row()]).value is None


def test_names_of_strangers_are_cut_short() -> None:
    rows = [row(decision="x" * 5000) for _ in range(100)]
    assert len(drift_of("decision_drift", rows).reason) < 500


@pytest.mark.parametrize("name", ["input_drift", "output_drift", "purpose_drift"])
def test_rows_that_could_not_be_looked_at_leave_a_doubt(name: str) -> None:
    """What a broken look passes over may be just what moved: such a measurement has no verdict."""
    good = row(shift=Shift(reference=MINE, topic="claims", output_topic="claims", flagged=False))
    bad = row(shift=Shift(unseen="its texts are gone"))
    assert drift_of(name, [good] * 200 + [bad] * 2).doubt == ""
    assert drift_of(name, [good] * 200 + [bad] * 3).doubt == (
        "3 of 203 rows could not be looked at: its texts are gone"
    )


def test_what_is_asked_a_hundred_times_is_one_input() -> None:
    """As in the reference, which holds each input once: else a greeting would be drift for ever."""
    hello = [of_topic("travel", input_digest="sha256:hello") for _ in range(100)]
    others = [
        of_topic(topic, input_digest=f"sha256:{topic}{at}")
        for topic, n in (("claims", 50), ("invoices", 30), ("travel", 19))
        for at in range(n)
    ]
    found = drift_of("input_drift", [*hello, *others])
    assert (found.n, found.rows, found.low) == (100, 199, 0.0)
    assert drift_of("input_drift", asked({"claims": 50, "invoices": 30, "travel": 119})).low != 0.0
