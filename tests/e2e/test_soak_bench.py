"""The soak says what was lost: requests, answers that the journal lacks, memory that grows."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from roadworthy.domain import Observation
from roadworthy.journal import Record
from roadworthy.journal.record import MAGIC, encode
from roadworthy.journal.segment import SUFFIX

BENCH = Path(__file__).resolve().parents[2] / "bench"
AT = "2026-11-21T20:00:00.000000Z"


@pytest.fixture
def soak(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("soak")


async def told(program: str, *words: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCH / program), *words, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.extended
@pytest.mark.slow
async def test_a_short_soak_loses_nothing_and_says_what_each_process_held() -> None:
    short = ("--minutes", "0.05", "--rate", "100", "--every", "1", "--before", "2", "--after", "2")
    found = await told("soak.py", *short, "--json")
    assert found["asked"]["asked"] == found["asked"]["answered"] == 300
    assert found["asked"]["actions"]["blocked"] == 6
    journal = found["journal"]
    assert journal["closed"] == 300
    assert journal["records"]["open"] == 30  # streams
    assert not journal["answers_missing"] + journal["answers_twice"] + journal["ids_twice"]
    assert set(found["idle"]["processes"]) == {"supervisor", "w1", "control"}
    assert all(each["private_mb"] < 90 for each in found["idle"]["processes"].values())
    assert found["control"]["ready"]
    assert found["idle_after"]["disk_mb"]["journal"] > 0.1
    assert found["stood"]  # no growth was found: there are too few readings for bounds


def test_what_the_journal_lacks_or_has_twice_is_told(soak: ModuleType, tmp_path: Path) -> None:
    def close(number: int) -> bytes:
        seen = Observation(id=f"o{number}", time=AT, system="s", release="r", stage="live")
        return encode(Record(kind="close", at=AT, observation=seen))

    frames = b"".join(map(close, (1, 2, 2, 3)))
    (tmp_path / f"1{SUFFIX}").write_bytes(MAGIC + frames)
    found = soak.counted(tmp_path, [b"o1", b"o2", b"o9", b"o9"])
    assert found["answers_missing"] == 1
    assert found["answers_twice"] == 1
    assert found["ids_twice"] == 1
    assert found["closed_and_not_arrived"] == 1


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("asked", "lost", 1),
        ("asked", "failed", {"status 500": 1}),
        ("journal", "answers_missing", 1),
        ("journal", "answers_twice", 1),
        ("growth", "grows", True),
        ("growth", "restarts", 1),
        ("", "gateway_exit", 1),
    ],
)
def test_a_soak_with_a_fault_did_not_stand(
    soak: ModuleType, part: str, name: str, value: object
) -> None:
    found: dict[str, Any] = {
        "asked": {"lost": 0, "failed": {}},
        "journal": {"answers_missing": 0, "answers_twice": 0, "ids_twice": 0},
        "growth": [{"memory": "private", "grows": False, "restarts": 0}],
        "gateway_exit": 0,
    }
    assert soak.stood(found)
    inner: Any = found[part] if part else found
    (inner[0] if isinstance(inner, list) else inner)[name] = value
    assert not soak.stood(found)


async def test_latency_counts_from_when_a_request_was_due(tmp_path: Path) -> None:
    """One that answers 20 a second and is asked 50: who waited for it is seen in the answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                await asyncio.sleep(0.05)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        spec = {
            "host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "keys": ["k"],
            "model": "m", "messages": [{"role": "user", "content": "in May"}],
            "replaced": "in May", "rate": 50, "seconds": 0.5, "connections": 1,
            "ids": str(tmp_path / "ids"),
        }  # fmt: skip
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        found = await told("steady.py", str(tmp_path / "spec.json"))
    # the first, as each tenth, is asked as a stream, and none of these answers is one
    assert found["answered"] == found["asked"] == 25
    assert found["latency_ms"]["most"] > 25 * 50 - 500
    assert found["lost"] == 0
