"""An output that is full, closed or gone: one line, no traceback, and never a false 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.cli.exits import Exit, worst_exit
from roadworthy.cli.output import BROKEN, RUNTIME, STOPPED

COMMAND = [sys.executable, "-c", "from roadworthy.cli import main; main()"]
GOLDEN = Path(__file__).parents[1] / "golden" / "bad" / "ledgers"


def called(*arguments: str, stdout: object, unbuffered: str = "") -> tuple[int, list[str]]:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdout=stdout,  # type: ignore[call-overload]
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=environment,
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 2),
        (["check", "--help"], 2),
        (["check", "DIR"], 2),
        (["check", "DIR", "--json"], 2),
        (["nosuch", "--json"], 2),
        (["ledger", "log", "/nowhere", "--json"], 2),
        (["verify", str(GOLDEN / "flipped_byte"), "--json"], 5),
    ],
)
def test_a_full_disk_under_the_output_is_2_and_one_line(
    tmp_path: Path, arguments: list[str], code: int, unbuffered: str
) -> None:
    root = str(write_system(tmp_path))
    named = [root if word == "DIR" else word for word in arguments]
    with Path("/dev/full").open("w") as full:
        found, said = called(*named, stdout=full, unbuffered=unbuffered)
    assert found == code
    assert said == ["roadworthy: standard output cannot be written: No space left on device"]


def test_a_closed_output_is_2_and_one_line(tmp_path: Path) -> None:
    root = write_system(tmp_path)
    line = f"{sys.executable} -c 'from roadworthy.cli import main; main()' check {root} >&-"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_reader_who_went_away_changes_no_verdict(json: list[str]) -> None:
    """Before, a closed pipe made every command 0, also one that had found a broken ledger."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        code, said = called("verify", str(GOLDEN / "flipped_byte"), *json, stdout=pipe)
    assert (code, said) == (5, [])


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_both_outputs_lost_is_still_2(tmp_path: Path, unbuffered: str) -> None:
    root = str(write_system(tmp_path))
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "check", root], stdout=full, stderr=full, env=environment, check=False
        )
    assert done.returncode == 2


def test_what_the_output_has_no_letters_for_is_written_out(tmp_path: Path) -> None:
    root = write_system(tmp_path)
    charter = (root / "charter.yaml").read_text("utf-8")
    (root / "charter.yaml").write_text(charter + "größe: 1\n", "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, "check", str(root)], capture_output=True, check=False, env=environment
    )
    assert done.returncode == 1
    assert b"gr\\xf6\\xdfe" in done.stdout


def test_a_command_that_is_stopped_is_130_and_says_so(tmp_path: Path) -> None:
    root = write_system(tmp_path)
    script = (
        "import signal, sys\n"
        # Whoever starts this in the background has it ignored, and children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def stop(*a, **k): signal.raise_signal(signal.SIGINT)\n"
        "import roadworthy.cli.check as c\n"
        "c.read_folder = stop\n"
        "from roadworthy.cli import main\n"
        f"sys.argv = ['roadworthy', 'check', {str(root)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr == b"stopped; the same command goes on where it was\n"


def test_the_codes_are_those_of_the_public_table() -> None:
    assert (RUNTIME, BROKEN, STOPPED) == (Exit.RUNTIME, Exit.BROKEN, Exit.STOPPED)
    assert worst_exit([130, 5, 0]) is Exit.BROKEN
    table = (Path(__file__).parents[2] / "docs/reference/exit-codes.md").read_text()
    assert "| 130 | stopped with ^C" in table
