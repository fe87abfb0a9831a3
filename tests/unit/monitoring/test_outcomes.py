"""Live answers with what became of them: read strictly, counted by session, against oracles."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy import stats

from doubles.answering import an_observation
from roadworthy.domain import INDICATORS, Observation, Outcome, Shift, Usage
from roadworthy.monitoring import measure, measure_all, with_outcomes

_at = 0


def said(reporter: str = "tenant:acme", **fields: object) -> Outcome:
    global _at
    _at += 1
    return Outcome(observation="o", time=f"2026-11-22T10:00:00.{_at:06}Z", reporter=reporter,
                   **fields)  # type: ignore[arg-type]  # fmt: skip


def live(**fields: object) -> Observation:
    return an_observation(stage="live", **fields)


@pytest.mark.parametrize(
    ("text", "value"),
    [("up", 1.0), (" GOOD ", 1.0), ("👎", 0.0), ("no", 0.0), ("+1", 1.0), ("-1", 0.0), ("0.8", 0.8),
     ("1", 1.0), ("4/5", 0.75), ("1/5", 0.0), ("5/5", 1.0)],
)  # fmt: skip
def test_feedback_is_read_as_a_share_of_the_best(text: str, value: float) -> None:
    row = with_outcomes(live(), [said(feedback=text)])
    assert row.scores["feedback"] == pytest.approx(value)
    assert "unread" not in row.attributes


@pytest.mark.parametrize("text", ["great", "7", "-0.5", "nan", "inf", "6/5", "0/5", "1/1", "3/",
                                  "1e400", "9" * 40, "4/5/6", "٪"])  # fmt: skip
def test_what_is_no_number_is_never_taken_for_one(text: str) -> None:
    row = with_outcomes(live(), [said(feedback=text)])
    assert "feedback" not in row.scores
    assert row.attributes["unread"] == ["feedback"]


def test_of_one_reporter_the_last_word_counts_and_several_are_averaged() -> None:
    words = [said(feedback="down"), said(feedback="up"), said("tenant:other", feedback="down")]
    assert with_outcomes(live(), reversed(words)).scores["feedback"] == 0.5


def test_a_later_label_is_the_truth_and_a_violation_a_violation() -> None:
    words = [said(label="home"), said(never_event="rude"), said(label="motor")]
    row = with_outcomes(live(decision="motor", confidence=0.9), words)
    assert row.label == "motor"
    assert measure("accuracy", [row]).value == 1.0
    assert measure("never_event_violations", [row]).value == 1.0
    assert len(with_outcomes(row, [said(never_event="rude")]).never) == 1


def test_what_a_user_posts_is_an_indicator_by_its_name() -> None:
    minutes = [3.0, 8.5, 4.0, 12.0]
    rows = [with_outcomes(live(), [said(business={"minutes": str(each)})]) for each in minutes]
    rows.append(with_outcomes(live(), [said(business={"minutes": "soon"})]))
    (found,) = [item for item in measure_all(rows) if item.name == "business.minutes"]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(minutes), scale=stats.sem(minutes))
    assert (found.value, found.n) == (pytest.approx(np.mean(minutes)), 4)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def traffic(count: int = 120, seed: int = 4) -> list[Observation]:
    """Sessions of one to three answers; of a fifth nobody said how they ended."""
    source = random.Random(seed)
    rows = []
    for session in range(count):
        answers = [
            live(id=f"o{session}.{at}", session=f"s{session}", tenant="acme", currency="EUR",
                 time=f"2026-11-22T10:{session % 60:02}:{at:02}.000000Z",
                 cost=f"{source.uniform(0.01, 0.05):.4f}", usage=Usage(input_tokens=5))
            for at in range(source.randint(1, 3))
        ]  # fmt: skip
        if source.random() < 0.8:
            ended = "yes" if source.random() < 0.7 else "no"
            answers[-1] = with_outcomes(answers[-1], [said(business={"resolved": ended})])
        rows += answers
    return rows


def sessions(rows: list[Observation]) -> list[tuple[float, float]]:
    """(cost, resolved) of each session with a known end, anew."""
    found = []
    for name in {row.session for row in rows}:
        part = [row for row in rows if row.session == name]
        ends = [row.scores["business.resolved"] for row in part if row.scores]
        if ends:
            found.append((sum(float(row.cost or 0) for row in part), ends[-1]))
    return found


def test_a_session_is_resolved_as_its_last_word_says() -> None:
    rows = traffic()
    known = [ended for _, ended in sessions(rows)]
    found = measure("resolved_rate", rows)
    oracle = stats.binomtest(int(sum(known)), len(known)).proportion_ci(method="exact")
    assert (found.value, found.n) == (pytest.approx(np.mean(known)), len(known))
    assert (found.low, found.high) == (pytest.approx(oracle.low), pytest.approx(oracle.high))
    assert found.counted == "sessions"


def test_the_cost_of_a_resolved_session_carries_those_that_were_not() -> None:
    rows = traffic()
    cost, ended = map(np.array, zip(*sessions(rows), strict=True))
    found = measure("cost_per_resolved_outcome", rows)
    assert found.value == pytest.approx(cost.sum() / ended.sum())
    oracle = stats.bootstrap(
        (cost, ended), lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis), paired=True,
        vectorized=True, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == (
        pytest.approx(oracle.low, rel=0.02), pytest.approx(oracle.high, rel=0.02),
    )  # fmt: skip
    assert found.method == "bca"
    assert {"resolved_rate", "cost_per_resolved_outcome"} <= {x.name for x in measure_all(rows)}


def test_no_price_is_never_a_price_of_nothing() -> None:
    rows = traffic()
    rows[0] = with_outcomes(rows[0], [said(business={"resolved": "yes"})])
    unpriced = [an_observation(**{**_fields(row), "cost": None}) if row.session == "s0" else row
                for row in rows]  # fmt: skip
    found = measure("cost_per_resolved_outcome", unpriced)
    assert "1 of" in found.reason
    assert "have no price" in found.reason


def _fields(row: Observation) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


@pytest.mark.parametrize("ends", [[], ["no"], ["no", "no"]])
def test_where_nothing_was_resolved_no_cost_is_shown(ends: list[str]) -> None:
    rows = [with_outcomes(live(cost="1"), [said(business={"resolved": end})]) for end in ends]
    found = measure("cost_per_resolved_outcome", rows)
    assert found.value is None
    assert found.reason


def test_few_sessions_have_a_cost_without_bounds() -> None:
    found = measure("cost_per_resolved_outcome", traffic(count=12))
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
    assert "30 sessions" in found.reason


def test_prices_in_two_currencies_have_no_sum() -> None:
    rows = [
        with_outcomes(live(cost="1", currency=each), [said(business={"resolved": "yes"})])
        for each in ("EUR", "USD")
    ]
    assert "EUR and USD" in measure("cost_per_resolved_outcome", rows).reason


@pytest.mark.parametrize("name", ["feedback_score", "resolved_rate", "cost_per_resolved_outcome"])
def test_without_a_word_there_is_no_value(name: str) -> None:
    found = measure(name, [live()])
    assert found.value is None
    assert found.reason
    assert name not in {item.name for item in measure_all([live()])}
    assert INDICATORS[name].measured


def test_two_looks_at_one_answer_are_joined_and_absence_overwrites_nothing() -> None:
    flagged = Shift(reference="sha256:a", score=2.5, flagged=True, topic="3")
    later = Shift(rephrased=False)
    said_so = [
        said(shift=flagged, misuse=("extraction",)),
        said(shift=later, ood=False),
        said(misuse=("extraction", "compromise:series")),
    ]
    row = with_outcomes(live(), said_so)
    assert row.shift == Shift(
        reference="sha256:a", score=2.5, flagged=True, topic="3", rephrased=False
    )
    assert row.ood is False
    assert row.misuse == ("extraction", "compromise:series")
    assert with_outcomes(live(), []).misuse is None, "nobody looked"
    assert with_outcomes(live(), [said(misuse=())]).misuse == ()
    assert with_outcomes(row, []).shift == row.shift
