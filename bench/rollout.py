"""Rollouts: what the comparison finds on real models' answers, and how fast a switch is.

`offline` (1,000 real complaints answered by 14 models, `cfpb_llm_predictions`): each model is
rolled out beside gpt-4o, 200 times, requests drawn with replacement; how often it is aborted,
called safe, or neither, and after how many of its answers. The set is read from
ROADWORTHY_SHARED/data, or ../shared/data beside the checkout.

`arms`: simulated rollouts, a tenth of the traffic. One failure in ten against one in twenty: how
many are aborted, after how many answers of the new release, and how many a test at a fixed number
needs for the same power (one-sided at 5 %, exact binomial; the pooled z test, and Wald's). And one
in twenty on both arms, looked at after every answer: how many are aborted all the same.

`switch`: two workers under wrk, a canary that answers everybody; its abort and then the rollback
of a release that is live: requests that failed, and how long after the table was written a
request was still given to the release that was sent away.

`python bench/rollout.py [arms] [offline] [switch] [--runs 400] [--seconds 6] [--json]`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from roadworthy.statistics import clopper_pearson, two_arms  # noqa: E402

SET = "cfpb_llm_predictions"
LIVE = "gpt_4o"
RUNS = 200
REQUESTS = 6000
MARGIN = 0.05
SHARE = 0.2


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["arms", "offline", "switch"])
    parser.add_argument("--runs", type=int, default=400, help="simulated rollouts of `arms`")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if "arms" in options.what:
        found["arms"] = arms(options.runs, quiet=options.json)
    if "offline" in options.what:
        found["offline"] = offline(quiet=options.json)
    if "switch" in options.what:
        found["switch"] = switch(options.seconds, quiet=options.json)
    if options.json:
        print(json.dumps(found, indent=2))
    return 0


OLD, NEW, TENTH, LONGEST = 0.05, 0.10, 0.1, 10_000
"""Failures of both arms, the new one's share, and the requests after which `arms` gives up."""


