"""A bandit through two real workers: the better release gets more, and nobody is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.rolled_out import OLD, second_release, tokens_of
from doubles.running_gateway import CONTROL, WORKER, RunningGateway, eventually, roadworthy
from roadworthy.domain import Observation, parse_instant
from roadworthy.flows.entries.rolling import STARTED, WEIGHED
from roadworthy.flows.rollouts.bandit import EVERY_S
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import read_segment, read_states, segments
from roadworthy.wiring.loop import loop_of

PLAN = """\
strategy: bandit
sticky: none
steps:
- {weight_percent: 85, bake: 1h}
- {weight_percent: 90, bake: 1h}
analysis: {indicators: [error_rate], margin: 0.1}
"""


def at_work(loop: Loop) -> set[int]:
    """The processes of the workers that tell of themselves."""
    return {state.pid for state in read_states(loop.workspace.workers)}


class Customers:
    """Ask over fresh connections, so that both workers accept some, and keep what they got."""

    def __init__(self, gateway: RunningGateway, key: str) -> None:
        self.gateway, self.key = gateway, key
        self.got: dict[str, str] = {}
        """Observation -> the release that answered."""

    async def ask(self, n: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        fresh = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(timeout=30, limits=fresh) as client:
            for _ in range(n // 8):
                for response in await asyncio.gather(*(self._one(client) for _ in range(8))):
                    assert response.status_code == 200, response.text
                    release = response.headers["x-roadworthy-release"]
                    self.got[response.headers["x-roadworthy-observation"]] = release
                    seen[release] += 1
        return seen

    async def _one(self, client: httpx2.AsyncClient) -> httpx2.Response:
        body = {"model": "letters", "messages": [{"role": "user", "content": "Where is my bill?"}]}
        return await client.post(
            f"{self.gateway.url}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {self.key}"},
        )


def closed(loop: Loop) -> list[tuple[str, Observation]]:
    """(worker, answer) of everything in the journal."""
    found, worker = [], ""
    for path in segments(loop.workspace.journal):
        for placed in read_segment(path):
            record = placed.record
            worker = record.worker if record.kind == "begin" else worker
            if record.kind == "close" and record.observation is not None:
                found.append((worker, record.observation))
    return found


def arm_of(loop: Loop) -> Any:
    return read_table(loop.workspace.routing).routes["letters"].arm


def weighed(loop: Loop) -> list[dict[str, Any]]:
    return [dict(e.payload) for e in loop_of(loop.workspace).ledger.entries(kind=WEIGHED)]


def waited_s(loop: Loop) -> float:
    """Seconds from the start of the rollout to its first weighing, as they are entered."""
    ledger = loop_of(loop.workspace).ledger
    began, first = (
        parse_instant(next(iter(ledger.entries(kind=kind))).time) for kind in (STARTED, WEIGHED)
    )
    return (first - began).total_seconds()


async def status_of(root: Path) -> dict[str, Any]:
    return (await roadworthy("rollout", "status", str(root), "--json"))[1]  # type: ignore[no-any-return]


@pytest.mark.slow
async def test_traffic_moves_to_the_better_release_over_two_workers_and_through_restarts(
    tmp_path: Path,
) -> None:
    asked = iter(range(1_000_000))
    async with FakeUpstream() as upstream:
        upstream.standing = lambda body: (
            Reply(status=400, body='{"error": {"message": "no"}}')
            if tokens_of(body) == OLD and next(asked) % 2
            else Reply(text="It is on its way")
        )
        loop = write_live_system(tmp_path, upstream.url)
        key, live = a_key(loop), read_table(loop.workspace.routing).routes["letters"].live
        bundle, new = second_release(tmp_path, loop, PLAN)
        async with RunningGateway(tmp_path, workers=2) as gateway:
            customers = Customers(gateway, key)
            code, _, errors = await roadworthy(
                "rollout", "start", str(tmp_path), "--bundle", str(bundle), "--as", "cleo"
            )
            assert code == 0, errors
            seen = await customers.ask(160)
            assert 0 < seen[new] < 120, "half-way at first"
            by_worker = Counter(worker for worker, _ in closed(loop))
            while len(by_worker) < 2 or min(by_worker.values()) < 40:  # the kernel deals them out
                assert len(customers.got) < 1000
                await customers.ask(16)
                by_worker = Counter(worker for worker, _ in closed(loop))
            first_n = len(customers.got)

            # the share follows blocks that were closed over both workers' answers
            await eventually(lambda: weighed(loop), within_s=EVERY_S + 60)
            assert waited_s(loop) >= EVERY_S
            (said,) = weighed(loop)
            share = float(said["share"])
            assert share >= 0.7
            counts = said["outcomes_and_failures"]
            both = int(counts["live"][0]) + int(counts["new"][0])
            assert max(by_worker.values()) < both <= first_n
            await eventually(lambda: arm_of(loop).share == share)
            await asyncio.sleep(0.2)  # both workers look at the table every 50 ms
            assert (await customers.ask(96))[new] > 0.55 * 96

            # neither a worker's nor the control process's end changes what was decided
            gateway.kill_9(CONTROL)
            (first, *_) = gateway.children(WORKER)
            os.kill(first, signal.SIGKILL)
            await eventually(
                lambda: len(gateway.children(WORKER)) == 2 and first not in gateway.children(WORKER)
            )
            await eventually(lambda: gateway.children(CONTROL))
            assert (len(weighed(loop)), arm_of(loop).share) == (1, share)
            await eventually(lambda: at_work(loop) == set(gateway.children(WORKER)))
            assert (await customers.ask(96))[new] > 0.55 * 96
            now = await status_of(tmp_path)
            assert (now["state"], now["step"]) == ("running", 1)

            # and the blocks go on where they were: what came before the restart still counts
            async def counts_all() -> bool:
                (comparison,) = (await status_of(tmp_path))["comparisons"]
                return bool(comparison["live_n"] + comparison["new_n"] > first_n + 96)

            await eventually(counts_all, within_s=30)
            assert (len(weighed(loop)), arm_of(loop).share) == (1, share)
        rows = closed(loop)
        assert Counter(row.id for _, row in rows) == Counter(customers.got.keys()), "each once"
        assert all(customers.got[row.id] == row.release for _, row in rows)
        met = {(worker, row.release) for worker, row in rows}
        assert {release for _, release in met} == {live, new}
        for worker in {name for name, _ in met}:
            assert {(worker, live), (worker, new)} <= met, "both workers answer by both releases"
