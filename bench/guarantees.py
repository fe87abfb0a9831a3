"""The statistics: how fast BCa is on 20,000 scores, and what each guarantee is worth by simulation.

`python bench/guarantees.py [--rounds 2000] [--pairs 2000] [--only TEXT] [--json]`. Each line says
how often a promise (`promises.py`) was kept, or what went wrong on average, in how many simulated
runs, and the interval of that; `refuted` where the interval excludes what was said, `approximate`
where nothing is promised: means of heavy tails (`APPROXIMATE`). The last lines
are the whole gate's own errors (`gate_errors.py`), on `--pairs` pairs of runs. Seeds are fixed.
(Named so because a `statistics.py` beside the other scripts would hide the standard library's.)
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import Any

import gate_errors
from distances import DISTANCES
from promises import APPROXIMATE, PROMISES, Promise
from roadworthy.statistics import bca_mean, mean_interval, share_interval
from samples import SAMPLES

REACH_S = 1.0
SCORES = 20_000


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


def estimated(promise: Promise, rounds: int) -> dict[str, Any]:
    """How a promise was kept: n, the rate with its interval, and whether that excludes it."""
    seen = [float(promise.draw(random.Random(f"{promise.name} {seed}"))) for seed in range(rounds)]
    if promise.side == "at most" and min(seen) < max(seen):
        found = mean_interval(seen)
    else:
        found = share_interval(sum(seen), rounds)
    return row(promise.name, promise.said, sum(seen) / rounds, rounds, found, promise.side)


def row(
    what: str, said: float, kept: float, n: int, found: Any, side: str = "at least"
) -> dict[str, Any]:
    refuted = found.high < said if side == "at least" else found.low > said
    return {"what": what, "said": said, "side": side, "kept": kept, "n": n, "low": found.low,
            "high": found.high, "refuted": refuted}  # fmt: skip


def of_the_gate(pairs: int, cases: int = 160) -> list[dict[str, Any]]:
    """The whole gate on pairs without a change, and the rule about regressions on a real drop."""
    rule = gate_errors.RULE
    refused = gate_errors.false_alarms(pairs, cases)
    rows = [row(f"whole gate, nothing changed, {cases} cases: refused", rule.alpha,
                refused / pairs, pairs, share_interval(refused, pairs), "at most")]  # fmt: skip
    for flips in (0.04, 0.08):
        lost, gained = (flips + rule.drop) / 2, (flips - rule.drop) / 2
        enough = gate_errors.paired_cases(gained, lost, alpha=2 * rule.alpha, power=rule.power)
        assert enough is not None
        found = gate_errors.verdicts(pairs, enough, gained, lost)
        hits = round(found["FAIL"] * pairs)
        what = f"a drop of 3 points found, {enough} cases, {flips:.0%} flip"
        rows.append(row(what, found["said"], hits / pairs, pairs, share_interval(hits, pairs)))
        alarms = round(gate_errors.verdicts(pairs, enough, flips / 2, flips / 2)["FAIL"] * pairs)
        what = f"no drop, {enough} cases, {flips:.0%} flip: refused"
        rows.append(
            row(what, rule.alpha, alarms / pairs, pairs, share_interval(alarms, pairs), "at most")
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=2000, help="0: leave the gate out")
    parser.add_argument("--only", default="", help="promises with this text in their name")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    promised = [*PROMISES, *(Promise(*each) for each in (*DISTANCES, *SAMPLES))]
    chosen = [each for each in promised if asked.only in each.name]
    found = [estimated(each, asked.rounds) for each in chosen]
    loose = [each for each in APPROXIMATE if asked.only in each.name]
    found += [{**estimated(each, asked.rounds), "approximate": True} for each in loose]
    found += of_the_gate(asked.pairs) if asked.pairs else []
    report = {"bca_20000": [] if asked.only else speed(), "reach_s": REACH_S, "guarantees": found}
    if asked.json:
        print(json.dumps(report, indent=2))
        return
    if not asked.only:
        print(f"BCa of {SCORES:,} scores, to reach: {REACH_S} s")
    for each in report["bca_20000"]:
        print(f"  {each['what']:32} {each['s']:.3f} s   {each['low']} to {each['high']}")
    print("\nguarantees: what was said, what the simulation shows, and its 95 % interval")
    for each in found:
        mark = "  refuted" if each["refuted"] else ""
        mark += " (approximate)" if "approximate" in each else ""
        print(f"  {each['what']:47} {each['side']:8} {each['said']:.3f}   {each['kept']:.4f} "
              f"({each['low']:.4f} to {each['high']:.4f}, n={each['n']:,}){mark}")  # fmt: skip


if __name__ == "__main__":
    main()
