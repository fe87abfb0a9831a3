"""Counters of all workers at one door, scraped by a real Prometheus."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import CONTROL, WORKER, RunningGateway, eventually, free_port

ASK = {"model": "letters", "messages": [{"role": "user", "content": "Where is my bill?"}]}


async def ask(http: httpx2.AsyncClient, gateway: RunningGateway, key: str) -> int:
    answer = await http.post(
        f"{gateway.url}/chat/completions", json=ASK, headers={"authorization": f"Bearer {key}"}
    )
    return answer.status_code


async def summed(http: httpx2.AsyncClient, port: int, name: str, **labels: str) -> float:
    text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def is_open(http: httpx2.AsyncClient, port: int) -> bool:
    """Whether the control process, for which no worker waits, has opened its door."""
    try:
        await http.get(f"http://127.0.0.1:{port}/readyz")
    except httpx2.ConnectError:
        return False
    return True


async def test_every_answer_of_every_worker_is_counted_once(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream, httpx2.AsyncClient() as http:
        key = a_key(write_live_system(tmp_path, upstream.url))
        port = free_port()
        options = ("--control-port", str(port))
        async with RunningGateway(tmp_path, workers=2, options=options) as gateway:
            assert [await ask(http, gateway, key) for _ in range(20)] == [200] * 20
            assert await ask(http, gateway, "rw-wrong") == 401

            async def counted() -> bool:
                whose = {"system": "letters", "tenant": "acme", "action": "answered"}
                answered = await summed(http, port, "roadworthy_exchanges_total", **whose)
                wrong = await summed(
                    http, port, "roadworthy_error_responses_total", http_status="401"
                )
                return (answered, wrong) == (20.0, 1.0)

            await eventually(lambda: is_open(http, port))
            await eventually(counted)
            assert await summed(http, port, "roadworthy_release_served", system="letters") == 2
            for worker, pid in zip(
                ("w1", "w2", "control"), gateway.children(WORKER) + gateway.children(CONTROL),
                strict=True,
            ):  # fmt: skip
                taken = await summed(http, port, "process_cpu_seconds_total", worker=worker)
                held = await summed(http, port, "process_resident_memory_bytes", worker=worker)
                assert 0.1 < taken < 60
                assert 20e6 < held < 1e9, pid
            supervisor = {"worker": "supervisor"}
            began = await summed(http, port, "process_start_time_seconds", **supervisor)
            assert began == pytest.approx(time.time(), abs=60)
            assert (await http.get(f"http://127.0.0.1:{port}/nothing")).status_code == 404
            assert (await http.post(f"http://127.0.0.1:{port}/metrics")).status_code == 405


@asynccontextmanager
async def prometheus(folder: Path, target: int) -> AsyncIterator[str]:
    """A real server that scrapes the target every half second."""
    config, port = folder / "prometheus.yml", free_port()
    config.write_text(
        "global: {scrape_interval: 500ms}\n"
        "scrape_configs:\n- job_name: roadworthy\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
    )
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="needs Prometheus: apt-get install prometheus"
)
async def test_a_real_prometheus_reads_them(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream, httpx2.AsyncClient() as http:
        key = a_key(write_live_system(tmp_path / "system", upstream.url))
        port = free_port()
        options = ("--control-port", str(port))
        async with (
            RunningGateway(tmp_path / "system", options=options) as gateway,
            prometheus(tmp_path, port) as server,
        ):
            assert [await ask(http, gateway, key) for _ in range(5)] == [200] * 5

            async def query(expression: str) -> list[dict[str, Any]]:
                with suppress(httpx2.HTTPError, ValueError):  # it answers in words while it starts
                    answer = await http.get(f"{server}/api/v1/query", params={"query": expression})
                    return list(answer.json()["data"]["result"])
                return []

            async def arrived() -> bool:
                found = await query('sum(roadworthy_exchanges_total{system="letters"})')
                return bool(found) and found[0]["value"][1] == "5"

            await eventually(arrived)
            slow = "histogram_quantile(0.95, gen_ai_server_request_duration_seconds_bucket)"
            (quantile,) = await query(slow)
            assert 0 < float(quantile["value"][1]) < 10
