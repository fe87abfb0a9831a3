"""One gateway a workspace: the second is told who serves there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy.domain import UsageError
from roadworthy.gateway.supervisor import only_one

HOLDER = (
    "import sys, time; from pathlib import Path\n"
    "from roadworthy.gateway.supervisor import only_one\n"
    "with only_one(Path(sys.argv[1]), 'http://127.0.0.1:9'):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


def test_a_second_gateway_is_refused_and_told_who_serves(tmp_path: Path) -> None:
    said = r"http://127\.0\.0\.1:8080, process \d+"
    first, second = (only_one(tmp_path, f"http://127.0.0.1:{port}") for port in (8080, 8081))
    with first, pytest.raises(UsageError, match=said) as raised, second:
        pass
    assert "stop that one" in raised.value.fix
    with only_one(tmp_path, "http://127.0.0.1:8081"):
        assert "8081" in (tmp_path / "serving" / "gateway.lock").read_text()


@pytest.mark.parametrize("change", ["renamed", "removed", "replaced"])
def test_a_lock_file_that_was_moved_away_admits_no_second_gateway(
    tmp_path: Path, change: str
) -> None:
    lock = tmp_path / "serving" / "gateway.lock"
    with only_one(tmp_path, "http://127.0.0.1:8080"):
        lock.unlink() if change == "removed" else lock.rename(lock.with_name("moved"))
        if change == "replaced":
            lock.write_text("")
        with pytest.raises(UsageError, match="is served already"), only_one(tmp_path, "x"):
            pass
    with only_one(tmp_path, "http://127.0.0.1:8081"):
        assert "8081" in lock.read_text()


def test_a_gateway_killed_with_9_holds_nothing(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UsageError), only_one(tmp_path, "http://127.0.0.1:10"):
            pass
        holder.kill()
        holder.wait()
    with only_one(tmp_path, "http://127.0.0.1:10"):
        pass
