"""Any instant is judged, a bad one refused everywhere; what cannot be printed is no verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy_verify import Report, sentences, verify_bundle, verify_path
from roadworthy_verify.command import run
from roadworthy_verify.instant import LAST, is_instant, later

GOLDEN = Path(__file__).parent / "golden"
BUNDLES = Path(__file__).parents[2] / "tests" / "golden" / "bad" / "bundles"


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:56:00.000000Z",
        "0001-01-01T00:00:00.000000Z",
        "2026-11-21T12:00:00.000000Z",
    ],
)
def test_any_instant_is_judged(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    expired, trust = str(BUNDLES / "expired.tar"), str(BUNDLES / "trust.json")
    assert run([expired, "--trust", trust, "--at", at, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["state"] in ("expired", "refused")


@pytest.mark.parametrize(
    "at",
    [
        "",
        "garbage",
        "2026-11-21",
        "2026-1-1T1:1:1.1Z",
        "2026-02-30T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "2026-11-21T12:00:00.000000Z\n",
        "\u0662\u0660\u0662\u0666-11-21T12:00:00.000000Z",
    ],
)
@pytest.mark.parametrize("kind", ["bundle", "ledger", "nothing"])
def test_a_bad_instant_is_refused_whatever_is_verified(
    at: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A form that is not padded would compare as a text with another instant."""
    paths = {"bundle": BUNDLES / "expired.tar", "ledger": GOLDEN / "ledger", "nothing": tmp_path}
    assert run([str(paths[kind]), "--at", at, "--json"]) == 1
    assert "is no instant" in json.loads(capsys.readouterr().out)["fault"]
    assert verify_bundle(BUNDLES / "expired.tar", None, at).state == "not_evidence"


def test_an_instant_changes_nothing_about_a_ledger_and_it_says_so() -> None:
    report = verify_path(GOLDEN / "ledger", at="2001-01-01T00:00:00.000000Z")
    assert report.ok
    assert "an instant changes nothing here" in report.lines[-1]


def test_no_instant_is_later_than_the_last() -> None:
    import datetime as dt

    assert later("9999-12-31T23:59:00.000000Z", dt.timedelta(minutes=5)) == LAST
    assert later("0001-01-01T00:00:00.000000Z", dt.timedelta(minutes=5)).startswith("0001-01-01T00")
    assert is_instant(LAST)


@pytest.mark.parametrize(
    ("folder", "code"), [("ledger", 2), ("bad/ledger_gap", 5), ("bad/ledger_no_checkpoint", 2)]
)
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_verdict_that_cannot_be_printed_is_never_0(
    folder: str, code: int, more: list[str]
) -> None:
    """A full disk: one line on standard error, no traceback; tampered stays 5."""
    command = [sys.executable, "-m", "roadworthy_verify", str(GOLDEN / folder), *more]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be printed: No space left on device" in done.stderr


def test_a_closed_output_is_no_success() -> None:
    command = f"{sys.executable} -m roadworthy_verify {GOLDEN / 'ledger'} >&-"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nVERIFIED", "\x9b1A", "\u202egolb", "\r", "\ud800"])
def test_what_a_forger_wrote_neither_drives_a_terminal_nor_adds_a_line(text: str) -> None:
    report = Report("tampered", f"entry {text} is", {"kind": "ledger"}, (f"warning: {text}",))
    said = sentences(report)
    assert len(said) == 2 and all(line.isprintable() for line in said)
    assert said[-1].startswith("TAMPERED")


def test_letters_of_any_script_are_said_as_they_are() -> None:
    report = Report("refused", "Зоя und José 審査 😀", {"kind": "ledger"})
    assert "Зоя und José 審査 😀" in sentences(report)[-1]
