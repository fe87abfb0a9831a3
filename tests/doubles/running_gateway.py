"""`roadworthy serve` as a real process tree, for tests that knock at its door."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

READY_S = 60


class RunningGateway:
    """Starts on entering, stops (draining) on leaving. `url` is the base URL with /v1."""

    def __init__(self, root: Path, *, workers: int = 1, options: tuple[str, ...] = ()) -> None:
        self._argv = [
            *(sys.executable, "-m", "roadworthy", "serve", str(root), "--port", "0"),
            *("--workers", str(workers), *options),
        ]
        self.base = ""
        self.said = ""
        self._errors = b""

    @property
    def url(self) -> str:
        return self.base + "/v1"

    async def __aenter__(self) -> RunningGateway:
        self.process = await asyncio.create_subprocess_exec(
            *self._argv,
            env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self._reading = asyncio.ensure_future(self._read_errors())
        line = await asyncio.wait_for(self.process.stdout.readline(), READY_S)
        self.said = line.decode()
        found = re.search(r"http://\S+:\d+", self.said)
        if found is None:
            await asyncio.wait_for(self.process.wait(), READY_S)
            await self._reading
            raise AssertionError(f"did not start: {self.said}{self.errors}")
        self.base = found.group(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> int:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), READY_S)
        await self._reading
        return code

    @property
    def errors(self) -> str:
        return self._errors.decode(errors="replace")

    async def _read_errors(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self._errors += line

    def children(self, module: str) -> list[int]:
        """Process ids of the supervisor's children that run a module."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError):
                parent = re.search(r"PPid:\s+(\d+)", (entry / "status").read_text())
                command = (entry / "cmdline").read_bytes().decode().split("\0")
                if parent and int(parent.group(1)) == self.process.pid and module in command:
                    found.append(int(entry.name))
        return found

    def kill_9(self, module: str) -> list[int]:
        """Kill the children that run a module, without a chance to say goodbye."""
        pids = self.children(module)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids


WORKER = "roadworthy.gateway.worker"
CONTROL = "roadworthy.gateway.control"
BATCHER = "roadworthy.gateway.batcher"


async def roadworthy(*arguments: str, cwd: Path | None = None) -> tuple[int, Any, str]:
    """Run a command; returns exit code, its JSON (or text), and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "roadworthy", *arguments),
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    said: Any = out.decode()
    with suppress(msgspec.DecodeError):
        said = msgspec.json.decode(out)
    assert process.returncode is not None
    return process.returncode, said, errors.decode()


async def eventually(check: Any, *, within_s: float = 20.0) -> Any:
    """What `check` gives once it gives something; asks again until then."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        value = check()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        await asyncio.sleep(0.02)
    raise AssertionError("it never came")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
