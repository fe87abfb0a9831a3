"""Steps of a playbook on real workers: in force on all of them, and taken back on all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import CONTROL, RunningGateway, eventually, roadworthy
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import read_segment, segments
from roadworthy.manifests import Workspace

LINES = 8
"""Connections that stay: each is one worker's."""
ANSWER, FALLBACK = "It is on its way", "A person will read your letter."
PLAYBOOK = """\
---
trigger: breaks
degrade_steps:
- {do: narrow_use, allowed: {supplier: [S-1, S-9]}, within: 1s}
- {do: degrade_to_safe_mode, slice: supplier=S-9, within: 1s}
---
Call Ada.
"""
SLOS = """\
slos:
- name: breaks
  metric: error_rate
  objective: Answers come.
  target: "<= 0.1"
  window: 1h
  at: [runtime]
  action_on_breach: degrade_steps
"""
FILES: dict[str, str | None] = {"playbooks/breaks.md": PLAYBOOK, "safety-slos.yaml": SLOS}
SUPPLIERS = ("S-1", "S-2", "S-9")
WHOLE = {"S-1": ANSWER, "S-2": ANSWER, "S-9": ANSWER}
NARROW = WHOLE | {"S-2": FALLBACK}
SAFE = NARROW | {"S-9": FALLBACK}


class Line:
    """One connection, kept."""

    def __init__(self, gateway: RunningGateway, key: str) -> None:
        self.http = httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"})
        self._url = f"{gateway.url}/chat/completions"

    async def ask(self, supplier: str, text: str = "Where is my bill?") -> str:
        messages = [{"role": "user", "content": text}]
        asked = {"model": "letters", "messages": messages, "metadata": {"supplier": supplier}}
        answer = await self.http.post(self._url, json=asked)
        if answer.status_code != 200:
            return answer.text
        said: str = answer.json()["choices"][0]["message"]["content"]
        return said

    async def says(self) -> dict[str, str]:
        """What each supplier's letters get."""
        return {supplier: await self.ask(supplier) for supplier in SUPPLIERS}


@asynccontextmanager
async def upstream() -> AsyncIterator[FakeUpstream]:
    """Fails at what is broken, and answers all else."""
    async with FakeUpstream() as found:
        found.standing = lambda body: (
            Reply(status=400, body='{"error": {"message": "no"}}')
            if "broken" in str(body["messages"])
            else Reply(text=ANSWER)
        )
        yield found


@asynccontextmanager
async def lines_of(gateway: RunningGateway, key: str) -> AsyncIterator[list[Line]]:
    lines = [Line(gateway, key) for _ in range(LINES)]
    yield lines
    for line in lines:
        await line.http.aclose()


async def everywhere(lines: Sequence[Line], wanted: dict[str, str]) -> None:
    """On every connection, and it stays so."""

    async def is_so() -> bool:
        return all([await line.says() == wanted for line in lines])

    await eventually(is_so)
    assert await is_so()


def workers_that_answered(workspace: Workspace) -> int:
    return len([
        path for path in segments(workspace.journal)
        if any(placed.record.kind == "close" for placed in read_segment(path))
    ])  # fmt: skip


async def test_a_person_s_steps_hold_on_every_worker_and_go_back_on_every_worker(
    tmp_path: Path,
) -> None:
    async with upstream() as model:
        loop = write_live_system(tmp_path, model.url, FILES)
        key, folder = a_key(loop), str(tmp_path)

        async def step(*more: str) -> dict[str, Any]:
            words = ("step", "breaks", folder, *more, "--reason", "it is slow", "--as", "cleo")
            code, said, errors = await roadworthy("mitigation", *words, "--json")
            assert code == 0, errors
            found: dict[str, Any] = said
            return found

        async with (
            RunningGateway(tmp_path, workers=2) as gateway,
            lines_of(gateway, key) as lines,
        ):
            await everywhere(lines, WHOLE)
            await step()
            await everywhere(lines, NARROW)
            await step()
            await everywhere(lines, SAFE)
            gateway.kill_9(CONTROL)
            await everywhere(lines, SAFE)
            await step("--back")
            await everywhere(lines, NARROW)
            await step("--back")
            await everywhere(lines, WHOLE)
        assert workers_that_answered(loop.workspace) == 2, "both workers had callers"


async def test_steps_of_a_breach_hold_on_every_worker_and_after_a_restart(tmp_path: Path) -> None:
    async with upstream() as model:
        loop = write_live_system(tmp_path, model.url, FILES)
        key, folder = a_key(loop), str(tmp_path)

        def steps() -> list[int]:
            return sorted(each.step for each in read_table(loop.workspace.routing).mitigations)

        async with (
            RunningGateway(tmp_path, workers=2) as gateway,
            lines_of(gateway, key) as lines,
        ):

            async def broken_until(wanted: list[int]) -> None:
                async def taken() -> bool:
                    await asyncio.gather(*(line.ask("S-1", "it is broken") for line in lines))
                    return steps() == wanted

                await eventually(taken, within_s=60)

            await everywhere(lines, WHOLE)
            assert steps() == []
            await broken_until([1])
            await everywhere(lines, NARROW)
            await broken_until([1, 2])
            await everywhere(lines, SAFE)
        assert workers_that_answered(loop.workspace) == 2, "both workers had callers"
        async with (
            RunningGateway(tmp_path, workers=2) as gateway,
            lines_of(gateway, key) as lines,
        ):
            await everywhere(lines, SAFE)
            table = read_table(loop.workspace.routing)
            (newest,) = [each.id for each in table.mitigations if each.step == 2]
            why = ("--as", "cleo", "--reason", "mended", "--json")
            code, _, errors = await roadworthy("mitigation", "lift", newest, folder, *why)
            assert code == 0, errors
            await everywhere(lines, NARROW)
            assert steps() == [1]
