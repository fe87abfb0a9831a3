"""The gate's own errors by simulation: false alarms, and drops found against what it announced.

`python bench/gate_errors.py [--pairs 2000] [--json]`. The whole gate: objectives relative to the
base over all cases, one a tag and one a tenant, and the rule about regressions. Seeds are fixed.
`tests/properties/test_gate_errors.py` holds the same at a modest size.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import Any

from roadworthy.domain import Observation, RunSummary, SafetySLO, Verdict
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.comparing import as_pair, differences
from roadworthy.flows.gate.judging import Evidence, judge
from roadworthy.policy import (
    PairedScore,
    RegressionRule,
    beside_objectives,
    decide,
    power_of,
    regressions,
)
from roadworthy.statistics import paired_cases, paired_difference

RULE = RegressionRule(drop=0.03, alpha=0.05)
TAGS = ("golden", "tail", "adversarial", "fairness")
TENANTS = ("acme", "bolt", "coral", "delta")
RIGHT, AGAIN = 0.85, 0.7
"""Share of right answers, and of cases that are answered alike whatever is drawn anew."""
AT = "2026-11-21T20:00:00.000000Z"

SLOS = [
    SafetySLO(name="overall", metric="accuracy", target=">= 1 x baseline"),
    *(
        SafetySLO(name=f"on_{tag}", metric="accuracy", target=">= 1 x baseline",
                  where=f"tag:{tag}")
        for tag in TAGS
    ),
    SafetySLO(name="each_tenant", metric="accuracy", target=">= 1 x baseline", by=["tenant"]),
]  # fmt: skip


def answers(source: random.Random, cases: int, drop: float = 0.0) -> tuple[list[Any], list[Any]]:
    """Rows of two runs on the same cases; the second is worse by `drop`."""
    runs: tuple[list[Any], list[Any]] = ([], [])
    for number in range(cases):
        tag, tenant = TAGS[number % 4], TENANTS[number // 4 % 4]
        old = source.random() < RIGHT
        new = old if source.random() < AGAIN else source.random() < RIGHT
        if new and source.random() < drop / RIGHT:
            new = False
        for rows, right in zip(runs, (old, new), strict=True):
            rows.append(
                Observation(
                    id=f"{number}", time=AT, system="desk", release="r", stage="eval", suite="s",
                    case=f"c{number}", tags=(tag,), facets={"tenant": tenant}, status="ok",
                    decision="a" if right else "b", label="a", action="answered",
                    scores={"label": float(right)},
                )
            )  # fmt: skip
    return runs


def gate(before: list[Any], after: list[Any]) -> Verdict:
    """The whole gate on two runs."""
    evidence = Evidence(rows=after, baseline=Baseline(run="run-0", rows=tuple(before)))
    assessments, _ = judge(SLOS, evidence)
    pairs = [as_pair(each) for each in differences(before, after)]
    assessments += regressions(pairs, beside_objectives(RULE, assessments))
    run = RunSummary(
        run="run-1", system="desk", candidate="c", bar="b", status="complete", n=len(after)
    )
    return decide(system="desk", candidate="c", run=run, assessments=assessments).decision


def false_alarms(pairs: int, cases: int, seed: int = 1) -> int:
    """How many of so many changes that change nothing the whole gate refuses."""
    source = random.Random(seed)
    return sum(gate(*answers(source, cases)) is Verdict.FAIL for _ in range(pairs))


def one_pair(source: random.Random, cases: int, gained: float, lost: float) -> PairedScore:
    """How one score of two runs came out, where so many cases truly flip each way."""
    old, new = [], []
    for _ in range(cases):
        draw = source.random()
        was = draw < lost or (draw >= lost + gained and source.random() < RIGHT)
        old.append(was)
        new.append(not was if draw < lost + gained else was)
    found = paired_difference(old, new)
    return PairedScore(
        score="all", n=cases, before=sum(old) / cases, after=sum(new) / cases,
        interval=found.interval, gained=found.gained, lost=found.lost,
    )  # fmt: skip


def verdicts(pairs: int, cases: int, gained: float, lost: float, seed: int = 2) -> dict[str, float]:
    """Shares of the verdicts over so many pairs, and the power that they announced on average."""
    source = random.Random(seed)
    counts = {"FAIL": 0, "PASS": 0, "INCONCLUSIVE": 0}
    announced = 0.0
    for _ in range(pairs):
        pair = one_pair(source, cases, gained, lost)
        announced += power_of(pair, RULE)
        counts[str(regressions([pair], RULE)[0].verdict)] += 1
    return {**{name: count / pairs for name, count in counts.items()}, "said": announced / pairs}


def main() -> int:
    """Simulate, print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--cases", type=int, default=160)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    began = time.perf_counter()
    refused = false_alarms(asked.pairs, asked.cases)
    flips = 0.08
    lost, gained = (flips + RULE.drop) / 2, (flips - RULE.drop) / 2
    enough = paired_cases(gained, lost, alpha=2 * RULE.alpha, power=RULE.power) or 0
    worse = verdicts(asked.pairs, enough, gained, lost)
    same = verdicts(asked.pairs, enough, flips / 2, flips / 2)
    found = {
        "pairs": asked.pairs, "cases": asked.cases, "alpha": RULE.alpha,
        "whole_gate_false_alarms": refused / asked.pairs,
        "drop": RULE.drop, "cases_for_power": enough, "power_planned": RULE.power,
        "drop_found": worse["FAIL"], "drop_passed": worse["PASS"], "power_said": worse["said"],
        "no_change_refused": same["FAIL"], "no_change_passed": same["PASS"],
        "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip
    if asked.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        print(f"{name:<26}{value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
