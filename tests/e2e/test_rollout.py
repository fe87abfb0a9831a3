"""A rollout through real processes: a bad release is taken back, a good one goes live."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.rolled_out import NEW, second_release, tokens_of
from doubles.running_gateway import CONTROL, RunningGateway, eventually, roadworthy
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table

PLAN = """\
strategy: canary
sticky: none
steps:
- {weight_percent: 50, bake: 1s}
- {weight_percent: 100, bake: 1s}
analysis: {indicators: [error_rate], margin: 0.1}
"""


def live_of(loop: Loop) -> Any:
    return read_table(loop.workspace.routing).routes["letters"]


async def asked(client: httpx2.AsyncClient, url: str, key: str) -> httpx2.Response:
    body = {"model": "letters", "messages": [{"role": "user", "content": "Where is my bill?"}]}
    headers = {"authorization": f"Bearer {key}"}
    return await client.post(f"{url}/chat/completions", json=body, headers=headers)


async def test_a_bad_release_is_taken_back_by_itself_and_nobody_is_lost(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.standing = lambda body: (
            Reply(status=400, body='{"error": {"message": "no"}}')
            if tokens_of(body) == NEW
            else Reply(text="It is on its way")
        )
        loop = write_live_system(tmp_path, upstream.url)
        key, live = a_key(loop), live_of(loop).live
        bundle, new = second_release(tmp_path, loop, PLAN)
        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as client:
            code, said, errors = await roadworthy(
                "rollout", "start", str(tmp_path), "--bundle", str(bundle), "--as", "cleo", "--json"
            )
            assert code == 0, errors
            assert (said["release"], said["step"], said["steps"]) == (new, 1, 2)
            seen: dict[str, int] = {}

            async def until_aborted() -> bool:
                for response in await asyncio.gather(
                    *(asked(client, gateway.url, key) for _ in range(20))
                ):
                    assert response.status_code == 200, response.text
                    release = response.headers["x-roadworthy-release"]
                    seen[release] = seen.get(release, 0) + 1
                return live_of(loop).arm is None

            await eventually(until_aborted, within_s=60)
            assert set(seen) == {live, new}
            code, said, _ = await roadworthy("rollout", "status", str(tmp_path), "--json")
            assert (code, said["state"], said["verdict"]) == (0, "aborted", "worse")
            assert said["reason"].startswith("error_rate")
            after = [await asked(client, gateway.url, key) for _ in range(10)]
            assert {each.headers["x-roadworthy-release"] for each in after} == {live}


async def test_a_good_release_moves_on_by_proof_and_a_person_lets_it_go_live(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key, live = a_key(loop), live_of(loop).live
        bundle, new = second_release(tmp_path, loop, PLAN)
        folder = str(tmp_path)
        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as client:
            await roadworthy("rollout", "start", folder, "--bundle", str(bundle), "--as", "cleo")
            code, _, errors = await roadworthy("rollout", "promote", folder, "--as", "cleo")
            assert code == 4 and ("lasted" in errors or "proven" in errors)

            async def until_moved() -> bool:
                await asyncio.gather(*(asked(client, gateway.url, key) for _ in range(20)))
                arm = live_of(loop).arm
                return arm is not None and arm.share == 1.0

            await eventually(until_moved, within_s=60)
            gateway.kill_9(CONTROL)  # a restart changes no verdict

            async def has_lasted() -> bool:
                return bool((await roadworthy("rollout", "status", folder, "--json"))[1]["baked"])

            await eventually(has_lasted)
            code, said, errors = await roadworthy(
                "rollout", "promote", folder, "--as", "cleo", "--json"
            )
            assert (code, said["state"], said["live"]) == (0, "promoted", new), errors

            async def is_new() -> bool:
                response = await asked(client, gateway.url, key)
                assert response.status_code == 200
                return response.headers["x-roadworthy-release"] == new

            await eventually(is_new)
            code, said, errors = await roadworthy(
                "rollout", "rollback", folder, "--as", "cleo", "--json"
            )
            assert (code, said["digest"]) == (0, live), errors

            async def is_old() -> bool:
                return (await asked(client, gateway.url, key)).headers[
                    "x-roadworthy-release"
                ] == live

            await eventually(is_old)
