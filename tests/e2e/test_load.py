"""`roadworthy load` against real gateways: what fits, what does not, and what it leaves behind."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import write_live_system
from doubles.running_gateway import RunningGateway, eventually, free_port, roadworthy
from roadworthy.flows.load.headroom import MEASURED, SOAKED
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import Wanted, query
from roadworthy.serving import TenantLimits, limiting, load_tenants
from roadworthy.wiring.load_gateway import TENANT
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.processes import tree

SLOS = """\
slos:
- {name: latency_p99, target: "<= 8 s"}
- {name: error_rate, target: "<= 0.02"}
"""
CASES = "".join(
    f'{{"id": "m{n}", "input": "Where is bill {n}?", "expect": {{"text": "bill"}},'
    f' "facets": {{"jurisdiction": "FR"}}, "tags": ["{tag}"]}}\n'
    for n, tag in enumerate(["golden", "golden", "adversarial"])
)


def a_system(root: Path, url: str, slos: str = SLOS) -> Loop:
    return write_live_system(
        root, url, {"safety-slos.yaml": slos, "suites/cases/main.jsonl": CASES}
    )


async def load(root: Path, *words: str) -> tuple[int, Any, str]:
    quick = ("--seconds", "2", "--ramps", "2", "--most", "60")
    return await roadworthy("load", str(root), "--json", *quick, *words)


async def test_a_gateway_of_its_own_is_loaded_and_nothing_of_it_is_traffic(tmp_path: Path) -> None:
    async with FakeUpstream(answer="your bill") as upstream:
        loop = a_system(tmp_path, upstream.url)
        code, said, errors = await load(tmp_path, "--peak", "5")
        assert code == 0, (said, errors)
        assert said["capacity"] == [60.0, 60.0]
        assert said["at_least"]
        assert said["headroom"]["low"] == pytest.approx(1 - 5 / 60)
        assert (said["cases"], said["cases_left_out"]) == (2, 1)
        assert "holds" in errors
        asked = [request.body["messages"][-1]["content"] for request in upstream.requests]
        assert set(asked) == {"Where is bill 0?", "Where is bill 1?"}
    entry = loop_of(loop.workspace).ledger.newest(kind=MEASURED)
    assert entry is not None
    assert entry.payload["headroom"] == str(said["headroom"]["value"])
    assert list(query(loop.workspace.journal, Wanted())) == []
    assert load_tenants(loop.workspace.tenants).keys == {}
    code, shown, _ = await roadworthy("journal", "query", str(tmp_path), "--indicators", "--json")
    assert code == 0
    (free,) = [each for each in shown["indicators"] if each["name"] == "headroom"]
    assert free["value"] == said["headroom"]["value"]
    assert "0 days ago" in free["reason"]


async def test_a_slow_model_has_a_capacity_that_the_peak_does_not_fit_into(tmp_path: Path) -> None:
    async with FakeUpstream(answer="your bill", delay_s=0.6) as upstream:  # slower than may be
        a_system(tmp_path, upstream.url, SLOS.replace("8 s", "400 ms"))
        code, said, errors = await load(tmp_path, "--peak", "50")
    assert code == 3, errors
    assert said["capacity"] == [0.0]
    assert said["headroom"]["value"] is None
    took = re.search(r"one by one: latency_p99 is ([0-9]+)", said["ramps"][0]["why"])
    assert took is not None and int(took[1]) >= 600, "not below what the model itself takes"


async def test_a_running_gateway_keeps_probes_apart(tmp_path: Path) -> None:
    async with FakeUpstream(answer="your bill") as upstream, httpx2.AsyncClient() as http:
        loop = a_system(tmp_path, upstream.url)
        limited = TenantLimits(slot=0, requests_per_minute=1)
        with limiting(loop.workspace.tenants, loop.workspace.lock) as limits:
            limits[TENANT] = limited
        port = free_port()
        async with RunningGateway(tmp_path, options=("--control-port", str(port))) as gateway:
            code, said, errors = await load(tmp_path, "--peak", "5", "--url", gateway.url)
            assert code == 0, (said, errors)
            rows = list(query(loop.workspace.journal, Wanted()))
            assert len(rows) >= said["ramps"][0]["steps"][0]["n"]
            assert {row.seen.stage for row in rows} == {"probe"}
            assert said["ramps"][0]["steps"][0]["failed"] == 0  # no limit is taken for it

            async def scraped() -> str:
                return (await http.get(f"http://127.0.0.1:{port}/metrics")).text

            async def counted() -> bool:
                return 'process_resident_memory_bytes{worker="w1"}' in await scraped()

            await eventually(counted)
            assert "roadworthy_exchanges_total{" not in await scraped()
    code, shown, _ = await roadworthy("journal", "query", str(tmp_path), "--indicators", "--json")
    assert shown["n"] == 0
    assert load_tenants(loop.workspace.tenants).keys == {}


async def test_a_soak_says_what_was_lost_and_how_memory_went(tmp_path: Path) -> None:
    async with FakeUpstream(answer="your bill") as upstream:
        loop = a_system(tmp_path, upstream.url)
        code, said, errors = await roadworthy(
            "load", str(tmp_path), "--json", "--rate", "20", "--minutes", "0.1",
            "--arrivals", "constant",
        )  # fmt: skip
    assert code == 4, errors  # six seconds bound no growth
    assert (said["asked"], said["lost"], said["step"]["failed"]) == (120, 0, 0)
    assert {each["process"] for each in said["growth"]} >= {"w1", "supervisor", "control"}
    assert said["restarts"] == {}
    assert all("bounds of growth need" in each["reason"] for each in said["growth"])
    entry = loop_of(loop.workspace).ledger.newest(kind=SOAKED)
    assert entry is not None
    assert msgspec.json.decode(msgspec.json.encode(entry.payload))["asked"] == 120


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--suite", "none"), "there is no suite 'none'"),
        (("--release", "sha256:beef"), "0 releases of this workspace begin with"),
        ((), "nobody says how many requests are expected"),
        (("--arrivals", "bursts"), "poisson or constant"),
    ],
)
async def test_what_cannot_be_loaded_is_said_before_anything_starts(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(a_system, tmp_path, "http://127.0.0.1:9/v1")
    code, told, _ = await roadworthy("load", str(tmp_path), "--json", *words)
    assert code == 1
    assert said in str(told)


async def test_a_model_that_does_not_answer_is_no_load(tmp_path: Path) -> None:
    a_system(tmp_path, "http://127.0.0.1:9/v1")
    code, told, _ = await load(tmp_path, "--peak", "5")
    assert code == 1
    assert "is not answered: the fallback answered: the model failed" in str(told)


async def test_no_gateway_at_the_address_is_said_and_no_key_is_left(tmp_path: Path) -> None:
    loop = a_system(tmp_path, "http://127.0.0.1:9/v1")
    code, told, _ = await load(tmp_path, "--peak", "5", "--url", f"http://127.0.0.1:{free_port()}")
    assert code == 2
    assert "nothing answers at 127.0.0.1" in str(told)
    assert load_tenants(loop.workspace.tenants).keys == {}


def children(pid: int) -> list[int]:
    return [each for each in tree(pid) if each != pid]


async def test_the_gateway_ends_with_who_measures_it_however_that_one_ends(tmp_path: Path) -> None:
    async with FakeUpstream(answer="your bill") as upstream:
        a_system(tmp_path, upstream.url)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "roadworthy", "load", str(tmp_path), "--rate", "5"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await eventually(lambda: len(upstream.requests) > 4)
        below = children(process.pid)
        assert len(below) >= 3
        process.kill()
        await process.wait()
        await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))


async def test_a_paid_model_is_loaded_only_when_somebody_says_so(tmp_path: Path) -> None:
    price = '[[prices]]\nmodel = "small"\nsince = "2026-01-01"\ninput = 1\noutput = 2\n'
    async with FakeUpstream(answer="your bill") as upstream:
        a_system(tmp_path, upstream.url)
        toml = tmp_path / "roadworthy.toml"
        toml.write_text(price + toml.read_text())
        code, told, _ = await load(tmp_path, "--peak", "5")
        assert code == 1
        assert "--pay" in str(told)
        assert upstream.requests == []
