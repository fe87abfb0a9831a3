"""The confinement itself: closed when it cannot be had, and its tables are the kernel's."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from roadworthy.domain import DetectorError
from roadworthy.evaluation.sandbox import Limits, NotRunError, run_tests
from roadworthy.evaluation.sandbox.box import Program, run
from roadworthy.evaluation.sandbox.inside import confinement
from roadworthy.evaluation.sandbox.inside.call_filter import forbid_calls, program
from roadworthy.evaluation.sandbox.inside.syscalls import ALWAYS, ASKED

RIGHT = "def add(a, b):\n    return a + b\n"


def test_without_confinement_nothing_is_run_and_nothing_is_right():
    impossible = Limits(cpu_seconds=2**70)
    with pytest.raises(NotRunError, match="not run: the code cannot be confined here"):
        run_tests(RIGHT, "assert add(1, 2) == 3", impossible)


def test_a_process_that_never_says_that_it_is_confined_is_not_listened_to():
    with pytest.raises(NotRunError, match="did not start"):
        run([Program(module="nothing_of_ours", job={})], Limits())


def test_boxes_beside_each_other_share_nothing():
    """Right and wrong answers, many at a time: each gets its own verdict, no descriptor is lost."""
    before = set(os.listdir("/proc/self/fd"))

    def judged(number: int) -> bool:
        code = f"def f():\n    return {number}\n"
        return run_tests(code, f"assert f() == {number - number % 2}", Limits()).right

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(judged, range(48)))
    assert found == [number % 2 == 0 for number in range(48)]
    assert set(os.listdir("/proc/self/fd")) == before


def test_not_run_is_an_error_of_the_scorer_never_a_verdict():
    assert issubclass(NotRunError, DetectorError)


def test_an_unconfined_process_does_not_say_that_it_is_confined():
    with pytest.raises(OSError, match="the network is open"):
        confinement._try_to_break_out()


def test_an_unknown_machine_gets_no_filter():
    with pytest.raises(OSError, match="no table of system calls for vax"):
        forbid_calls("vax", 1)


@pytest.mark.parametrize("machine", sorted(ALWAYS))
def test_a_filter_begins_with_the_architecture_and_ends_with_no(machine: str):
    steps = program(machine, 42)
    assert steps[0] == (0x20, 0, 0, 4)
    assert steps[2] == (0x06, 0, 0, 0x80000000)
    assert steps[-1] == (0x06, 0, 0, 0x00050000 | 38)
    assert len(steps) < 4096
    assert all(0 <= jump < 256 for _, yes, no, _ in steps for jump in (yes, no))


_HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", sorted(_HEADERS))
def test_the_numbers_are_those_of_the_kernels_headers(machine: str):
    header = _HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not here: apt install linux-libc-dev")
    text = header.read_text()
    found = {
        name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)\b", text)
    }
    for name, number in re.findall(r"#define __NR3264_(\w+)\s+(\d+)\b", text):
        found.setdefault({"fstatat": "newfstatat"}.get(name, name), int(number))
    for name, number in (ALWAYS[machine] | ASKED[machine]).items():
        assert found[name] == number, name


@pytest.mark.parametrize(
    "name",
    ["socket", "connect", "bind", "execve", "execveat", "fork", "vfork", "clone3", "ptrace",
     "truncate", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat", "chown", "mount",
     "io_uring_setup", "bpf", "prctl", "setuid", "unshare", "setns", "memfd_create"],
)  # fmt: skip
def test_a_door_is_in_no_table(name: str):
    assert all(name not in ALWAYS[machine] | ASKED[machine] for machine in ALWAYS)
