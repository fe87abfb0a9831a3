"""The statistics: how fast BCa is on 20,000 scores, and what each guarantee is worth by simulation.

`python bench/guarantees.py [--rounds 2000] [--json]`. The unit tests hold the same simulations at
modest sizes; here they are long enough to tell 95 % from 94 %. Seeds are fixed. (Named so because a
`statistics.py` beside the other scripts would hide the standard library's.)
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Callable
from typing import Any

from roadworthy.statistics import (
    ConfidenceSequence,
    EProcess,
    Interval,
    JudgeErrors,
    area_interval,
    bca_mean,
    calibration_interval,
    cluster_share_interval,
    controlled_threshold,
    equal_mass,
    krippendorff_alpha,
    mcnemar_exact,
    paired_cases,
    prediction_powered,
    proof_cases,
    proven_threshold,
    rogan_gladen,
    share_interval,
    shift,
    sign_flips,
    signed_ranks,
)

REACH_S = 1.0
SCORES = 20_000
Draw = Callable[[random.Random], bool]
"""One simulated run: whether the promise was kept (an interval covers, a test is silent)."""


def covers(found: Interval | None, truth: float) -> bool:
    return found is not None and found.low <= truth <= found.high


def grouped(source: random.Random, groups: int, again: float, rate: float) -> bool:
    values, names = [], []
    for name in range(groups):
        first = source.random() < rate
        for _ in range(6):
            hit = first if source.random() < again else source.random() < rate
            values.append(float(hit))
            names.append(name)
    return covers(cluster_share_interval(values, names), rate)


def sequence(source: random.Random, rate: float) -> bool:
    found = ConfidenceSequence()
    for _ in range(12):
        found.add(*(float(source.random() < rate) for _ in range(25)))
        if not covers(found.look(), rate):
            return False
    return True


def evidence(source: random.Random) -> bool:
    process = EProcess(0.8)
    for _ in range(12):
        process.add(*(float(source.random() < 0.8) for _ in range(25)))
        if process.look() >= 20:
            return False
    return True


def judge(source: random.Random) -> bool:
    def count(n: int, rate: float) -> int:
        return sum(source.random() < rate for _ in range(n))

    passed = count(400, 0.9 * 0.85 + 0.1 * 0.2)
    seen = JudgeErrors(passed_good=count(100, 0.85), good=100, failed_bad=count(50, 0.8), bad=50)
    return covers(rogan_gladen(passed, 400, seen).interval, 0.9)


def powered(source: random.Random) -> bool:
    def pair() -> tuple[float, float]:
        truth = float(source.random() < 0.8)
        return (truth if source.random() < 0.85 else 1 - truth), truth

    judged = [pair()[0] for _ in range(500)]
    return covers(prediction_powered(judged, [pair() for _ in range(80)]).interval, 0.8)


def answers(source: random.Random, n: int) -> tuple[list[float], list[bool]]:
    sure = [source.random() for _ in range(n)]
    return sure, [source.random() < each for each in sure]


def thresholds(source: random.Random) -> bool:
    found = proven_threshold(*answers(source, 1000), limit=0.2)
    return found is None or (1 - found.threshold) / 2 <= 0.2


def raters(source: random.Random) -> bool:
    units = []
    for _ in range(50):
        truth = source.random() < 0.5
        units.append([truth if source.random() < 0.9 else source.random() < 0.5 for _ in "ab"])
    return covers(krippendorff_alpha(units, rounds=400).interval, 0.81)


def plan(source: random.Random) -> bool:
    found = proof_cases(0.9, 0.85)
    assert found is not None
    right = sum(source.random() < 0.9 for _ in range(found.cases))
    return share_interval(right, found.cases).low >= 0.85


def drop(source: random.Random) -> bool:
    n = paired_cases(0.02, 0.05) or 0
    draws = [source.random() for _ in range(n)]
    lost, gained = sum(d < 0.05 for d in draws), sum(0.05 <= d < 0.07 for d in draws)
    return lost > gained and mcnemar_exact(gained, lost) < 0.05


def ties(source: random.Random) -> list[float]:
    return [source.choice([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0]) for _ in range(40)]


PROMISES: list[tuple[str, float, Draw]] = [
    ("BCa mean, normal n=50", 0.95,
     lambda s: covers(bca_mean([s.gauss(0, 1) for _ in range(50)]), 0.0)),
    ("BCa mean, exponential n=100", 0.95,
     lambda s: covers(bca_mean([s.expovariate(1) for _ in range(100)]), 1.0)),
    ("BCa mean, long tail n=500", 0.95,
     lambda s: covers(bca_mean([s.lognormvariate(0, 1) for _ in range(500)]), math.exp(0.5))),
    ("share in 20 groups of 6, alike", 0.95, lambda s: grouped(s, 20, 1.0, 0.9)),
    ("share in 20 groups of 6, half alike", 0.95, lambda s: grouped(s, 20, 0.5, 0.9)),
    ("shift by signed ranks n=30", 0.95,
     lambda s: covers(shift([s.gauss(0.3, 1) for _ in range(30)]).interval, 0.3)),
    ("silent: signed ranks, ties", 0.95, lambda s: signed_ranks(ties(s)).p_value > 0.05),
    ("silent: sign flips, ties", 0.95, lambda s: sign_flips(ties(s), rounds=500) > 0.05),
    ("confidence sequence, 12 looks, 0.9", 0.95, lambda s: sequence(s, 0.9)),
    ("silent: e-value, 12 looks", 0.95, evidence),
    ("judge corrected (Rogan-Gladen)", 0.95, judge),
    ("judge corrected (prediction-powered)", 0.95, powered),
    ("equal-mass ECE, calibrated n=200", 0.95,
     lambda s: covers(calibration_interval(equal_mass(*answers(s, 200))), 0.0)),
    ("area under risk n=200", 0.95, lambda s: covers(area_interval(*answers(s, 200)), 0.25)),
    ("proven accept threshold n=1000", 0.95, thresholds),
    ("Krippendorff's alpha, 50 units", 0.95, raters),
    ("power of a planned proof, 0.9 over 0.85", 0.80, plan),
    ("power of a planned comparison, 3 points", 0.80, drop),
]  # fmt: skip


def speed() -> list[dict[str, Any]]:
    source = random.Random(1)
    kinds = {
        "continuous": [source.random() ** 3 for _ in range(SCORES)],
        "shares": [float(source.random() < 0.9) for _ in range(SCORES)],
        "long tail": [source.lognormvariate(0, 1) for _ in range(SCORES)],
    }
    rows = []
    for name, values in kinds.items():
        for how, groups in (("", []), (", in groups of 4", [i // 4 for i in range(SCORES)])):
            begun = time.perf_counter()
            found = bca_mean(values, groups=groups)
            wall = time.perf_counter() - begun
            rows.append({"what": f"{name}{how}", "s": round(wall, 3), "reached": wall <= REACH_S,
                         "low": round(found.low, 6), "high": round(found.high, 6)})  # fmt: skip
    return rows


def simulated(rounds: int) -> list[dict[str, Any]]:
    rows = []
    for name, said, draw in PROMISES:
        kept = sum(draw(random.Random(f"{name} {seed}")) for seed in range(rounds))
        rows.append({"what": name, "said": said, "kept": kept / rounds, "n": rounds})
    total, answered = 0.0, 0
    for seed in range(rounds):
        found = controlled_threshold(*answers(random.Random(f"crc {seed}"), 200), limit=0.05)
        if found is not None:
            total += (1 - found.threshold) ** 2 / 2
            answered += 1
    rows.append({"what": "risk control at 0.05: mean risk", "said": 0.05, "kept": total / rounds,
                 "n": rounds, "answered": answered})  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = {"bca_20000": speed(), "reach_s": REACH_S, "guarantees": simulated(asked.rounds)}
    if asked.json:
        print(json.dumps(report, indent=2))
        return
    print(f"BCa of {SCORES:,} scores, to reach: {REACH_S} s")
    for row in report["bca_20000"]:
        print(f"  {row['what']:32} {row['s']:.3f} s   {row['low']} to {row['high']}")
    print(f"\nguarantees, {asked.rounds:,} runs each")
    for row in report["guarantees"]:
        print(f"  {row['what']:42} said {row['said']:.2f}   kept {row['kept']:.3f}")


if __name__ == "__main__":
    main()
