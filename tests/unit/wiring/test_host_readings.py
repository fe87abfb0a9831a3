"""Readings of the machine agree with psutil, and what cannot be read is a reason and no 0."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import Energy
from roadworthy.wiring import host as host_module
from roadworthy.wiring.host import HostMeter, size_of
from roadworthy.wiring.power import Counters, Gpus, read_gpus
from roadworthy.wiring.processes import began_at, open_files, process, proportional, tree
from roadworthy.wiring.shares import cores, memory_limit

assert host_module.EVERY_S > 0
BUSY = (
    "import sys; held = bytearray(30_000_000); sys.stdout.write('x'); sys.stdout.flush(); input()"
)
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child that holds 30 MB."""
    made = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert made.stdout is not None
    assert made.stdout.read(1) == b"x"
    yield made
    made.communicate(b"\n")


def test_a_tree_and_its_figures_are_psutils(family: subprocess.Popen[bytes]) -> None:
    known = psutil.Process(family.pid)
    below = [each.pid for each in known.children(recursive=True)]
    assert sorted(tree(family.pid)) == sorted([family.pid, *below])
    for pid in tree(family.pid):
        ours, theirs = process(pid), psutil.Process(pid)
        assert ours is not None
        times = theirs.cpu_times()
        assert ours.cpu_s == pytest.approx(times.user + times.system, abs=0.05)
        assert ours.resident == pytest.approx(theirs.memory_info().rss, rel=0.02)
        assert proportional(pid) == pytest.approx(theirs.memory_full_info().pss, rel=0.02)
        assert open_files(pid) == theirs.num_fds()
        assert began_at(ours) == pytest.approx(theirs.create_time(), abs=1.0)


def test_memory_of_all_processes_is_added_up(family: subprocess.Popen[bytes]) -> None:
    sample = HostMeter(family.pid, clock=SetClock()).sample(3)
    assert sample.memory_mb is not None
    assert sample.memory_mb > 30
    assert sample.answers == 3


def test_processor_time_is_what_was_taken_since_the_last_reading() -> None:
    meter = HostMeter(os.getpid(), clock=SetClock())
    before = os.times()
    while sum(os.times()[:2]) - sum(before[:2]) < 0.3:
        sum(range(100_000))
    first = meter.sample()
    assert first.cpu_s == pytest.approx(0.3, abs=0.1)
    second = meter.sample()
    assert second.cpu_s is not None
    assert second.cpu_s < 0.2


def test_a_process_that_is_gone_or_no_proc_at_all_is_a_reason() -> None:
    sample = HostMeter(2**22 + 7, clock=SetClock()).sample()
    assert (sample.cpu_s, sample.memory_mb, sample.cores) == (None, None, None)
    assert "no /proc" in sample.missing["cpu"]
    assert "no /proc" in sample.missing["memory"]


def test_without_a_gpu_and_without_counters_there_is_a_reason_and_no_zero() -> None:
    sample = HostMeter(
        os.getpid(), clock=SetClock(), gpus=lambda: read_gpus("no-such-smi")
    ).sample()
    assert sample.gpu is None
    assert sample.missing["gpu"] == "no GPU was found: there is no no-such-smi here"


def zone(folder: Path, name: str, kind: str, energy: int, most: int = 1_000_000_000) -> Path:
    made = folder / name
    made.mkdir()
    (made / "name").write_text(kind + "\n")
    (made / "energy_uj").write_text(str(energy))
    (made / "max_energy_range_uj").write_text(str(most))
    return made


def test_energy_counters_add_up_packages_and_memory_and_begin_anew(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 999_000_000)
    memory = zone(tmp_path, "intel-rapl:0:1", "dram", 5_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 7)  # is in the package already
    counters = Counters(tmp_path)
    assert counters.spent() is None
    (package / "energy_uj").write_text("2000000")  # past its range
    (memory / "energy_uj").write_text("6000000")
    assert counters.spent() == pytest.approx(3.0 + 1.0)
    (package / "energy_uj").unlink()
    assert counters.spent() is None
    assert "cannot be read" in counters.missing


def smi(folder: Path, says: str) -> str:
    script = folder / "smi"
    script.write_text(f"#!/bin/sh\n{says}\n")
    script.chmod(0o755)
    return str(script)


def test_gpus_are_read_as_nvidia_smi_tells_of_them(tmp_path: Path) -> None:
    found = read_gpus(smi(tmp_path, "printf '40, 100.5\\n20, 50.0\\n'"))
    assert (found.busy, found.watts, found.there) == (pytest.approx(0.3), 150.5, True)
    silent = read_gpus(smi(tmp_path, "printf '[N/A], 100.5\\n'"))
    assert silent.busy is None
    assert "does not tell" in silent.missing
    broken = read_gpus(smi(tmp_path, "exit 9"))
    assert (broken.there, broken.busy) == (False, None)
    assert "says nothing" in broken.missing


def test_where_a_gpu_draws_power_the_processors_alone_are_no_energy() -> None:
    energy = Energy(watts_per_core=10.0)
    dark = Gpus(busy=0.5, watts=None, there=True)
    meter = HostMeter(os.getpid(), clock=SetClock(), energy=energy, gpus=lambda: dark)
    sample = meter.sample()
    assert (sample.joules, sample.watts_per_core, sample.gpu) == (None, None, 0.5)


def test_control_groups_of_both_versions_limit_what_may_be_used(tmp_path: Path) -> None:
    own = tmp_path / "own"
    inside = tmp_path / "cpu/pod/app"
    inside.mkdir(parents=True)
    (tmp_path / "cpu/pod/cpu.cfs_quota_us").write_text("50000")
    (tmp_path / "cpu/pod/cpu.cfs_period_us").write_text("100000")
    (inside / "cpu.cfs_quota_us").write_text("-1")
    own.write_text("2:cpu,cpuacct:/pod/app\n3:memory:/pod\n")
    (tmp_path / "memory/pod").mkdir(parents=True)
    (tmp_path / "memory/pod/memory.limit_in_bytes").write_text("9223372036854771712")
    assert cores(groups=tmp_path, own=own) == 0.5  # the group above it
    assert memory_limit(groups=tmp_path, own=own) is None
    (tmp_path / "two/x").mkdir(parents=True)
    (tmp_path / "two/x/cpu.max").write_text("25000 100000")
    (tmp_path / "two/x/memory.max").write_text("1000000")
    own.write_text("0::/x\n")
    assert cores(groups=tmp_path / "two", own=own) == 0.25
    assert memory_limit(groups=tmp_path / "two", own=own) == 1_000_000


def test_a_folder_is_as_large_as_du_says(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one").write_bytes(b"x" * 100_000)
    os.link(tmp_path / "a/one", tmp_path / "two")
    (tmp_path / "loop").symlink_to(tmp_path)
    said = subprocess.run(["du", "-s", "-B1", str(tmp_path)], capture_output=True, text=True)
    own = tmp_path.stat().st_blocks * 512
    assert size_of(tmp_path) + own == int(said.stdout.split()[0])
