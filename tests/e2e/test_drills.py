"""`roadworthy drill` against a gateway of several real workers."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import httpx2
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, go_live, write_live_system
from doubles.running_gateway import RunningGateway, roadworthy
from roadworthy.domain import DRILL_TENANT
from roadworthy.flows.drills.drilling import drill_switches
from roadworthy.flows.objectives.live_indicators import TRAFFIC
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import read_journal
from roadworthy.ledger import require_signature
from roadworthy.serving import load_tenants
from roadworthy.wiring.counting import NOT_BILLED
from roadworthy.wiring.loop import loop_of

ASK = [{"role": "user", "content": "Where is my bill?"}]
SLACK = ("--within", "2000")
"""Beside other tests the machine is slow; how fast it is, is measured elsewhere."""


def _nothing_is_left(loop: Loop) -> bool:
    keys = load_tenants(loop.workspace.tenants).keys.values()
    return not drill_switches(read_table(loop.workspace.routing)) and not any(
        key.tenant == DRILL_TENANT for key in keys
    )


async def _customer(gateway: RunningGateway, key: str, over: asyncio.Event) -> list[int]:
    """Asks all the time, over fresh connections, so that every worker is met."""
    statuses = []
    while not over.is_set():
        async with httpx2.AsyncClient() as http:
            answer = await http.post(
                f"{gateway.url}/chat/completions",
                json={"model": "letters", "messages": ASK},
                headers={"authorization": f"Bearer {key}"},
            )
            statuses.append(answer.status_code)
    return statuses


async def test_a_kill_is_drilled_on_every_worker_and_no_customer_feels_it(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path, workers=3) as gateway:
            over = asyncio.Event()
            customer = asyncio.ensure_future(_customer(gateway, key, over))
            code, said, errors = await roadworthy(
                "drill", "kill", str(tmp_path), *SLACK, "--as", "dan", "--json"
            )
            over.set()
            statuses = await customer
            assert code == 0, errors
            assert said["result"] == "held"
            assert 0 < said["stopped_in_ms"] <= 2000
            assert [each["worker"] for each in said["workers"]] == ["w1", "w2", "w3"]
            assert said["stopped_in_ms"] == max(w["stopped_in_ms"] for w in said["workers"])
            assert all(each["back_in_ms"] is not None for each in said["workers"])
            assert statuses and set(statuses) == {200}
            assert _nothing_is_left(loop)
            code, _, errors = await roadworthy("keys", "tenant", "add", DRILL_TENANT, str(tmp_path))
            assert code == 1 and "drills" in errors
            code, missed, _ = await roadworthy(
                "drill", "kill", str(tmp_path), "--within", "1", "--as", "dan", "--json"
            )
            assert code == 3 and missed["result"] == "missed"
        again = loop_of(loop.workspace)
        held, late = again.ledger.entries(kind="drill.kill")
        dan = require_signature(held, again.trust, at=held.time)
        assert held.actor == f"person:{dan}"
        assert held.payload["stopped_in_ms"] == said["stopped_in_ms"]
        assert held.payload["release"] == said["release"] == held.subject
        assert (held.payload["result"], late.payload["result"]) == ("held", "missed")
        assert list(again.ledger.entries(kind="kill.set")) == []
        rows = [
            record.observation
            for record in read_journal(loop.workspace.journal)
            if record.kind == "close" and record.observation is not None
        ]
        drilled = [row for row in rows if row.tenant == DRILL_TENANT]
        assert {row.stage for row in drilled} == {"drill"}
        assert sum(row.action == "killed" for row in drilled) >= 6
        assert "drill" not in TRAFFIC
        assert "drill" in NOT_BILLED
        assert {row.stage for row in rows if row.tenant == "acme"} == {"live"}


async def test_a_slow_model_does_not_slow_the_drill_of_a_kill(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        write_live_system(tmp_path, upstream.url)
        upstream.script = [Reply(pieces=["hi"] * 3, piece_delay_s=1.0)] * 20
        async with RunningGateway(tmp_path, workers=1):
            code, said, errors = await roadworthy(
                "drill", "kill", str(tmp_path), *SLACK, "--as", "dan", "--json"
            )
        assert code == 0, errors
        assert said["stopped_in_ms"] < 1000  # the answer that was under way takes 3 s


async def test_without_a_gateway_nothing_is_drilled(tmp_path: Path) -> None:
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    code, said, errors = await roadworthy("drill", "kill", str(tmp_path), "--as", "dan", "--json")
    assert code == 4, (said, errors)
    assert list(loop.ledger.entries(kind="drill.kill")) == []
    assert _nothing_is_left(loop)


async def _cut_off(root: Path, loop: Loop, how: signal.Signals) -> None:
    """Signal a drill while its switch stands; that is short, so it may take some drills."""
    for _ in range(20):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "roadworthy", "drill", "degrade", str(root), "--as", "dan"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        while process.returncode is None:
            if drill_switches(read_table(loop.workspace.routing)):
                process.send_signal(how)
                await process.wait()
                return
            await asyncio.sleep(0.001)
    raise AssertionError("no drill was met while its switch stood")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_drill_that_is_told_to_end_takes_its_switch_away(
    tmp_path: Path, how: signal.Signals
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        async with RunningGateway(tmp_path, workers=1):
            await _cut_off(tmp_path, loop, how)
        assert _nothing_is_left(loop)


async def test_what_a_killed_drill_left_is_lifted_by_the_next_start_and_said(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        async with RunningGateway(tmp_path, workers=1) as gateway:
            for _ in range(10):
                await _cut_off(tmp_path, loop, signal.SIGKILL)
                if not _nothing_is_left(loop):
                    break
            assert not _nothing_is_left(loop)
            over = asyncio.Event()
            customer = asyncio.ensure_future(_customer(gateway, a_key(loop), over))
            await asyncio.sleep(0.3)
            over.set()
            assert set(await customer) <= {200, 401}  # 401: before the key was read
        async with RunningGateway(tmp_path, workers=1) as gateway:
            pass
        assert "cut off" in gateway.errors
        assert _nothing_is_left(loop)
        entries = loop_of(loop.workspace).ledger.entries(kind="drill.degrade")
        assert [entry.payload["result"] for entry in entries][-1] == "interrupted"


async def test_degrading_is_drilled(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        async with RunningGateway(tmp_path, workers=2):
            code, said, errors = await roadworthy(
                "drill", "degrade", str(tmp_path), *SLACK, "--as", "dan", "--json"
            )
        assert code == 0, errors
        assert [each["worker"] for each in said["workers"]] == ["w1", "w2"]
        assert said["result"] == "held" and said["stopped_in_ms"] > 0
        assert _nothing_is_left(loop)
        (entry,) = loop_of(loop.workspace).ledger.entries(kind="drill.degrade")
        assert entry.payload["result"] == "held"


async def test_going_back_to_the_baseline_is_drilled_and_nobody_else_goes_back(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        before = read_table(loop.workspace.routing).routes["letters"].live
        prompt = tmp_path / "prompts" / "sort.md"
        prompt.write_text(prompt.read_text().replace("Answer the letter.", "Answer it."))
        now = go_live(tmp_path, loop)
        key = a_key(loop)
        async with RunningGateway(tmp_path, workers=2) as gateway:
            over = asyncio.Event()
            customer = asyncio.ensure_future(_customer(gateway, key, over))
            code, said, errors = await roadworthy(
                "drill", "rollback", str(tmp_path), *SLACK, "--as", "dan", "--json"
            )
            over.set()
            assert set(await customer) == {200}
        assert code == 0, errors
        assert (said["release"], said["baseline"], said["result"]) == (now, before, "held")
        assert all(each["baseline_in_ms"] is not None for each in said["workers"])
        assert said["baseline_in_ms"] >= said["stopped_in_ms"] > 0
        rows = [
            record.observation
            for record in read_journal(loop.workspace.journal)
            if record.kind == "close" and record.observation is not None
        ]
        assert {row.release for row in rows if row.tenant == "acme"} == {now}
        assert before in {row.release for row in rows if row.tenant == DRILL_TENANT}
        assert _nothing_is_left(loop)
