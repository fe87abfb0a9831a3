"""A control process that cannot start is never missed in silence: nobody would stop or record."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.domain import UsageError
from roadworthy.gateway.child import Child, NotStartedError
from roadworthy.gateway.children import Keeper
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


DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"ready": true}', flush=True)
while True: signal.pause()
"""


def turned(keeper: Keeper, until: Callable[[], bool]) -> None:
    """Let it turn until something is so."""
    limit = time.monotonic() + 30
    while not until():
        assert time.monotonic() < limit
        keeper.turn(time.monotonic() + 0.05)


def kept(child: Child, said: list[str], until: Callable[[], bool]) -> None:
    """Keep one process alive until something is so, then end it."""
    with Keeper([child], said.append) as keeper:
        try:
            turned(keeper, until)
        finally:
            keeper.end([child])


def test_a_first_start_that_failed_is_said_and_tried_again(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", FAILS_ONCE, str(tmp_path / "seen")]
    said: list[str] = []
    child = Child("the control process", argv, needed=False)
    kept(child, said, lambda: child.ready is not None)
    assert child.ready == {"ready": True}
    assert len(said) == 1
    assert said[0].startswith("the control process ended (exit 2); starting it again")


def test_a_process_that_cannot_even_be_made_is_tried_again(tmp_path: Path) -> None:
    program, said = tmp_path / "comes later", list[str]()
    child = Child("worker 2", [str(program)])
    child.ready = {}  # it was there before

    def comes() -> bool:
        if said and not program.exists():
            program.write_text(f"#!{sys.executable}\nimport sys\nsys.stdin.read()\n")
            program.chmod(0o755)
        return child.runs

    kept(child, said, comes)
    assert said[0].startswith("worker 2 ended (No such file or directory); starting it again")


def test_a_worker_whose_first_start_fails_is_not_tried_again() -> None:
    child = Child("worker 1", [sys.executable, "-c", "raise SystemExit(2)"])
    with pytest.raises(NotStartedError, match=r"worker 1 could not start \(exit 2\)"):
        kept(child, [], lambda: False)


def test_a_process_that_does_not_end_is_killed() -> None:
    code = (
        "import signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint({}, flush=True)"
    )
    child = Child("worker 1", [sys.executable, "-c", f"{code}\nwhile True: signal.pause()"])
    with Keeper([child], print) as keeper:
        turned(keeper, lambda: child.ready is not None)
        keeper.end([child], patience_s=0.2)
    assert not child.runs


def test_a_control_port_that_is_taken_keeps_the_gateway_from_starting(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        plan = Plan(workspace=str(tmp_path), roots={}, control_port=port)
        settings = Settings(plan=plan, host="127.0.0.1", port=0, workers=1)
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}") as refused:
            supervise(settings, on_ready=lambda _: None, say=print)
    assert "--control-port" in (refused.value.fix or "")


def test_a_process_that_is_wanted_at_times_is_there_only_then(tmp_path: Path) -> None:
    wanted, seen = tmp_path / "wanted", tmp_path / "seen"
    code = f"import os; os.unlink({str(wanted)!r}); open({str(seen)!r}, 'a').write('x')"
    said: list[str] = []
    child = Child(
        "the batch process", [sys.executable, "-c", code], needed=False, wanted=wanted.exists
    )
    with Keeper([child], said.append) as keeper:
        for times in ("x", "xx"):
            wanted.touch()
            turned(keeper, lambda t=times: seen.exists() and seen.read_text() == t)
        keeper.end([child])
    assert said == [], "an end that was due is nothing to say"
    assert seen.read_text() == "xx"
