"""`roadworthy release` as scripts and people see it: output, exit codes, what is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import open_workspace


class Door:
    """The command line over one system's folder."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.desk = Desk(root / "desk")
        self.root = self.desk.root
        self.out = root / "bundle"
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = run(VERBS, [str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def json(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        found, said, complained = self(*arguments, "--json")
        assert found == code, (found, said, complained)
        return json.loads(said)

    def people(self) -> None:
        for name, role in (("ana", "engineer"), ("rosa", "risk_officer"), ("otto", "operator")):
            assert self("people", "add", name, self.root, "--role", role)[0] == 0

    def judged(self) -> None:
        self.desk.deliberate()
        assert self("eval", self.root)[0] == 0
        code, said, complained = self("gate", self.root)
        assert code == 0, said + complained

    def build(self, *more: object) -> dict[str, Any]:
        return self.json("release", "build", self.root, "--out", self.out, *more)

    def sign(self, *more: object, code: int = 0) -> dict[str, Any]:
        return self.json("release", "sign", self.out, self.root, *more, code=code)


@pytest.fixture
def door(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Door:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.chdir(tmp_path)
    return Door(tmp_path, capsys)


def test_from_a_folder_to_a_live_release(door: Door) -> None:
    door.people()
    door.judged()
    built = door.build("--as", "ana")
    assert built["digest"].startswith("sha256:")
    assert built["candidate"] == door.desk.digest()

    verdict = door.json("release", "verify", door.out, code=4)
    assert (verdict["ok"], verdict["state"]) == (False, "unsigned")
    refused, _, complained = door(
        "release", "activate", door.out, "--dir", door.root, "--as", "otto"
    )
    assert (refused, "not signed" in complained) == (4, True)

    signed = door.sign("--as", "rosa")
    assert (signed["released"], signed["approved_by"], signed["missing"]) == (True, ["rosa"], 0)
    trust = door.root / ".roadworthy" / "trust.yaml"
    verdict = door.json("release", "verify", door.out, "--trust", trust)
    assert (verdict["ok"], verdict["fault"], verdict["digest"]) == (True, "", built["digest"])
    assert verdict["signed_by"][0]["name"] == "rosa"
    assert door.json("verify", door.out, "--trust", trust)["ok"]

    live = door.json("release", "activate", door.out, door.root, "--as", "otto")
    assert (live["digest"], live["baseline"]) == (built["digest"], "")
    assert "no other release" in live["why_no_baseline"]
    assert read_table(open_workspace(door.root).routing).routes["desk"].live == built["digest"]
    listed = door.json("release", "list", door.root)["releases"]
    assert [(item["digest"], item["state"]) for item in listed] == [(built["digest"], "live")]


def test_people_read_words(door: Door) -> None:
    door.people()
    door.judged()
    code, said, _ = door("release", "build", door.root, "--out", door.out, "--as", "ana")
    assert (code, "release sign" in said) == (0, True)
    code, said, _ = door("release", "approve", door.out, "--dir", door.root, "--as", "rosa")
    assert (code, "released" in said) == (0, True)
    code, said, _ = door("release", "activate", door.out, "--dir", door.root)
    assert (code, "is live for desk" in said) == (0, True)
    code, said, _ = door("release", "show", door.out)
    assert (code, "rules.yaml" in said) == (0, True)
    code, said, _ = door("release", "list", door.root)
    assert (code, "live" in said) == (0, True)
    trust = door.root / ".roadworthy" / "trust.yaml"
    code, said, _ = door("release", "verify", door.out, "--trust", trust)
    assert (code, "VERIFIED" in said, "approval signed by rosa" in said) == (0, True, True)


def test_nothing_is_signed_before_the_gate(door: Door) -> None:
    door.people()
    door.build("--as", "ana")
    assert "has not judged" in door.sign("--as", "rosa", code=4)["error"]


def test_a_changed_file_is_a_new_candidate(door: Door) -> None:
    door.people()
    door.judged()
    rules = (door.root / "rules.yaml").read_text()
    door.desk.write("rules.yaml", rules.replace("car: 3", "car: 2"))
    door.build("--as", "ana")
    assert "has not judged" in door.sign("--as", "rosa", code=4)["error"]


def test_the_author_approves_nothing(door: Door) -> None:
    door.people()
    door.judged()
    assert door("people", "add", "adam", door.root, "--role", "admin")[0] == 0
    door.build("--as", "adam")
    assert "adam built this bundle" in door.sign("--as", "adam", code=3)["error"]


def test_the_machine_builds_only_where_there_is_nobody(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert door.build()["author"].startswith("machine:")
    door.people()
    found = door.json("release", "build", door.root, "--out", door.out, code=1)
    assert found == {
        "error": "who acts? ana, otto, rosa have keys here",
        "fix": "add --as NAME, or set ROADWORTHY_PERSON",
    }
    monkeypatch.setenv("ROADWORTHY_PERSON", "ana")
    assert door.build()["author"].startswith("person:")


def test_two_approvals_where_the_charter_asks(door: Door) -> None:
    charter = (door.root / "charter.yaml").read_text()
    door.desk.write("charter.yaml", charter + "review: {approvals: {release: 2, resume: 2}}\n")
    door.people()
    assert door("people", "add", "ravi", door.root, "--role", "reviewer")[0] == 0
    door.judged()
    door.build("--as", "ana")
    first = door.sign("--as", "rosa", code=4)
    assert (first["released"], first["missing"]) == (False, 1)
    assert door.sign("--as", "ravi")["approved_by"] == ["ravi", "rosa"]


def test_a_changed_byte_is_five(door: Door) -> None:
    door.people()
    door.judged()
    door.build("--as", "ana")
    door.sign("--as", "rosa")
    blob = sorted((door.out / "blobs" / "sha256").iterdir())[3]
    data = bytearray(blob.read_bytes())
    data[0] ^= 1
    blob.write_bytes(bytes(data))
    verdict = door.json("release", "verify", door.out, code=5)
    assert (verdict["ok"], verdict["state"], "was changed" in verdict["fault"]) == (
        False, "tampered", True,
    )  # fmt: skip
    for arguments in (("sign", "rosa"), ("activate", "otto")):
        verb, name = arguments
        code, _, complained = door("release", verb, door.out, "--dir", door.root, "--as", name)
        assert (code, "was changed" in complained) == (5, True)
    assert door("release", "show", door.out)[0] == 5


@pytest.mark.parametrize("verb", ["sign", "activate"])
def test_what_is_no_bundle_is_the_user_s_mistake(door: Door, verb: str) -> None:
    door.people()
    name = {"sign": "rosa", "activate": "otto"}[verb]
    code, said, complained = door("release", verb, door.root, "--dir", door.root, "--as", name)
    assert code == 1, (said, complained)
    code, said, complained = door("release", "verify", door.root / "charter.yaml")
    assert code == 1, (said, complained)


def test_an_unknown_person_is_named(door: Door) -> None:
    door.people()
    code, _, complained = door("release", "build", door.root, "--out", door.out, "--as", "zoe")
    assert (code, "zoe" in complained) == (1, True)
    assert not door.out.exists()


def test_a_faulty_system_builds_nothing(door: Door) -> None:
    door.desk.write("candidate.yaml", "task: [\n")
    found = door.json("release", "build", door.root, "--out", door.out, code=1)
    assert found["errors"][0]["file"] == "candidate.yaml"
    assert not door.out.exists()


def test_a_cut_ledger_is_found_against_the_release(door: Door) -> None:
    """The release carries the ledger's head out of the workspace; here everything else is cut."""
    door.people()
    door.judged()
    door.build("--as", "ana")
    door.sign("--as", "rosa")
    trust = door.root / ".roadworthy" / "trust.yaml"
    head = door.json("release", "verify", door.out, "--trust", trust)["checkpoint"]
    kept = door.root.parent / "head.json"
    kept.write_text(json.dumps(head))
    ledger = door.root / ".roadworthy" / "ledger.db"
    checkpoint = ("--trust", trust, "--checkpoint", kept)
    assert door.json("verify", ledger, *checkpoint)["ok"]
    cut_ledger(ledger, head["size"] - 2)
    (ledger.parent / "checkpoints.jsonl").unlink()
    found = door.json("verify", ledger, *checkpoint, code=5)
    assert "cut" in found["fault"]


def test_verify_says_where_trust_came_from(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.people()
    door.judged()
    door.out = door.root / "release.tar"
    door.build("--as", "ana")
    door.sign("--as", "rosa")
    lies = door.root / ".roadworthy" / "trust.yaml"

    # An auditor elsewhere, who was sent the whole folder and brings nothing.
    found = door.json("verify", door.out)
    assert (found["trust_from"], found["trust"]) == ("beside", str(lies))
    _, said, _ = door("verify", door.out)
    assert "no --trust was given" in said
    assert "whoever sent it may have chosen them" in said
    verdict = said.strip().splitlines()[-1]
    assert verdict.startswith("VERIFIED, but only against keys that nobody gave")

    given = tmp_path / "mine.yaml"
    given.write_bytes(lies.read_bytes())
    found = door.json("release", "verify", door.out, "--trust", given)
    assert (found["trust_from"], found["trust"]) == ("given", str(given))
    assert door("verify", door.out, "--trust", given)[1].strip().splitlines()[-1] == "VERIFIED"

    monkeypatch.chdir(door.root)
    assert door.json("verify", door.out)["trust_from"] == "workspace"
    assert "of the workspace that you are in" in door("verify", door.out)[1]

    lonely = tmp_path / "lonely" / "release.tar"
    lonely.parent.mkdir()
    lonely.write_bytes(door.out.read_bytes())
    monkeypatch.chdir(lonely.parent)
    assert door.json("verify", lonely, code=4)["trust_from"] == "none"


def cut_ledger(database: Path, keep: int) -> None:
    """Remove the tail and all that covers it, as somebody with the file would."""
    import sqlite3

    with sqlite3.connect(database) as connection:
        tables = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type='table'"))
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entries WHERE seq > ?", (keep,))
        for name in tables:
            if name.startswith("checkpoint"):
                connection.execute(f"DELETE FROM {name} WHERE size > ?", (keep,))
            elif name.startswith("node"):
                connection.execute(f"DELETE FROM {name}")
    connection.close()


@pytest.mark.slow
def test_an_auditor_needs_nothing_of_ours(door: Door, tmp_path: Path) -> None:
    """The verifier by itself, in isolation from the product, on a tar in another place."""
    door.people()
    door.judged()
    door.out = tmp_path / "release.tar"
    digest = door.build("--as", "ana")["digest"]
    door.sign("--as", "rosa")
    away = tmp_path / "auditor"
    away.mkdir()
    (away / "release.tar").write_bytes(door.out.read_bytes())
    (away / "trust.yaml").write_bytes((door.root / ".roadworthy/trust.yaml").read_bytes())
    code = (
        "import sys; sys.modules['roadworthy'] = None; sys.modules['msgspec'] = None\n"
        "from roadworthy_verify.command import run\n"
        "sys.exit(run(['release.tar', '--trust', 'trust.yaml', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=away, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digest"] == digest


def test_a_strangers_bundle_does_not_drive_the_terminal(door: Door) -> None:
    path = door.root / "candidate.yaml"
    path.write_text(path.read_text() + 'name: "evil\\x1b[2J\\nstate signed"\n')
    door.build()
    code, said, _ = door("release", "show", door.out)
    assert code == 0 and "evil" in said
    assert "\x1b" not in said and "state signed" not in said.splitlines()


def test_two_different_folders_are_refused(door: Door, tmp_path: Path) -> None:
    door.people()
    for verb in ("sign", "activate"):
        code, _, said = door("release", verb, door.out, door.root, "--dir", tmp_path / "other")
        assert code == 1 and "two folders" in said