def arms(runs: int, *, quiet: bool) -> dict[str, Any]:
    """How fast a difference is found, and how often one that is not there."""
    worse = [_until_worse(f"worse {seed}", NEW) for seed in range(runs)]
    stops = sorted(answers for answers, stopped in worse if stopped)
    even = sum(_until_worse(f"even {seed}", OLD)[1] for seed in range(5 * runs))
    mean = sum(stops) / len(stops)
    spread = (sum((each - mean) ** 2 for each in stops) / (len(stops) - 1)) ** 0.5
    half = 1.96 * spread / len(stops) ** 0.5
    power = min(len(stops), runs - 1) / runs  # no fixed number finds everything
    found: dict[str, Any] = {
        "runs": runs,
        "found": len(stops),
        "answers": mean,
        "answers_95": [mean - half, mean + half],
        "median": stops[len(stops) // 2],
        "most": stops[-1],
        "fixed": {name: _fixed(power, pooled=pooled) for name, pooled in _TESTS.items()},
        "even_runs": 5 * runs,
        "even_aborted": even,
    }
    if not quiet:
        _say_arms(found)
    return found


def _say_arms(found: dict[str, Any]) -> None:
    low, high = found["answers_95"]
    print(f"one failure in ten against one in twenty, {TENTH:.0%} of {LONGEST} requests, alpha 5 %")
    print(f"  bets: {_interval(found['found'], found['runs'])} of {found['runs']} runs aborted")
    print(
        f"        after {found['answers']:.0f} answers of the new release on average ({low:.0f} to "
        f"{high:.0f} at 95 %; median {found['median']}, most {found['most']})"
    )
    for name, each in found["fixed"].items():
        print(f"  {name}: {each['answers']} answers for that; its false alarms {each['level']:.1%}")
    aborted = _interval(found["even_aborted"], found["even_runs"])
    print("one in twenty on both arms, looked at after every answer")
    print(f"  bets: {aborted} of {found['even_runs']} runs aborted")


_TESTS = {"fixed number, pooled z": True, "fixed number, Wald": False}


def _until_worse(name: str, rate: float) -> tuple[int, bool]:
    """Answers of the new arm until it was proven worse, or at the end; whether it was."""
    source, found = random.Random(name), two_arms()
    for _ in range(LONGEST):
        to_new = source.random() < TENTH
        found.add(float(source.random() < (rate if to_new else OLD)), new=to_new)
        if found.is_worse >= 20:
            return found.new_n, True
    return found.new_n, False


def _fixed(power: float, *, pooled: bool) -> dict[str, float]:
    """The smallest number of answers at which a one-sided test at 5 % has this power, by halving.

    Power goes up with the number, but for a hair.
    """
    low, high = 50, 3000
    while high - low > 1:
        middle = (low + high) // 2
        enough = _rejects(middle, NEW, pooled=pooled) >= power
        low, high = (low, middle) if enough else (middle, high)
    return {"answers": high, "level": _rejects(high, OLD, pooled=pooled)}


def _rejects(number: int, rate: float, *, pooled: bool) -> float:
    """How often `number` answers and nine times as many of the old arm prove that it is worse."""
    import numpy as np
    from scipy.stats import binom, norm

    rest = round(number * (1 - TENTH) / TENTH)
    bad_new = np.arange(number + 1)[:, None]
    bad_old = np.arange(min(rest, round(rest * OLD + 8 * (rest * OLD) ** 0.5)) + 1)[None, :]
    new, old = bad_new / number, bad_old / rest
    if pooled:
        both = (bad_new + bad_old) / (number + rest)
        spread = both * (1 - both) * (1 / number + 1 / rest)
    else:
        spread = new * (1 - new) / number + old * (1 - old) / rest
    proven = new - old > norm.ppf(0.95) * np.sqrt(spread)
    weights = binom.pmf(bad_new, number, rate) * binom.pmf(bad_old, rest, OLD)
    return float((weights * proven).sum())


def shared() -> Path | None:
    named = os.environ.get("ROADWORTHY_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder / "data" if (folder / "data").is_dir() else None


def offline(*, quiet: bool) -> list[dict[str, Any]]:
    data = shared()
    if data is None or not (data / SET).is_dir():
        print("skipped: no shared data (set ROADWORTHY_SHARED to the folder that holds data/)")
        return []
    with gzip.open(data / SET / "dataset.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [key.removesuffix("_prediction") for key in rows[0] if key.endswith("_prediction")]
    wrong = {
        name: [float(row[f"{name}_prediction"] != row["product"]) for row in rows] for name in names
    }
    found = [_rolled_out(name, wrong[LIVE], wrong[name]) for name in names]
    found.sort(key=lambda each: each["difference"])
    if not quiet:
        print(f"each beside {LIVE}, {SHARE:.0%} of {REQUESTS} requests, margin {MARGIN:.0%}, "
              f"alpha 5 %, {RUNS} runs, 95 % intervals")  # fmt: skip
        head = ("new release", "more wrong", "aborted", "safe", "neither", "answers until decided")
        print("  ".join(f"{word:>22}" for word in head))
        for each in found:
            cells = (
                each["model"], f"{each['difference']:+.3f}", _interval(each["aborted"]),
                _interval(each["safe"]), f"{each['neither'] / RUNS:.0%}", f"{each['answers']:.0f}",
            )  # fmt: skip
            print("  ".join(f"{cell:>22}" for cell in cells))
    return found


def _rolled_out(name: str, live: list[float], new: list[float]) -> dict[str, Any]:
    counts = {"aborted": 0, "safe": 0, "neither": 0}
    answers: list[int] = []
    for seed in range(RUNS):
        source = random.Random(f"{name} {seed}")
        arms = two_arms(margin=MARGIN)
        verdict = "neither"
        for _ in range(REQUESTS):
            at, to_new = source.randrange(len(live)), source.random() < SHARE
            arms.add((new if to_new else live)[at], new=to_new)
            if arms.is_worse >= 20 or arms.is_safe >= 20:
                verdict = "aborted" if arms.is_worse >= 20 else "safe"
                break
        counts[verdict] += 1
        answers.append(arms.new_n)
    difference = sum(new) / len(new) - sum(live) / len(live)
    mean = sum(answers) / len(answers)
    return {"model": name, "difference": difference, "answers": mean, "runs": RUNS, **counts}


def _interval(count: int, runs: int = RUNS) -> str:
    found = clopper_pearson(count, runs)
    digits = 0 if runs == RUNS else 1
    low, high = f"{found.low:.{digits}%}", f"{found.high:.{digits}%}"
    return f"{count / runs:.{digits}%} ({low}-{high})"


def switch(seconds: float, *, quiet: bool) -> dict[str, Any]:
    if shutil.which("wrk") is None:
        print("skipped: wrk is not installed (apt-get install wrk)")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        found = _switch(Path(folder), seconds)
    if not quiet:
        print(f"{found['requests']} requests at {found['rps']:.0f}/s, {found['failed']} failed")
        for what in ("abort", "rollback"):
            late = f"{found[what]:.0f} ms after the table was written"
            print(f"{what}: the one that was sent away was given requests until {late}")
    return found


def _switch(folder: Path, seconds: float) -> dict[str, Any]:
    import gateway as gateways
    from doubles.live_system import a_key, write_live_system
    from doubles.rolled_out import CANARY, second_release
    from roadworthy.domain import parse_instant
    from roadworthy.flows.rollouts.moving import (
        promote,
        roll_back,
        start_rollout,
        stop_by_hand,
    )
    from roadworthy.journal import read_journal
    from roadworthy.wiring.loop import loop_of

    root = folder / "system"
    loop = write_live_system(root, f"http://127.0.0.1:{gateways.UPSTREAM_PORT}/v1")
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")
    one_step = plan.replace("- {weight_percent: 100, bake: 1s}\n", "", 1)
    bundle, new = second_release(root, loop, one_step)
    body = json.dumps({"model": "letters", "messages": [{"role": "user", "content": "My bill?"}]})
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n'
        f'wrk.headers["authorization"] = "Bearer {a_key(loop)}"\nwrk.body = [==[{body}]==]\n'
    )
    upstream = gateways._start_upstream(folder)
    process, url = gateways._start_gateway(root)
    said: dict[str, Any] = {}
    try:
        target = f"{url}/v1/chat/completions"
        loop = loop_of(loop.workspace)
        signer = loop.keyring.signer("cleo")

        def load() -> None:
            said.update(gateways._wrk(script, target, 16, int(seconds)))

        thread = threading.Thread(target=load)
        thread.start()
        marks: dict[str, tuple[str, float]] = {}
        start_rollout(bundle, loop, root=root, signer=signer)
        time.sleep(seconds / 4)
        over = stop_by_hand(loop, "letters", signer=signer, reason="to measure it")
        marks["abort"] = (new, parse_instant(_published(loop)).timestamp())
        time.sleep(seconds / 8)
        start_rollout(bundle, loop, root=root, signer=signer)
        promote(loop, "letters", root=root, signer=signer, reason="to measure it")
        time.sleep(seconds / 8)
        began = marks["abort"][1] + seconds / 8
        roll_back(loop, "letters", root=root, signer=signer)
        marks["rollback"] = (new, parse_instant(_published(loop)).timestamp())
        thread.join()
        assert over.state == "aborted"
    finally:
        process.terminate()
        process.wait(30)
        upstream.terminate()
    begun: dict[str, list[float]] = {"abort": [], "rollback": []}
    for record in read_journal(loop.workspace.journal):
        seen = record.observation
        if record.kind != "close" or seen is None or seen.release != new:
            continue
        at = parse_instant(seen.time).timestamp() - (seen.latency_ms or 0.0) / 1000
        begun["abort" if at < began else "rollback"].append(at)
    late = {what: max(begun[what]) - at for what, (_, at) in marks.items()}
    return {
        "requests": said["requests"],
        "rps": said["rps"],
        "failed": said["errors"],
        "abort": late["abort"] * 1000,
        "rollback": late["rollback"] * 1000,
    }


def _published(loop: Any) -> str:
    from roadworthy.flows.workspace.routing import read_table

    return read_table(loop.workspace.routing).published_at


if __name__ == "__main__":
    sys.exit(main())
