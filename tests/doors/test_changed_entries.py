"""Whoever reads evidence to conclude something from it ends with 5 over an entry that was changed.

Beside the gate, which reads the whole ledger: coverage, matrix, documents, costs, status, registry.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.registered import RegisteredDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import SHA256_PREFIX, Entry, sha256
from roadworthy.ledger.chain import entry_digest

Out = pytest.CaptureFixture[str]
Change = Callable[[sqlite3.Connection], None]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
READERS = [["obligations"], ["matrix"], ["document", "dpia"]]


def tamper(root: Path, change: Change) -> None:
    with sqlite3.connect(root / ".roadworthy" / "ledger.db", isolation_level=None) as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.execute(f"DROP TRIGGER {name}")
        change(store)
    store.close()


def the_payload(old: str, new: str) -> Change:
    def change(store: sqlite3.Connection) -> None:
        said = "UPDATE entries SET payload = replace(payload, ?, ?) WHERE payload LIKE ?"
        assert store.execute(said, (old, new, f"%{old}%")).rowcount == 1

    return change


def the_field(name: str, old: str, new: str) -> Change:
    def change(store: sqlite3.Connection) -> None:
        said = f"UPDATE entries SET {name} = ? WHERE {name} = ?"
        assert store.execute(said, (new, old)).rowcount == 1

    return change


def for_every_system(store: sqlite3.Connection) -> None:
    said = "UPDATE entries SET system = '' WHERE payload LIKE '%policy_document%'"
    assert store.execute(said).rowcount == 1


def swapped(kind: str) -> Change:
    def change(store: sqlite3.Connection) -> None:
        said = "SELECT seq FROM entries WHERE kind = ? ORDER BY seq LIMIT 2"
        (first,), (second,) = store.execute(said, (kind,)).fetchall()
        for new, old in ((-1, first), (first, second), (second, -1)):
            store.execute("UPDATE entries SET seq = ? WHERE seq = ?", (new, old))

    return change


def digests_made_anew(old: str, new: str) -> Change:
    """As somebody changes a payload who knows how digests are made, and has no key."""

    def change(store: sqlite3.Connection) -> None:
        columns = "seq,time,system,kind,subject,actor,payload,prev"
        (row,) = store.execute(
            f"SELECT {columns} FROM entries WHERE payload LIKE ?", (f"%{old}%",)
        ).fetchall()
        fields: dict[str, Any] = dict(zip(columns.split(","), row, strict=True))
        payload = fields["payload"].replace(old, new)
        fields |= {
            "payload": msgspec.json.decode(payload),
            "payload_digest": sha256(payload.encode()),
        }
        digest = entry_digest(Entry(**fields, digest=""))
        store.execute(
            "UPDATE entries SET payload = ?, payload_digest = ?, digest = ? WHERE seq = ?",
            (payload, fields["payload_digest"], digest, fields["seq"]),
        )
        assert digest.startswith(SHA256_PREFIX)

    return change


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example with people, two papers and a cost."""
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    root = tmp_path / "desk"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    paper = tmp_path / "paper.md"
    paper.write_text("Ten people were taught.", "utf-8")
    where = str(root)
    assert run(VERBS, ["people", "add", "rosa", where, "--role", "admin"]) == 0
    for kind in ("certificate", "policy_document"):
        record = ["record", kind, str(paper), where, "--system", "claims-desk", "--as", "rosa"]
        assert run(VERBS, record) == 0
    cost = ["cost", "add", "modelling", where, "--spent", "1200 EUR", "--note", "x", "--as", "rosa"]
    assert run(VERBS, cost) == 0
    return root


CHANGES = {
    "kind": the_field("kind", "cost.recorded", "evidence.recorded"),
    "payload": the_payload("certificate", "training_record"),
    "system": for_every_system,
    "swapped": swapped("evidence.recorded"),
    "digests made anew": digests_made_anew("certificate", "training_record"),
}


def broken(words: list[str], capsys: Out) -> str:
    """What a command says that ends with exit code 5."""
    capsys.readouterr()
    code = run(VERBS, [*words, "--json"])
    out = capsys.readouterr()
    assert code == 5, out
    return str(msgspec.json.decode(out.out)["error"])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("reader", READERS, ids=lambda words: words[0])
def test_no_evidence_is_read_out_of_a_changed_entry(
    desk: Path, reader: list[str], change: str, capsys: Out
) -> None:
    assert run(VERBS, [*reader, str(desk)]) != 5
    tamper(desk, CHANGES[change])
    said = broken([*reader, str(desk)], capsys)
    assert "the ledger does not verify: entry " in said
    assert "does not fit" in said


def test_no_cost_is_summed_out_of_a_changed_entry(desk: Path, capsys: Out) -> None:
    tamper(desk, the_payload("1200", "1000"))
    for words in (["scope"], ["cost", "show"]):
        assert "the ledger does not verify: entry " in broken([*words, str(desk)], capsys)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A desk with two versions of a model, one approved here alone."""
    made = RegisteredDesk(tmp_path / "desk")
    made.register(made.describe())
    made.approve("words", system="desk")
    made.register(made.describe(more="limits: [only English]\n"))
    return made.root


@pytest.mark.parametrize(
    "change",
    [
        the_field("kind", "model.approved", "model.deprecated"),
        the_payload("It was looked at.", "It was looked up."),
        the_field("system", "desk", ""),
        swapped("model.registered"),
    ],
    ids=["kind", "payload", "system", "swapped"],
)
@pytest.mark.parametrize("reader", [["status"], ["model", "list"]], ids=["status", "model list"])
def test_no_model_stands_by_a_changed_entry(
    registry: Path, reader: list[str], change: Change, capsys: Out
) -> None:
    assert run(VERBS, [*reader, str(registry)]) != 5
    tamper(registry, change)
    assert "the ledger does not verify: entry " in broken([*reader, str(registry)], capsys)


def test_a_model_whose_approval_is_forged_is_listed_as_damaged(registry: Path, capsys: Out) -> None:
    tamper(registry, digests_made_anew("It was looked at.", "It was looked up."))
    capsys.readouterr()
    assert run(VERBS, ["model", "list", str(registry), "--json"]) == 5
    first, second = msgspec.json.decode(capsys.readouterr().out)["models"]
    assert (first["state"], second["state"]) == ("damaged", "proposed")
    assert run(VERBS, ["model", "list", str(registry)]) == 5
    assert "damaged" in capsys.readouterr().out
