"""kill -9 at any moment of an append: what was acknowledged is there, and the chain verifies."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.ledgers import a_ledger, a_trust

TESTS = str(Path(__file__).parents[1])
WRITER = """
import sys
from pathlib import Path
from doubles.ledgers import a_ledger, drafts
ledger = a_ledger(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    print(ledger.record(*drafts(7))[-1].seq, flush=True)
"""


def killed_once(folder: Path, *, acknowledged: int) -> int:
    """Append until `acknowledged` batches were confirmed, then kill -9; the last seq confirmed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        env={"PYTHONPATH": TESTS},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    confirmed = 0
    for _ in range(acknowledged + 1):
        line = writer.stdout.readline().strip()
        confirmed = int(line) if line.isdigit() else confirmed
    writer.kill()
    rest = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    return max([confirmed, *(int(line) for line in rest if line.isdigit())])


def kill_and_verify(folder: Path, *, kills: int, seed: int) -> None:
    moments = random.Random(seed)
    for _ in range(kills):
        confirmed = killed_once(folder, acknowledged=moments.randrange(12))
        ledger = a_ledger(folder)
        size = ledger.size()
        assert size >= confirmed
        assert size % 7 == 0, "a batch is there whole or not at all"
        if size:
            report = ledger.verify(trust=a_trust())
            assert report.ok, report.fault
            assert report.details["after_checkpoint"] == 0
        ledger.store.close()


@pytest.mark.slow
def test_a_few_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_and_verify(tmp_path, kills=5, seed=1)


@pytest.mark.extended
def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_and_verify(tmp_path, kills=50, seed=2)
