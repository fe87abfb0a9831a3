"""Asks a gateway at an even rate over a fixed number of connections, whatever the answers take.

`python bench/steady.py SPEC.json`, a process of its own so that its memory and pauses are not the
gateway's. Every request has another text; tenants, sessions and end users take turns; each tenth
answer is streamed, each fiftieth input is blocked by a rail, each thousandth caller hangs up on a
connection of its own before the answer. Latency counts from when a request was due. Prints what
became of them as JSON and leaves, beside the spec, the ids of all answers that arrived.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from collections import Counter, deque
from pathlib import Path
from typing import Any

TICK_S = 0.001
PATIENCE_S = 60.0
STREAMED, BLOCKED, HUNG_UP = 10, 50, 1_000
SESSION, USERS = 7, 5_000
MINUTE_S = 60.0


class Asker(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._due = 0.0
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may be used."""
        self._transport = transport  # type: ignore[assignment]
        self._load.free.append(self)

    def ask(self, request: bytes, due: float) -> None:
        """Send a request that was due then."""
        self._due, self._busy, self._data = due, True, b""
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0 or not _is_whole(self._data, end):
            return
        self._busy = False
        self._load.answered(self._data, end, self._due)
        self._load.free.append(self)
        self._load.drain()

    def connection_lost(self, _error: Exception | None) -> None:
        """Another one takes its place."""
        if self._busy:
            self._load.failed["the connection broke"] += 1
            self._load.under_way -= 1
        elif self in self._load.free:
            self._load.free.remove(self)
        if not self._load.over:
            self._load.opened += 1
            self._load.spawn(self._load.connect())


class Load:
    """What is asked, and what became of it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.free: deque[Asker] = deque()
        self.failed: Counter[str] = Counter()
        self.took = array("f")
        """Seconds from when each answered request was due."""
        self.minute = array("H")
        self.ids: list[bytes] = []
        self.actions: Counter[str] = Counter()
        self.under_way = self.hung_up = self.opened = self.late_most = 0
        self.over = False
        self._queue: deque[tuple[bytes, float]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._start = 0.0
        keys = spec["keys"]
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n"
        self._heads = [
            f"{head}content-type: application/json\r\nauthorization: Bearer {key}\r\n".encode()
            for key in keys
        ]
        before, self._after = json.dumps(
            {"model": spec["model"], "messages": spec["messages"]}, separators=(",", ":")
        )[:-1].rsplit(spec["replaced"], 1)
        self._before = before.encode()

    def request(self, number: int) -> bytes:
        """Request N, as it goes over the wire."""
        said = f"{number} {'xyzzy' if number % BLOCKED == BLOCKED - 1 else 'lamp'}"
        stream = ',"stream":true' if number % STREAMED == 0 else ""
        user = f',"user":"u{number % USERS}"'
        body = self._before + f"{said}{self._after}{user}{stream}}}".encode()
        session = f"x-session-id: s{number // SESSION}\r\ncontent-length: {len(body)}\r\n\r\n"
        return self._heads[number % len(self._heads)] + session.encode() + body

    def answered(self, data: bytes, end: int, due: float) -> None:
        """An answer is whole."""
        now = time.monotonic()
        self.under_way -= 1
        head = data[:end]
        status = data[9:12].decode()
        broken = b"text/event-stream" in head and b"data: [DONE]" not in data[-40:]
        if status != "200" or broken:
            self.failed[f"status {status}{', a stream without its end' * broken}"] += 1
            return
        self.took.append(now - due)
        self.minute.append(int((due - self._start) / MINUTE_S))
        self.ids.append(_header(head, b"x-roadworthy-observation: "))
        self.actions[_header(head, b"x-roadworthy-action: ").decode()] += 1

    def drain(self) -> None:
        """Send what is due while connections are free."""
        while self._queue and self.free:
            request, due = self._queue.popleft()
            self.under_way += 1
            self.free.popleft().ask(request, due)

    def spawn(self, work: Any) -> None:
        """Let something go on beside."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self) -> None:
        """One more connection."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Asker(self), self.spec["host"], self.spec["port"])

    async def hang_up(self, number: int) -> None:
        """A caller of its own that does not wait for its answer; every other one asked a stream."""
        self.hung_up += 1
        asked = self.request(number + number // HUNG_UP % 2)
        reader_writer = await asyncio.open_connection(self.spec["host"], self.spec["port"])
        reader_writer[1].write(asked)
        await asyncio.sleep(0.0005 * (number // HUNG_UP % 5))
        reader_writer[1].transport.abort()

    async def run(self) -> dict[str, Any]:
        """All of it; what came of it."""
        rate, seconds = self.spec["rate"], self.spec["seconds"]
        await asyncio.gather(*(self.connect() for _ in range(self.spec["connections"])))
        gc.freeze()
        gc.disable()  # nothing here is cyclic, and a pause would look like the gateway's
        self._start = start = time.monotonic() + 0.05
        number, total, late = 0, int(rate * seconds), 0.0
        while number < total:
            now = time.monotonic()
            while number < total and start + number / rate <= now:
                due = start + number / rate
                late = max(late, now - due)
                if number % HUNG_UP == HUNG_UP - 1:
                    self.spawn(self.hang_up(number))
                else:
                    self._queue.append((self.request(number), due))
                number += 1
            self.drain()
            await asyncio.sleep(TICK_S)
        until = time.monotonic() + PATIENCE_S
        while (self.under_way or self._queue or self._tasks) and time.monotonic() < until:
            await asyncio.sleep(0.01)
        self.over = True
        return self._found(total, time.monotonic() - start, late)

    def _found(self, total: int, seconds: float, late: float) -> dict[str, Any]:
        took = sorted(self.took)
        lost = self.under_way + len(self._queue)
        Path(self.spec["ids"]).write_bytes(b"\n".join(self.ids))
        return {
            "asked": total,
            "seconds": round(seconds, 2),
            "answered": len(took),
            "hung_up": self.hung_up,
            "lost": lost,
            "failed": dict(self.failed),
            "opened_again": self.opened,
            "actions": dict(self.actions),
            "sent_late_ms_most": round(late * 1000, 1),
            "latency_ms": {
                name: _ms(took, part)
                for name, part in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("most", 1.0))
            },
            "minutes": self._by_minute(),
        }

    def _by_minute(self) -> list[dict[str, Any]]:
        parts: dict[int, list[float]] = {}
        for at, took in zip(self.minute, self.took, strict=True):
            parts.setdefault(at, []).append(took)
        return [
            {
                "minute": at, "n": len(each),
                "p50_ms": _ms(sorted(each), 0.5), "p99_ms": _ms(sorted(each), 0.99),
            }
            for at, each in sorted(parts.items())
        ]  # fmt: skip


def _ms(ordered: list[float], part: float) -> float | None:
    if not ordered:
        return None
    return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3)


def _is_whole(data: bytes, end: int) -> bool:
    head = data[:end].lower()
    at = head.find(b"content-length: ")
    if at < 0:
        return data.endswith(b"0\r\n\r\n")
    length = int(head[at + 16 :].split(b"\r\n", 1)[0])
    return len(data) >= end + 4 + length


def _header(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    return b"" if at < 0 else head[at + len(name) :].split(b"\r\n", 1)[0]


def main() -> int:
    import uvloop

    load = Load(json.loads(Path(sys.argv[1]).read_text()))
    print(json.dumps(uvloop.run(load.run())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
