"""A real `roadworthy eval` process, killed with SIGKILL at random moments, then resumed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from doubles.fake_upstream import FakeUpstream
from roadworthy.evaluation import read_run
from roadworthy_verify import verify_ledger

CASES = 120
SYSTEM = {
    "charter.yaml": """\
system: desk
title: Desk
owners: {product: Ada}
human_goal: Every question gets its answer.
use: {intended_purpose: Answer questions.}
endpoints:
- {id: ask, fallback: Please ask a person.}
""",
    "candidate.yaml": """\
task: generation
model: {provider: openai_compatible, name: mock, upstream: lab}
""",
    "safety-slos.yaml": 'slos:\n- {name: exact_match, target: ">= 0.90"}\n',
    "suites/all.yaml": "name: all\ncases: [all.jsonl]\n",
}


def write_system(root: Path, url: str) -> None:
    for name, text in SYSTEM.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "roadworthy.toml").write_text(f'[upstreams.lab]\nurl = "{url}"\n')
    with (root / "suites" / "all.jsonl").open("w") as file:
        for number in range(CASES):
            case = {"id": f"c{number}", "input": f"Question {number}.", "expect": {"text": "42"}}
            file.write(json.dumps(case) + "\n")


async def start(root: Path) -> asyncio.subprocess.Process:
    environment = {**os.environ, "ROADWORTHY_HOME": ""}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "roadworthy", "eval", str(root), "--concurrency", "8", "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip


def asked(upstream: FakeUpstream) -> Counter[str]:
    return Counter(request.body["messages"][-1]["content"] for request in upstream.requests)


def kept(root: Path) -> int:
    """How many answers are in the cache."""
    path = root / ".roadworthy" / "cache" / "answers.db"
    if not path.exists():
        return 0
    database = sqlite3.connect(path)
    try:
        return int(database.execute("select count(*) from answers").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


def rows(root: Path) -> int:
    files = list((root / ".roadworthy" / "runs").glob("run-*.jsonl"))
    try:
        return len(read_run(files[0])) if files else 0
    except Exception:
        assert files[0].stat().st_size == 0 or b"\n" not in files[0].read_bytes()
        return 0


async def finished(root: Path) -> dict[str, Any]:
    process = await start(root)
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return json.loads(said)


async def killed_at_random(root: Path, kills: int, dice: random.Random) -> None:
    """Kill so often; after each kill what was kept is not asked again; then finish."""
    async with FakeUpstream("42", delay_s=0.02) as upstream:
        write_system(root, upstream.url)
        for _ in range(kills):
            before = len(upstream.requests)
            process = await start(root)
            target = before + dice.randrange(1, CASES // max(2, kills // 4))
            while process.returncode is None and len(upstream.requests) < target:
                await asyncio.sleep(0.005)
            await asyncio.sleep(dice.random() * 0.03)
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.communicate()
            if process.returncode == 0:
                break
        held, written = kept(root), rows(root)
        paid = asked(upstream)
        done = await finished(root)
        again = asked(upstream) - paid
        assert done["status"] == "complete"
        assert done["n"] == CASES
        assert sum(again.values()) == CASES - held
        assert written <= held
        assert set(asked(upstream)) == {f"Question {number}." for number in range(CASES)}
    (run_file,) = (root / ".roadworthy" / "runs").glob("run-*.jsonl")
    assert len(read_run(run_file, expected=done["observations"])) == CASES
    report = verify_ledger(root / ".roadworthy" / "ledger.db")
    assert report.exit_code in (0, 4), report


@pytest.mark.slow
async def test_killed_three_times_it_loses_nothing_and_pays_nothing_twice(tmp_path):
    await killed_at_random(tmp_path, 3, random.Random(7))


@pytest.mark.extended
@pytest.mark.parametrize("seed", range(10))
async def test_killed_fifty_times_it_loses_nothing_and_pays_nothing_twice(tmp_path, seed):
    await killed_at_random(tmp_path, 5, random.Random(seed))
