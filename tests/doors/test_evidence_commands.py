"""people, keys, record, ledger, verify, backup, restore: by their output and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Says = Callable[..., tuple[int, str]]


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def roadworthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Says:
    """Run a command in an empty folder; returns its exit code and what it said."""
    (tmp_path / "system").mkdir()
    monkeypatch.chdir(tmp_path / "system")
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)

    def call(*arguments: str) -> tuple[int, str]:
        code = run(VERBS, arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


@pytest.fixture
def staffed(roadworthy: Says) -> Says:
    """A workspace with ada (engineer, admin) and ben (reviewer)."""
    assert roadworthy("people", "add", "ada", "--role", "engineer", "--role", "admin")[0] == 0
    assert roadworthy("people", "add", "ben", "--role", "reviewer")[0] == 0
    return roadworthy


def said_json(call: Says, *arguments: str) -> Any:
    code, said = call(*arguments, "--json")
    assert code == 0, said
    return json.loads(said)


def test_a_person_is_a_key_an_entry_and_a_line_of_trust(staffed: Says) -> None:
    people = said_json(staffed, "people", "list")["people"]
    assert [(item["name"], item["kind"]) for item in people] == [
        ("machine", "machine"), ("ada", "person"), ("ben", "person"),
    ]  # fmt: skip
    entries = said_json(staffed, "ledger", "log", "--kind", "person.added")["entries"]
    assert [entry["subject"] for entry in entries] == ["ada", "ben"]
    assert entries[0]["actor"] == f"machine:{people[0]['key_id']}"
    assert entries[1]["actor"] == f"person:{people[1]['key_id']}"
    assert Path(".roadworthy/keys/ben.key").stat().st_mode & 0o777 == 0o600


def test_only_an_admin_adds_people(staffed: Says) -> None:
    code, said = staffed("people", "add", "eve", "--role", "admin", "--as", "ben")
    assert code == 3, "judged and refused: the options are right, the person may not"
    assert "ben is reviewer; this needs admin" in said
    assert staffed("people", "add", "cy", "--role", "operator", "--as", "ada")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("people", "add", "eve", "--role", "king"), "'king' is no role"),
        (("people", "add", "eve"), "Missing option '--role'"),
        (("people", "add", "ada", "--role", "auditor"), "ada has a key already"),
        (("people", "add", "machine", "--role", "admin"), "the workspace's own name"),
        (("people", "add", "../eve", "--role", "auditor"), "cannot name a key"),
        (("people", "revoke", "eve", "--reason", "x", "--as", "ada"), "no key of eve"),
        (("people", "revoke", "ben", "--reason", " ", "--as", "ada"), "needs a reason"),
        (("people", "rotate", "eve"), "eve has no key"),
        (("keys", "export", "eve"), "eve is not in the trust file"),
        (("people", "list", "nowhere"), "there is no folder"),
        (("record", "dpia_record", "missing.pdf", "--as", "ada"), "missing.pdf does not exist"),
        (("record", "dpia_record", "/dev/zero", "--as", "ada"), "/dev/zero is no plain file"),
        (("record", "two words", "x", "--as", "ada"), "is no kind"),
        (("record", "dpia", "x", "--as", "ada"), "perhaps dpia_record; roadworthy record --kinds"),
        (("record", "contract", "x", "--as", "ada"), "is no kind of evidence"),
        (("record", "model_card", "x", "--as", "ada"), "--candidate candidate.yaml"),
        (("record", "dpia_record"), "KIND and FILE are missing"),
        (
            ("record", "dpia_record", ".roadworthy/trust.yaml", "--system", "desl", "--as", "ada"),
            "there is no system 'desl' here",
        ),
        (("ledger", "show", "99"), "there is no entry 99"),
        (("ledger", "show", "0"), "0 is not in the range x>=1"),
        (("verify", ".roadworthy/keys"), "is no ledger"),
        (("verify", ".", "--trust", "missing.yaml"), "missing.yaml does not exist"),
        (("restore", "missing.tgz", "."), "missing.tgz does not exist"),
        (("restore", ".roadworthy/trust.yaml", "."), "is no backup: it is no gzip file"),
    ],
)
def test_bad_input_says_what_would_be_right(
    staffed: Says, arguments: tuple[str, ...], words: str
) -> None:
    before = said_json(staffed, "ledger", "log")["size"]
    code, said = staffed(*arguments)
    assert words in said
    assert code == 1
    assert said_json(staffed, "ledger", "log")["size"] == before


def test_every_kind_of_the_list_can_be_recorded_or_asks_for_a_candidate(staffed: Says) -> None:
    kinds = said_json(staffed, "record", "--kinds")
    assert {"dpia_record", "training_record"} <= {one["kind"] for one in kinds}
    assert "training_record" in staffed("record", "--kinds")[1]
    for one in kinds:
        Path("paper.pdf").write_text(one["kind"])
        code, said = staffed("record", one["kind"], "paper.pdf", "--as", "ada")
        assert code == (1 if one["of"] == "release" else 0), said
        assert ("--candidate" in said) is (one["of"] == "release")


@pytest.mark.parametrize("data", [b"", b" \n\t\n"], ids=["nothing", "blanks"])
def test_a_file_that_holds_nothing_shows_nothing(staffed: Says, data: bytes) -> None:
    write_system(Path.cwd())
    Path("paper.pdf").write_bytes(data)
    code, said = staffed("record", "training_record", "paper.pdf", "--as", "ada")
    assert (code, "it shows nothing" in said) == (1, True)
    code, said = staffed("cost", "add", "data", "--spent", "5 EUR", "--file", "paper.pdf")
    assert (code, "it shows nothing" in said) == (1, True)
    assert said_json(staffed, "ledger", "log")["size"] == 2


@pytest.mark.parametrize("name", ["two\nlines.pdf", "\x1b[31mred.pdf", os.fsdecode(b"b\xe4r.pdf")])
def test_a_name_that_nobody_can_read_enters_no_ledger(staffed: Says, name: str) -> None:
    Path(name).write_bytes(b"assessment")
    code, said = staffed("record", "dpia_record", name, "--as", "ada")
    assert (code, "give the file another name" in said) == (1, True)
    assert said_json(staffed, "ledger", "log")["size"] == 2


def test_the_same_paper_in_the_same_words_is_entered_once(staffed: Says) -> None:
    Path("dpia.pdf").write_bytes(b"assessment")
    words = ("record", "dpia_record", "dpia.pdf", "--as", "ada")
    first = said_json(staffed, *words)
    again = said_json(staffed, *words)
    assert (first["entered_before"], again["entered_before"]) == (False, True)
    assert again["seq"] == first["seq"]
    assert "nothing was entered" in staffed(*words)[1]
    anew = said_json(staffed, *words, "--note", "read again, it still holds")
    other = said_json(staffed, "record", "dpia_record", "dpia.pdf", "--as", "ben")
    assert [anew["seq"], other["seq"]] == [first["seq"] + 1, first["seq"] + 2]


def test_an_auditor_reads_and_makes_nothing_of_what_is_checked(staffed: Says) -> None:
    write_system(Path.cwd())
    Path("dpia.pdf").write_bytes(b"assessment")
    assert staffed("people", "add", "eve", "--role", "auditor", "--as", "ada")[0] == 0
    for words in (
        ("record", "dpia_record", "dpia.pdf"),
        ("cost", "add", "data", "--spent", "5 EUR", "--note", "x"),
        ("document", "dora", "--record", "--out", "out.md"),
    ):
        code, said = staffed(*words, "--as", "eve")
        assert (code, "eve is auditor; this needs" in said) == (3, True), said
    assert not Path("out.md").exists()
    assert said_json(staffed, "ledger", "log")["size"] == 3


def test_two_people_are_not_told_apart_by_capitals_alone(staffed: Says) -> None:
    code, said = staffed("people", "add", "Ada", "--role", "engineer", "--as", "ada")
    assert (code, "Ada reads like ada" in said) == (1, True)
    assert staffed("people", "add", "Machine", "--role", "engineer", "--as", "ada")[0] == 1
    assert staffed("people", "add", "Ada.b", "--role", "engineer", "--as", "ada")[0] == 0


def test_a_companys_catalogue_has_kinds_of_its_own(staffed: Says) -> None:
    Path("catalogues").mkdir()
    shutil.copy(EXAMPLE / "catalogues" / "house-rules.yaml", "catalogues")
    Path("paper.pdf").write_text("signed")
    assert staffed("record", "works_council_statement", "paper.pdf", "--as", "ada")[0] == 0
    code, said = staffed("record", "works_council", "paper.pdf", "--as", "ada")
    assert code == 1
    assert "perhaps works_council_statement" in said
    rows = {one["kind"]: one for one in said_json(staffed, "record", "--kinds", ".")}
    assert "house-rules" in rows["works_council_statement"]["title"]


def test_whoever_may_not_is_refused_with_3(staffed: Says) -> None:
    code, said = staffed("people", "revoke", "ada", "--reason", "x", "--as", "ben")
    assert code == 3
    assert "this needs admin" in said
    Path(".roadworthy/keys/ben.key").chmod(0o644)
    Path("dpia.pdf").write_bytes(b"assessment")
    code, said = staffed("record", "dpia_record", "dpia.pdf", "--as", "ben")
    assert code == 3, "whoever could read the key could sign as its owner"
    assert "can be read by others" in said
    assert said_json(staffed, "ledger", "log")["size"] == 2


def test_a_key_file_that_is_none_is_the_users_mistake(staffed: Says) -> None:
    Path(".roadworthy/keys/ben.key").write_text("not a key")
    Path("dpia.pdf").write_bytes(b"assessment")
    code, said = staffed("record", "dpia_record", "dpia.pdf", "--as", "ben")
    assert code == 1
    assert "put the key back" in said


def test_who_acts_must_be_clear(staffed: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dpia.pdf").write_bytes(b"assessment")
    code, said = staffed("record", "dpia_record", "dpia.pdf")
    assert code == 1
    assert "ada, ben have keys here" in said
    monkeypatch.setenv("ROADWORTHY_PERSON", "ben")
    assert said_json(staffed, "record", "dpia_record", "dpia.pdf")["by"] == "ben"
    assert said_json(staffed, "record", "dpia_record", "dpia.pdf", "--as", "ada")["by"] == "ada"
    monkeypatch.setenv("ROADWORTHY_PERSON", "eve")
    assert staffed("record", "dpia_record", "dpia.pdf")[0] == 1


def test_a_revoked_person_can_no_longer_act(staffed: Says) -> None:
    Path("dpia.pdf").write_bytes(b"assessment")
    assert staffed("record", "dpia_record", "dpia.pdf", "--as", "ben")[0] == 0
    assert staffed("people", "revoke", "ben", "--reason", "left", "--as", "ada")[0] == 0
    code, said = staffed("record", "dpia_record", "dpia.pdf", "--as", "ben")
    assert code == 3
    assert "the key of ben ended at" in said
    assert staffed("verify", ".")[0] == 0


def test_rotation_changes_the_key_and_keeps_the_past_verifiable(staffed: Says) -> None:
    Path("dpia.pdf").write_bytes(b"assessment")
    for name in ("ada", "machine"):
        before = {
            item["name"]: item["key_id"] for item in said_json(staffed, "keys", "list")["keys"]
        }
        rotated = said_json(staffed, "people", "rotate", name)
        after = {
            item["name"]: item["key_id"] for item in said_json(staffed, "keys", "list")["keys"]
        }
        assert after[name] == rotated["key_id"] != before[name]
        newest = said_json(staffed, "ledger", "log", "--kind", "key.rotated")["entries"][-1]
        assert newest["actor"].endswith(before[name])
        assert newest["payload"]["signature"]["key_id"] == before[name]
    assert staffed("record", "dpia_record", "dpia.pdf", "--as", "ada")[0] == 0
    assert said_json(staffed, "verify", ".")["signatures_of_people"] == 5


def test_the_first_people_need_no_admin(roadworthy: Says) -> None:
    assert roadworthy("people", "add", "ben", "--role", "reviewer")[0] == 0
    assert roadworthy("people", "add", "cy", "--role", "risk-officer")[0] == 0
    people = said_json(roadworthy, "people", "list")["people"]
    assert people[-1]["roles"] == ["risk_officer"]


def test_a_public_key_is_exported_and_a_private_one_is_not(staffed: Says) -> None:
    code, said = staffed("keys", "export", "ada")
    assert code == 0
    assert said.startswith("-----BEGIN PUBLIC KEY-----")
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    raw = load_pem_public_key(said.encode()).public_bytes_raw()
    import base64

    exported = said_json(staffed, "keys", "export", "ada")["public_key"]
    assert base64.b64decode(exported) == raw


def test_a_ledger_that_is_not_there_is_said_and_not_made(roadworthy: Says) -> None:
    Path("roadworthy.toml").write_text("roadworthy = 1\n")
    for arguments in (("ledger", "log"), ("ledger", "checkpoint"), ("backup", "--out", "b.tgz")):
        code, said = roadworthy(*arguments)
        assert code == 2
        assert "there is no ledger" in said
    assert roadworthy("verify", ".")[0] == 1
    assert not Path(".roadworthy/ledger.db").exists()


def test_an_entry_is_shown_and_proved(staffed: Says) -> None:
    assert staffed("ledger", "prove", "2", "--out", "proof.json")[0] == 0
    proof = json.loads(Path("proof.json").read_text())
    shown = said_json(staffed, "ledger", "show", "2")
    assert proof["entry"] == shown
    from roadworthy_verify.tree import inclusion_holds

    assert inclusion_holds(
        leaf=bytes.fromhex(shown["digest"][7:]),
        index=1,
        size=proof["checkpoint"]["size"],
        proof=[bytes.fromhex(node) for node in proof["hashes"]],
        root=bytes.fromhex(proof["checkpoint"]["root"]),
    )


def test_a_tampered_ledger_is_5_and_names_the_entry(staffed: Says) -> None:
    tamper("UPDATE entries SET subject = 'eve' WHERE seq = 2")
    code, said = staffed("verify", ".")
    assert code == 5
    assert "TAMPERED: entry 2 does not fit" in said
    code, said = staffed("ledger", "verify", "--json")
    assert (code, json.loads(said)["ok"], json.loads(said)["first_bad"]) == (5, False, 2)


def test_a_cut_tail_is_found_outside_the_store_and_against_a_kept_checkpoint(
    staffed: Says,
) -> None:
    assert staffed("ledger", "checkpoint", "--out", "kept.txt")[0] == 0
    tamper("DELETE FROM entries WHERE seq = 2", "DELETE FROM checkpoints WHERE size = 2")
    assert staffed("verify", ".")[0] == 5
    Path(".roadworthy/checkpoints.jsonl").write_bytes(b"")
    assert "of ben (reviewer) is in no entry" in staffed("verify", ".")[1]
    code, said = staffed("verify", ".", "--checkpoint", "kept.txt")
    assert code == 5
    assert "the tail was cut: checkpoint 2" in said


def test_without_a_trusted_key_it_is_4(staffed: Says, tmp_path: Path) -> None:
    (tmp_path / "nobody.yaml").write_text("roadworthy: 1\nkeys: []\n")
    code, said = staffed("verify", ".", "--trust", str(tmp_path / "nobody.yaml"))
    assert code == 4
    assert "which is unknown" in said


def test_a_workspace_elsewhere_is_found(
    roadworthy: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_HOME", str(tmp_path / "home"))
    assert roadworthy("people", "add", "ada", "--role", "admin")[0] == 0
    assert (tmp_path / "home" / "ledger.db").exists()
    assert roadworthy("ledger", "verify")[0] == 0
    assert not Path(".roadworthy").exists()


def test_a_backup_is_restored_elsewhere_and_goes_on(staffed: Says, tmp_path: Path) -> None:
    out = str(tmp_path / "b.tgz")
    assert said_json(staffed, "backup", "--out", out, "--with-keys")["with_keys"] is True
    elsewhere = tmp_path / "elsewhere"
    assert said_json(staffed, "restore", out, str(elsewhere))["entries"] == 2
    code, _ = staffed("people", "add", "cy", str(elsewhere), "--role", "auditor", "--as", "ada")
    assert code == 0
    assert staffed("verify", str(elsewhere))[0] == 0


def test_a_tampered_backup_is_5_and_changes_nothing(staffed: Says, tmp_path: Path) -> None:
    out = tmp_path / "b.tgz"
    assert staffed("backup", "--out", str(out))[0] == 0
    spoiled = bytearray(out.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    out.write_bytes(spoiled)
    assert staffed("restore", str(out), ".")[0] == 5
    assert staffed("verify", ".")[0] == 0
    assert not list(tmp_path.glob("system/.roadworthy.*"))


def test_a_restore_that_fails_leaves_nothing_behind(staffed: Says, tmp_path: Path) -> None:
    out = tmp_path / "b.tgz"
    assert staffed("backup", "--out", str(out))[0] == 0
    out.write_bytes(out.read_bytes()[:-5])
    empty = tmp_path / "empty"
    empty.mkdir()
    for target in (empty, tmp_path / "not" / "there"):
        assert staffed("restore", str(out), str(target))[0] == 5
    assert list(empty.iterdir()) == []
    assert not (tmp_path / "not").exists()


def tamper(*statements: str) -> None:
    """Change the file as somebody who holds it could: the triggers dropped first."""
    shutil.copy(".roadworthy/ledger.db", "copy.db")
    connection = sqlite3.connect(".roadworthy/ledger.db", isolation_level=None)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


GOLDEN = Path(__file__).parents[1] / "golden" / "bad" / "ledgers"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("flipped_byte", 5, "entry 5 does not fit"),
        ("reordered", 5, "entry 3 does not fit"),
        ("cut_tail", 5, "the tail was cut"),
        ("rewritten", 5, "rewritten: entry 4"),
        ("unknown_key", 4, "which is unknown"),
        ("revoked_key", 4, "was revoked at"),
    ],
)
def test_golden_tampered_ledgers(roadworthy: Says, name: str, code: int, words: str) -> None:
    assert {path.name for path in GOLDEN.iterdir()} >= {name}
    brought = GOLDEN / name / "brought.yaml"
    trust = ("--trust", str(brought)) if brought.exists() else ()
    found, said = roadworthy("verify", str(GOLDEN / name), *trust, "--json")
    assert found == code
    assert words in json.loads(said)["fault"]
