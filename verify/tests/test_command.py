"""The `roadworthy-verify` command: words and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy_verify.command import run
from roadworthy_verify.report import Report, sentences

GOLDEN = Path(__file__).parent / "golden"
BAD = GOLDEN / "bad"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (GOLDEN / "ledger", 0),
        (GOLDEN / "ledger" / "ledger.db", 0),
        (BAD / "ledger_flipped_byte", 5),
        (BAD / "ledger_cut_tail" / "ledger.db", 5),
        (BAD / "ledger_trust_with_another_role", 5),
        (BAD / "ledger_no_checkpoint", 4),
        (GOLDEN / "nowhere", 1),
    ],
)
def test_exit_codes(path: Path, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(path)]) == code
    said = capsys.readouterr().out.strip().splitlines()
    assert said[-1].startswith(
        "VERIFIED" if code == 0 else ("TAMPERED", "UNKNOWN", "UNSIGNED", "NOT")
    )
    assert run([str(path), "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is (code == 0)
    assert bool(report["fault"]) is (code != 0)


@pytest.mark.parametrize("name", ["unknown_key", "revoked_key"])
def test_exit_codes_of_keys_that_the_auditor_does_not_trust(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = BAD / f"ledger_{name}"
    assert run([str(folder), "--trust", str(folder / "brought.yaml")]) == 4
    assert "UNKNOWN KEY" in capsys.readouterr().out


def test_the_report_says_where_trust_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = GOLDEN / "ledger"
    assert run([str(ledger), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["trust_from"], said["ok"], said["authentic"]) == ("beside", True, False)
    assert run([str(ledger), "--trust", str(ledger / "trust.yaml"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["trust_from"], said["ok"], said["authentic"]) == ("given", True, True)
    alone = tmp_path / "ledger.db"
    alone.write_bytes((ledger / "ledger.db").read_bytes())
    assert run([str(alone), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["trust_from"] == "none"


def test_an_option_that_cannot_be_read_is_the_users_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("nonsense")
    good = str(GOLDEN / "ledger")
    assert run([good, "--trust", str(bad)]) == 1
    assert "bad:1" in capsys.readouterr().err
    assert run([good, "--checkpoint", str(bad), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False
    assert run([good, "--trust", str(tmp_path / "missing")]) == 1


def test_it_runs_without_the_platform() -> None:
    """Nothing but the standard library and `cryptography` is imported."""
    script = (
        "import sys\n"
        "from roadworthy_verify.command import run\n"
        f"code = run([{str(GOLDEN / 'ledger')!r}])\n"
        "mine = {name.partition('.')[0] for name in sys.modules}\n"
        "other = mine - set(sys.stdlib_module_names) - {'roadworthy_verify', 'cryptography'}\n"
        "other = {name for name in other if not name.startswith('_')}\n"
        "print(sorted(other))\n"
        "sys.exit(code)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _with_path(script)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1] == "[]"


def _with_path(script: str) -> str:
    paths = [path for path in sys.path if path]
    return f"import sys\nsys.path += {paths!r}\n{script}"


def test_a_trust_file_that_is_not_there_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = tmp_path / "nofile"
    assert run([str(GOLDEN / "ledger"), "--trust", str(nothing)]) == 1
    said = capsys.readouterr().err
    assert said.strip().endswith(f"{nothing}: cannot be read: No such file or directory")
    assert "Errno" not in said


def test_nothing_is_said_to_hold_of_what_was_tampered_with() -> None:
    report = Report("tampered", "a byte changed", {"kind": "dossier"}, ("11 files are whole",))
    assert sentences(report) == ["TAMPERED: a byte changed"]
    warned = Report("tampered", "a byte changed", {"kind": "ledger"}, ("warning: an old key",))
    assert sentences(warned) == ["warning: an old key", "TAMPERED: a byte changed"]
