"""Gateways of others beside ours: no row of one that does not do what is shown."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"

ALWAYS = """
import http.server, sys

class Door(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        said = sys.argv[2].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("side_by_side")


def a_row(bench: ModuleType, tmp_path: Path, *, says: str = "", there: bool = True) -> Any:
    peer = bench.Peer(
        name="always", shown="One that lets everything pass", get="apt-get install always",
        program=lambda: Path(sys.executable) if there else None, version=lambda: "1",
        command=lambda place: [sys.executable, "-c", ALWAYS, str(place.port), says],
        rails=True, started_s=3.0,
    )  # fmt: skip
    place = bench.Place(folder=tmp_path, upstream="", port=bench.rig.free_port())
    return bench._row(peer, place, seconds=1, runs=1)


def test_what_is_not_there_is_said_with_how_it_is_had(bench: ModuleType, tmp_path: Path) -> None:
    row = a_row(bench, tmp_path, there=False)
    assert row["missing"] == "not installed"
    assert row["get"] == "apt-get install always"
    assert "levels" not in row


def test_rails_that_let_pass_what_they_shall_refuse_are_not_measured(
    bench: ModuleType, tmp_path: Path
) -> None:
    row = a_row(bench, tmp_path, says="Your letter has arrived.")
    assert "let pass" in row["missing"]
    assert "levels" not in row


def test_an_answer_that_is_not_the_upstreams_is_not_measured(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer_row = a_row(bench, tmp_path, says="I am a teapot.")
    assert "I am a teapot." in peer_row["missing"]
    assert "levels" not in peer_row


@pytest.mark.extended
@pytest.mark.slow
def test_a_proxy_is_measured_with_every_run() -> None:
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        pytest.skip("wrk or nginx is not here")
    words = ["--peers", "--only", "direct", "nginx", "--seconds", "1", "--runs", "2", "--json"]
    done = subprocess.run(
        [sys.executable, str(BENCH / "gateway.py"), *words], capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert [row["name"] for row in found["rows"]] == ["direct", "nginx"]
    for row in found["rows"]:
        for level in row["levels"].values():
            assert len(level["rps_runs"]) == 2
            assert min(level["rps_runs"]) > 0
            assert level["errors"] == 0
    assert found["rows"][1]["version"]
    assert found["rows"][1]["memory_mb_idle"] > 0
    assert "added_p50_ms" in found["rows"][1]


def test_what_was_measured_last_is_what_the_documentation_shows(bench: ModuleType) -> None:
    kept = json.loads(bench.KEPT.read_text())
    assert kept["date"]
    assert kept["machine"]
    measured = [row for row in kept["rows"] if "levels" in row]
    named = {row["name"] for row in measured}
    assert {"direct", "nginx", "litellm", "portkey", "mlflow"} <= named
    assert all(
        row.get("version") for row in measured if row["name"] not in ("direct", "roadworthy")
    )
    page = bench.PAGE.read_text()
    assert page.partition(bench.BEGIN)[2].partition(bench.END)[0].strip() == bench.table(kept)


def test_a_part_of_the_table_is_not_kept_for_the_whole() -> None:
    words = ["--peers", "--only", "nginx", "--keep"]
    done = subprocess.run(
        [sys.executable, str(BENCH / "gateway.py"), *words], capture_output=True, text=True
    )
    assert done.returncode == 1 or "wrk is not installed" in done.stdout
    assert "whole table" in done.stderr or shutil.which("wrk") is None
