"""Rollouts: what the comparison finds on real models' answers, and how fast a switch is.

`offline` (1,000 real complaints answered by 14 models, `cfpb_llm_predictions`): each model is
rolled out beside gpt-4o, 200 times, requests drawn with replacement; how often it is aborted,
called safe, or neither, and after how many of its answers. The set is read from
ROADWORTHY_SHARED/data, or ../shared/data beside the checkout.

`switch`: two workers under wrk, a canary that answers everybody; its abort and then the rollback
of a release that is live: requests that failed, and how long after the table was written a
request was still given to the release that was sent away.

`python bench/rollout.py [offline] [switch] [--seconds 6] [--json]`.
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
    parser.add_argument("what", nargs="*", default=["offline", "switch"])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if "offline" in options.what:
        found["offline"] = offline(quiet=options.json)
    if "switch" in options.what:
        found["switch"] = switch(options.seconds, quiet=options.json)
    if options.json:
        print(json.dumps(found, indent=2))
    return 0


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


def _interval(count: int) -> str:
    found = clopper_pearson(count, RUNS)
    return f"{count / RUNS:.0%} ({found.low:.0%}-{found.high:.0%})"


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
    from roadworthy.flows.rollouts import promote, roll_back, start_rollout, stop_by_hand
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
    from roadworthy.flows.routing import read_table

    return read_table(loop.workspace.routing).published_at


if __name__ == "__main__":
    sys.exit(main())
