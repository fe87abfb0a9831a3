"""A relative objective cannot be met by answering less: a withheld case stays in its pair."""

from __future__ import annotations

from roadworthy.domain import Observation, SafetySLO, Verdict
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.judging import Evidence, judge


def rows(right: int, *, withhold_wrong: bool = False) -> list[Observation]:
    """A hundred labelled rows, the first of them right."""
    return [
        Observation(
            id=f"o{at}", time="t", system="s", release="r", stage="eval", case=f"c{at}",
            label="a", decision="a" if at < right else "b",
            action="held" if withhold_wrong and at >= right else "answered",
        )
        for at in range(100)
    ]  # fmt: skip


def test_holding_every_wrong_answer_is_no_better_than_the_baseline() -> None:
    slo = SafetySLO(name="accuracy", target="> 1.2 x baseline")
    before = Baseline(run="r", rows=tuple(rows(60)))
    (judged,), _ = judge([slo], Evidence(rows=rows(60, withhold_wrong=True), baseline=before))
    assert judged.estimate == 0.6
    assert judged.verdict is Verdict.FAIL
    assert "100 cases paired" in judged.reason
