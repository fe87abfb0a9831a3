"""Notices from a real gateway's control process, and to a real Alertmanager."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from doubles.answers_that_left import Answers
from doubles.fake_upstream import FakeUpstream
from doubles.live_system import write_live_system
from doubles.receivers import http_receiver
from doubles.running_gateway import (
    CONTROL,
    RunningGateway,
    eventually,
    free_port,
    roadworthy,
)
from roadworthy.domain import Notice, NoticeTarget
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.notice_sending import make_sender

FOUND = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
ALERTMANAGER = os.environ.get("ALERTMANAGER", FOUND or "")


def told_at(root: Path, *urls: str) -> None:
    """Let a system's deployment tell these."""
    file = root / "roadworthy.toml"
    lines = [file.read_text()]
    for number, url in enumerate(urls):
        lines += [f"[notifications.targets.t{number}]", 'kind = "webhook"', f'url = "{url}"']
    file.write_text("\n".join(lines) + "\n")


async def test_an_incident_is_told_and_a_target_that_is_down_is_said_and_holds_up_nobody(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="hi") as upstream, httpx2.AsyncClient() as http:
        loop = write_live_system(tmp_path, upstream.url)
        port = free_port()
        with http_receiver() as desk:
            told_at(tmp_path, desk.url, f"http://127.0.0.1:{free_port()}/")
            options = ("--control-port", str(port))
            async with RunningGateway(tmp_path, options=options):

                async def looked() -> bool:
                    return (loop.workspace.serving / "notices" / "t1.json").exists()

                await eventually(looked)
                answers = Answers(loop_of(loop.workspace))
                seen = await answers.leave("you fool")
                await answers.learn(answers.says(seen, "insults"))

                async def told() -> bool:
                    types = [each["type"] for each in desk.bodies]
                    return {"roadworthy.kill.set", "roadworthy.incident.opened"} <= set(types)

                await eventually(told)

                async def said() -> bool:
                    fault = (await http.get(f"http://127.0.0.1:{port}/readyz")).json()["fault"]
                    return "notices to t1" in fault and "t0" not in fault

                await eventually(said)
            _, state, _ = await roadworthy("status", str(tmp_path), "--json")
            first, second = state["notifications"]
            assert (first["waiting"], first["fault"]) == (0, "")
            assert second["waiting"] >= 2 and second["fault"], "they wait for it, on disk"


async def test_what_nobody_took_is_told_after_the_process_that_tells_was_killed(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        port = free_port()
        told_at(tmp_path, f"http://127.0.0.1:{port}/hook")
        state = loop.workspace.serving / "notices" / "t0.json"
        async with RunningGateway(tmp_path) as gateway:
            await eventually(state.exists)
            answers = Answers(loop_of(loop.workspace))
            seen = await answers.leave("you fool")
            await answers.learn(answers.says(seen, "insults"))
            await eventually(lambda: "incident" in state.read_text())
            gateway.kill_9(CONTROL)
            with http_receiver(port) as desk:

                async def told() -> bool:
                    types = [each["type"] for each in desk.bodies]
                    return "roadworthy.incident.opened" in types

                await eventually(told, within_s=60.0)
                ids = [headers["webhook-id"] for _, headers, _ in desk.got]
                assert len(ids) == len(set(ids)), "each once, as nobody had taken it"


async def test_each_target_is_tested_by_a_command(tmp_path: Path) -> None:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    with http_receiver() as desk:
        told_at(tmp_path, desk.url, "http://127.0.0.1:9/")
        code, said, _ = await roadworthy("notify", "test", str(tmp_path), "--json")
        assert code == 2 and [each["taken"] for each in said] == [True, False]
        (body,) = desk.bodies
        assert body["type"] == "roadworthy.test.sent"
        code, _, _ = await roadworthy("notify", "test", str(tmp_path), "--target", "t0", "--json")
        assert code == 0


async def test_what_was_entered_while_nobody_served_is_sent_by_a_command(tmp_path: Path) -> None:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    with http_receiver() as desk:
        told_at(tmp_path, desk.url)
        assert (await roadworthy("notify", "send", str(tmp_path), "--json"))[0] == 0
        stop = ("kill", "tenant:acme", str(tmp_path), "--reason", "x", "--as", "bob")
        assert (await roadworthy(*stop, "--json"))[0] == 0
        assert (await roadworthy("notify", "send", str(tmp_path), "--json"))[0] == 0
        (body,) = desk.bodies
        assert body["type"] == "roadworthy.kill.set" and "acme" not in str(body)


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """A real one, on a free port."""
    port = free_port()
    (folder / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    process = subprocess.Popen(
        [ALERTMANAGER, f"--config.file={folder / 'am.yml'}", f"--storage.path={folder / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(not ALERTMANAGER, reason="needs: apt-get install prometheus-alertmanager")
async def test_a_real_alertmanager_fires_regrades_and_resolves(tmp_path: Path) -> None:
    notice = Notice(
        id="notice-1", kind="incident", verb="opened", system="desk", severity="high",
        key="inc-1", at=time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
        about={"answers": "3", "state": "open"},
    )  # fmt: skip
    with alertmanager(tmp_path) as url:
        async with httpx2.AsyncClient() as http:

            async def alerts() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = (await http.get(f"{url}/api/v2/alerts")).json()
                return found

            async def ready() -> bool:
                try:
                    return (await http.get(f"{url}/-/ready")).status_code == 200
                except httpx2.ConnectError:
                    return False

            await eventually(ready)
            target = NoticeTarget(kind="alertmanager", url=url)
            sender = make_sender("am", target, clock=SystemClock(), root=".")

            async def send(said: Notice) -> None:
                await asyncio.to_thread(sender.send, said)

            await send(notice)
            await send(notice)
            (fired,) = await alerts()
            assert fired["labels"] == {
                "alertname": "RoadworthyIncident", "key": "inc-1", "severity": "high",
                "system": "desk",
            }  # fmt: skip
            assert fired["annotations"]["answers"] == "3"
            await send(replace(notice, verb="graded", severity="critical", was="high"))
            assert [each["labels"]["severity"] for each in await alerts()] == ["critical"]
            await send(replace(notice, verb="closed", severity="critical", over=True))
            assert await alerts() == [], "resolved"
