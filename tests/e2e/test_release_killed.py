"""kill -9 while a release is built and signed: the same commands, run again, end in order."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.pinnable import a_system, charter
from doubles.release_desk import ReleaseDesk
from roadworthy.release import pin, read_envelopes, verify_release

WORKER = """
import sys
from pathlib import Path
from doubles.pinnable import a_system, charter
from doubles.release_desk import ReleaseDesk
desk = ReleaseDesk(Path(sys.argv[1]), people={})
desk.clock.advance(float(sys.argv[5]))
print("ready", flush=True)
for number in range(int(sys.argv[3]), int(sys.argv[4])):
    system = a_system(charter=charter(
        title=str(number), review={"approvals": {"release": 2, "resume": 2}}))
    for ending in ("", ".tar"):
        out = Path(sys.argv[2]) / f"bundle{number}{ending}"
        desk.built(out, system)
        desk.signed(out, "rosa")
        desk.signed(out, "ravi")
        print(number, flush=True)
"""


def work(
    desk: ReleaseDesk, place: Path, first: int, last: int, *, after_s: int
) -> subprocess.Popen[str]:
    """Start building and signing bundles `first` to `last`, so long after the desk was opened."""
    numbers = [str(number) for number in (first, last, after_s)]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(desk.root), str(place), *numbers],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill_often(tmp_path: Path, times: int) -> None:
    desk = ReleaseDesk(tmp_path / "ws")
    place = tmp_path / "out"
    place.mkdir()
    system = a_system(charter=charter(review={"approvals": {"release": 2, "resume": 2}}))
    desk.judged(pin(system))
    moments = random.Random(20261121)
    number = 0
    for turn in range(times):
        process = work(desk, place, number, number + 100, after_s=1 + turn * 600)
        try:
            process.wait(timeout=moments.uniform(0.0, 0.6))
        except subprocess.TimeoutExpired:
            process.kill()
        said = process.communicate()[0].split()
        # What was reported is a release, whatever happened afterwards.
        for name in {*said}:
            found = verify_release(
                place / f"bundle{name}", trust=desk.trust, at="2026-11-23T00:00:00.000000Z"
            )
            assert found.ok, found.fault
        number = int(said[-1]) if said else number
    # The same commands, run again, go on where they were.
    last = number + 2
    done = work(desk, place, max(0, number - 1), last, after_s=1 + times * 600)
    assert done.communicate()[0] and done.returncode == 0
    for name in range(last):
        for ending in ("", ".tar"):
            path = place / f"bundle{name}{ending}"
            found = verify_release(path, trust=desk.trust, at="2026-11-23T00:00:00.000000Z")
            assert found.ok, (name, found.fault)
            assert len(read_envelopes(path)[1]) == 5
    assert desk.loop.ledger.verify(trust=desk.trust).ok
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
def test_killed_a_few_times(tmp_path: Path) -> None:
    kill_often(tmp_path, 6)


@pytest.mark.extended
def test_killed_at_fifty_moments(tmp_path: Path) -> None:
    kill_often(tmp_path, 50)
