"""A suite with a million cases: checked and evaluated in memory that was named beforehand."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "large_suite.py"

MEASURED = """\
import contextlib, io
from roadworthy.cli import main
try:
    with contextlib.redirect_stdout(io.StringIO()):
        main()
except SystemExit as end:
    if end.code:
        raise
with open("/proc/self/status") as file:
    print(next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM")))
"""
"""The command in a process of its own; the last line it prints is its peak, in MB. What `getrusage`
says would begin at the peak of whoever started it."""

CHECK_BYTES = 600
"""Of one more case of 120 bytes: 430 were measured; cases held apart took 1,370."""
EVAL_BYTES = 3_300
"""Of one more case of five labels, asked once: 2,600 were measured; rows held apart took 4,100."""


@pytest.fixture(scope="module")
def write_system():
    spec = importlib.util.spec_from_file_location("bench_large_suite", BENCH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_system


def peak_mb(verb: str, root: Path) -> float:
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, verb, str(root)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return float(run.stdout.splitlines()[-1])


def grown_by(verb: str, few: Path, many: Path, more: int) -> float:
    """Bytes of memory that each of so many more cases adds."""
    return (peak_mb(verb, many) - peak_mb(verb, few)) * 1024 * 1024 / more


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "cases", "most"), [("check", 60_000, CHECK_BYTES), ("eval", 20_000, EVAL_BYTES)]
)
def test_a_suite_with_a_million_cases_takes_bounded_memory(
    verb, cases, most, write_system, tmp_path
):
    few, many = (write_system(tmp_path / name, n) for name, n in (("few", 10), ("many", cases)))
    assert grown_by(verb, few, many, cases - 10) < most


@pytest.mark.extended
def test_a_suite_with_a_million_cases_is_checked_under_500_mb(write_system, tmp_path):
    assert peak_mb("check", write_system(tmp_path, 1_000_000)) < 500
