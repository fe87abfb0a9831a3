"""A control process that cannot start is never missed in silence: nobody would stop or record."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.domain import UsageError
from roadworthy.gateway.children import Child, NotStartedError
from roadworthy.gateway.supervisor import Settings, supervise
from roadworthy.wiring.plan import Plan

FAILS_ONCE = """
import pathlib, sys
seen = pathlib.Path(sys.argv[1])
if not seen.exists():
    seen.touch()
    sys.exit(2)
print('{"ready": true}', flush=True)
sys.stdin.read()
"""


async def test_a_first_start_that_failed_is_said_and_tried_again(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", FAILS_ONCE, str(tmp_path / "seen")]
    said: list[str] = []
    child = Child("the control process", argv, needed=False)
    keeper = asyncio.ensure_future(child.keep(said.append))
    try:
        assert await asyncio.wait_for(child.ready, 30) == {"ready": True}
    finally:
        await child.stop(keeper)
    assert len(said) == 1
    assert said[0].startswith("the control process ended (exit 2); starting it again")


async def test_a_worker_whose_first_start_fails_is_not_tried_again() -> None:
    child = Child("worker 1", [sys.executable, "-c", "raise SystemExit(2)"])
    await asyncio.wait_for(child.keep(print), 30)
    with pytest.raises(NotStartedError, match=r"worker 1 could not start \(exit 2\)"):
        child.ready.result()


async def test_a_control_port_that_is_taken_keeps_the_gateway_from_starting(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        plan = Plan(workspace=str(tmp_path), roots={}, control_port=port)
        settings = Settings(plan=plan, host="127.0.0.1", port=0, workers=1)
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}") as refused:
            await supervise(settings, on_ready=lambda _: None, say=print)
    assert "--control-port" in (refused.value.fix or "")


async def test_a_process_that_is_wanted_at_times_is_there_only_then(tmp_path: Path) -> None:
    wanted, seen = tmp_path / "wanted", tmp_path / "seen"
    code = f"import os; os.unlink({str(wanted)!r}); open({str(seen)!r}, 'a').write('x')"
    argv = [sys.executable, "-c", code]
    said: list[str] = []
    child = Child("the batch process", argv, needed=False, wanted=wanted.exists)
    keeper = asyncio.ensure_future(child.keep(said.append))
    try:
        for times in ("x", "xx"):
            wanted.touch()
            await asyncio.wait_for(
                _until(lambda t=times: seen.exists() and seen.read_text() == t), 30
            )
    finally:
        await asyncio.wait_for(child.stop(keeper), 10)
    assert said == [], "an end that was due is nothing to say"
    assert keeper.done() and seen.read_text() == "xx"


async def _until(check: Callable[[], bool]) -> None:
    while not check():
        await asyncio.sleep(0.02)
