"""What leaves the ledger and is checked without it: proofs, and a checkpoint kept elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.ledgers import cut
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy_verify.command import run as stand_alone

HOME = Path(".roadworthy")
Says = Callable[..., tuple[int, str]]


@pytest.fixture
def roadworthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Says:
    """A workspace with two people; runs a command, returns exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)

    def call(*arguments: str) -> tuple[int, str]:
        code = run(VERBS, arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert call("people", "add", "ada", "--role", "admin")[0] == 0
    assert call("people", "add", "ben", "--role", "reviewer")[0] == 0
    return call


def add(call: Says, name: str) -> None:
    assert call("people", "add", name, "--role", "auditor", "--as", "ada")[0] == 0


def test_a_proof_is_verified_without_the_workspace(roadworthy: Says, tmp_path: Path) -> None:
    for seq in ("1", "2"):
        assert roadworthy("ledger", "prove", seq, "--out", f"proof{seq}.json")[0] == 0
    shutil.copy(HOME / "trust.yaml", "brought.yaml")
    shutil.move(HOME, tmp_path / "elsewhere")
    for seq in ("1", "2"):
        proof = f"proof{seq}.json"
        code, said = roadworthy("verify", proof, "--trust", "brought.yaml")
        assert code == 0 and f"entry {seq} (person.added about" in said and "VERIFIED" in said
        assert stand_alone([proof, "--trust", "brought.yaml"]) == 0
        assert roadworthy("verify", proof)[0] == 4, "nobody said whose keys to trust"
    document = json.loads(Path("proof2.json").read_text())
    document["entry"]["payload"]["roles"] = ["admin"]
    Path("proof2.json").write_text(json.dumps(document))
    assert stand_alone(["proof2.json", "--trust", "brought.yaml"]) == 5


def test_a_log_is_proved_to_have_grown_only(roadworthy: Says) -> None:
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    add(roadworthy, "cleo")
    assert roadworthy("ledger", "prove-growth", "kept.txt", "--out", "growth.json")[0] == 0
    assert stand_alone(["growth.json", "--trust", str(HOME / "trust.yaml")]) == 0
    code, said = roadworthy("verify", "growth.json", "--checkpoint", "kept.txt")
    assert code == 0 and "is one that was kept" in said


@pytest.mark.parametrize("how", ["cut", "rewritten", "another"])
def test_no_growth_is_proved_over_a_log_that_is_another(
    roadworthy: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    add(roadworthy, "cleo")
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    kept = Path("kept.txt").resolve()
    if how == "another":
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        for name in ("ada", "ben", "cleo", "dan"):
            arguments = ["--as", "ada"] if name != "ada" else []
            assert roadworthy("people", "add", name, "--role", "admin", *arguments)[0] == 0
    else:
        shutil.copy(HOME / "trust.yaml", "kept.yaml")
        cut(HOME, 2)
        shutil.copy(HOME / "trust.yaml", "now.yaml")
        assert roadworthy("people", "restore")[0] == 0
        if how == "rewritten":
            for name in ("dan", "eve"):
                add(roadworthy, name)
    code, said = roadworthy("ledger", "prove-growth", str(kept), "--out", "growth.json")
    assert code in (4, 5), said
    assert not Path("growth.json").exists()


def test_a_kept_checkpoint_goes_on_only_over_the_ledger_that_it_knew(roadworthy: Says) -> None:
    """One command for CI: check against the last one, then keep the newest."""
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    first = Path("kept.txt").read_text()
    add(roadworthy, "cleo")
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    second = Path("kept.txt").read_text()
    assert second != first
    cut(HOME, 2)
    assert roadworthy("people", "restore")[0] == 0
    assert roadworthy("verify", ".")[0] == 0, "nothing in the folder says that there was more"
    code, said = roadworthy("ledger", "checkpoint", "--out", "kept.txt")
    assert code == 5 and "kept.txt" in said and "the tail was cut" in said
    assert Path("kept.txt").read_text() == second
    assert roadworthy("verify", ".", "--checkpoint", "kept.txt")[0] == 5
    assert roadworthy("ledger", "verify", "--checkpoint", "kept.txt")[0] == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [("what", 1), ("", 1), ("{}", 1), ('{"size": ' + "[" * 9000, 1), ("{" * 9000, 1), ("\xff", 1)],
)
def test_a_file_that_is_no_checkpoint_is_not_overwritten(
    roadworthy: Says, text: str, code: int
) -> None:
    Path("kept.txt").write_bytes(text.encode("latin-1"))
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == code
    assert Path("kept.txt").read_bytes() == text.encode("latin-1")
    assert roadworthy("verify", ".", "--checkpoint", "kept.txt")[0] == code


def test_a_checkpoint_is_not_held_against_a_bundle_unsaid(roadworthy: Says) -> None:
    golden = Path(__file__).parents[1] / "golden" / "bad" / "bundles" / "expired.tar"
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    code, said = roadworthy("verify", str(golden), "--checkpoint", "kept.txt")
    assert code == 1 and "not a bundle" in said


def test_a_restore_says_whose_private_keys_are_not_there_and_what_to_do(
    roadworthy: Says, tmp_path: Path
) -> None:
    assert roadworthy("backup", "--out", "b.tgz")[0] == 0
    code, said = roadworthy("restore", "b.tgz", str(tmp_path / "elsewhere"), "--json")
    assert code == 0 and json.loads(said)["keys_missing"] == ["ada", "ben", "machine"]
    code, said = roadworthy("restore", "b.tgz", str(tmp_path / "third"))
    assert code == 0 and "ada, ben, machine" in said
    assert "people machine --as NAME" in said and "people revoke NAME --as ADMIN" in said
    code, said = roadworthy("restore", "b.tgz", ".", "--json")
    assert code == 0 and json.loads(said)["keys_missing"] == [], "the keys of the old one are kept"


def test_a_restore_is_held_against_a_kept_checkpoint(roadworthy: Says, tmp_path: Path) -> None:
    assert roadworthy("backup", "--out", "b.tgz")[0] == 0
    add(roadworthy, "cleo")
    assert roadworthy("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    new = str(tmp_path / "elsewhere")
    code, said = roadworthy("restore", "b.tgz", new, "--checkpoint", "kept.txt")
    assert code == 5 and "the tail was cut" in said
    assert roadworthy("restore", "b.tgz", new, "--checkpoint", "missing.txt")[0] == 1


def test_the_way_out_of_a_lost_key_is_the_one_that_restore_names(
    roadworthy: Says, tmp_path: Path
) -> None:
    assert roadworthy("backup", "--out", "b.tgz")[0] == 0
    new = tmp_path / "elsewhere"
    assert roadworthy("restore", "b.tgz", str(new))[0] == 0
    shutil.copytree(HOME / "keys", new / HOME / "keys")
    (new / HOME / "keys" / "ben.key").unlink()
    (new / HOME / "keys" / "machine.key").unlink()
    assert roadworthy("people", "list", str(new))[0] == 0
    assert roadworthy("people", "machine", str(new), "--as", "ada")[0] == 0
    assert (
        roadworthy("people", "revoke", "ben", str(new), "--reason", "lost", "--as", "ada")[0] == 0
    )
    code, said = roadworthy("people", "add", "ben", str(new), "--role", "reviewer", "--as", "ada")
    assert code == 0, said
    assert roadworthy("verify", str(new))[0] == 0
