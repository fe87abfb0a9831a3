"""Writes the golden ledgers under verify/tests/golden: one that verifies, and the tampered ones.

Run by hand after a change of the format (`python tests/golden/make_ledgers.py`); the difference
is reviewed. Keys come from fixed seeds and time from a ticking clock, so entries, digests and
checkpoints are the same each time.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from doubles.ledgers import (  # noqa: E402
    START,
    a_draft,
    a_ledger,
    a_signer,
    a_trust,
    drafts,
    later,
    people_drafts,
)
from roadworthy.domain import Draft  # noqa: E402
from roadworthy.ledger import add_key, revoke, rotate, sign_draft, to_note  # noqa: E402
from roadworthy.manifests import save_trust  # noqa: E402

TARGET = ROOT / "verify" / "tests" / "golden"
BROUGHT = "brought.yaml"
"""What an auditor brings instead of the workspace's own trust.yaml."""
FILES = ("ledger.db", "checkpoints.jsonl", "trust.yaml")


def make_good(folder: Path) -> None:
    """Eight entries under three checkpoints; two bring people, one is signed by one of them."""
    ledger = a_ledger(folder)
    ada = a_signer(2)
    ledger.record(*people_drafts(), *drafts(1, first=3))
    signed = a_draft(4, kind="kill.lifted", actor=f"person:{ada.key_id}", payload={"reason": "ä"})
    ledger.record(sign_draft(signed, ada))
    ledger.record(*drafts(4, first=5))
    save_trust(folder / "trust.yaml", a_trust())
    head = ledger.checkpoint()
    (folder / "checkpoint.txt").write_text(to_note(head, a_trust().keys[0]), "utf-8")
    close(ledger)


def make_with_nodes(folder: Path) -> None:
    """So many entries that inner nodes of their tree are stored."""
    ledger = a_ledger(folder)
    ledger.record(*people_drafts(), *drafts(600, first=3))
    save_trust(folder / "trust.yaml", a_trust())
    close(ledger)


def close(ledger) -> None:
    """Fold the write-ahead log into the file."""
    ledger.store.close()


def edited(folder: Path, *statements: str, outside: bool = True) -> None:
    """Do to the database what its triggers refuse, as somebody with the file could."""
    connection = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    if not outside:
        (folder / "checkpoints.jsonl").unlink()


def longer(folder: Path) -> None:
    """Two more entries, whose checkpoint is kept elsewhere; then they are cut again."""
    ledger = a_ledger(folder)
    ledger.store._clock.now_is = ledger.store._clock.now_is.replace(minute=5)
    ledger.record(*drafts(2, first=9))
    head = ledger.checkpoint()
    close(ledger)
    edited(folder, "DELETE FROM entries WHERE seq > 8", "DELETE FROM checkpoints WHERE size > 8")
    (folder / "newer.txt").write_text(to_note(head, a_trust().keys[0]), "utf-8")
    lines = (folder / "checkpoints.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "checkpoints.jsonl").write_text("".join(lines[:-1]), "utf-8")


def rewritten(folder: Path) -> None:
    """Another history from entry 5 on, its chain whole, with the old checkpoints kept."""
    other = folder / "other"
    other.mkdir()
    ledger = a_ledger(other)
    ledger.append(*people_drafts(), *drafts(6, first=3))
    close(ledger)
    edited(other)
    shutil.copy(folder / "ledger.db", folder / "old.db")
    edited(
        folder,
        "DELETE FROM entries",
        f"ATTACH '{other / 'ledger.db'}' AS other",
        "INSERT INTO entries SELECT * FROM other.entries",
        "DETACH other",
        "VACUUM",
    )
    shutil.rmtree(other)
    (folder / "old.db").unlink()


def disguised(folder: Path) -> None:
    """A view in the place of the table: the verifier would read what the view says."""
    edited(
        folder,
        "ALTER TABLE entries RENAME TO hidden",
        "CREATE VIEW entries AS SELECT * FROM hidden",
    )


def with_ben(**changed):
    """The trust in which ben is somebody else."""
    keys = a_trust().keys
    return type(a_trust())(keys=[*keys[:2], msgspec.structs.replace(keys[2], **changed)])


def revocation_undone(folder: Path) -> None:
    """Ben's key is revoked in the ledger; then the old trust.yaml is put back."""
    ledger = a_ledger(folder)
    ledger.store._clock.now_is = ledger.store._clock.now_is.replace(minute=5)
    ada, ben = a_signer(2), a_signer(3)
    said = {"key_ids": [ben.key_id], "reason": "stolen"}
    draft = Draft(
        system="", kind="key.revoked", subject="ben", actor=f"person:{ada.key_id}", payload=said
    )
    ledger.record(sign_draft(draft, ada))
    close(ledger)


def added_by_ben(folder: Path) -> None:
    """Ben, who is no admin, enters eve; the chain is whole, and trust.yaml has her too."""
    ledger = a_ledger(folder)
    ledger.store._clock.now_is = ledger.store._clock.now_is.replace(minute=5)
    ben, eve = a_signer(3), a_signer(5)
    said = {
        "key_id": eve.key_id,
        "public_key": eve.public_key_base64,
        "roles": ["risk_officer"],
        "valid_from": later(301),
    }
    draft = Draft(
        system="", kind="person.added", subject="eve", actor=f"person:{ben.key_id}", payload=said
    )
    ledger.record(sign_draft(draft, ben))
    close(ledger)
    trust = add_key(
        a_trust(), name="eve", public_key=eve.public_key, roles=["risk_officer"], at=later(301)
    )
    save_trust(folder / "trust.yaml", trust)


SWAP = (
    "UPDATE entries SET seq = -1 WHERE seq = 3",
    "UPDATE entries SET seq = 3 WHERE seq = 4",
    "UPDATE entries SET seq = 4 WHERE seq = -1",
)
BAD: dict[str, Callable[[Path], None]] = {
    "flipped_byte": lambda folder: edited(
        folder, """UPDATE entries SET payload = replace(payload, '"n":5', '"n":6') WHERE seq = 5"""
    ),
    "reordered": lambda folder: edited(folder, *SWAP),
    "gap": lambda folder: edited(folder, "DELETE FROM entries WHERE seq = 4"),
    "changed_actor": lambda folder: edited(
        folder, "UPDATE entries SET actor = 'person:0000000000000000' WHERE seq = 2"
    ),
    "broken_link": lambda folder: edited(
        folder, "UPDATE entries SET prev = 'sha256:' || printf('%064d', 0) WHERE seq = 6"
    ),
    "blob_for_text": lambda folder: edited(
        folder, "UPDATE entries SET subject = CAST(subject AS BLOB) WHERE seq = 7"
    ),
    "cut_tail": lambda folder: edited(folder, "DELETE FROM entries WHERE seq > 6"),
    "cut_tail_newer_elsewhere": longer,
    "rewritten": rewritten,
    "disguised": disguised,
    "changed_checkpoint": lambda folder: edited(
        folder, """UPDATE checkpoints SET note = replace(note, '20:00:', '20:01:') WHERE size = 4"""
    ),
    "no_checkpoint": lambda folder: edited(folder, "DELETE FROM checkpoints", outside=False),
    "newer_version": lambda folder: edited(folder, "PRAGMA user_version = 2"),
    "unknown_key": lambda folder: save_trust(
        folder / BROUGHT, type(a_trust())(keys=a_trust().keys[1:])
    ),
    "revoked_key": lambda folder: save_trust(
        folder / BROUGHT, revoke(a_trust(), "machine", at=START)
    ),
    "revoked_later": lambda folder: save_trust(
        folder / BROUGHT, revoke(a_trust(), "machine", at=later(3600))
    ),
    "rotated_key": lambda folder: save_trust(
        folder / BROUGHT,
        rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(3600)),
    ),
    "trust_without_somebody": lambda folder: save_trust(
        folder / "trust.yaml", type(a_trust())(keys=a_trust().keys[:2])
    ),
    "trust_with_somebody_more": lambda folder: save_trust(
        folder / "trust.yaml",
        add_key(
            a_trust(),
            name="eve",
            public_key=a_signer(5).public_key,
            roles=["risk_officer"],
            at=START,
        ),
    ),
    "trust_with_another_role": lambda folder: save_trust(
        folder / "trust.yaml", with_ben(roles=["risk_officer"])
    ),
    "trust_with_another_name": lambda folder: save_trust(
        folder / "trust.yaml", with_ben(name="ada")
    ),
    "trust_with_an_earlier_start": lambda folder: save_trust(
        folder / "trust.yaml", with_ben(valid_from="2026-01-01T00:00:00.000000Z")
    ),
    "trust_after_a_revocation_undone": revocation_undone,
    "person_added_by_nobody_who_may": added_by_ben,
}


def make(target: Path) -> None:
    """Write every golden ledger below `target`."""
    shutil.rmtree(target, ignore_errors=True)
    good = target / "ledger"
    good.mkdir(parents=True)
    make_good(good)
    (target / "ledger_with_nodes").mkdir()
    make_with_nodes(target / "ledger_with_nodes")
    for name, spoil in BAD.items():
        folder = target / "bad" / f"ledger_{name}"
        folder.mkdir(parents=True)
        for file in FILES:
            shutil.copy(good / file, folder / file)
        spoil(folder)


FEW = ("flipped_byte", "reordered", "cut_tail", "rewritten", "unknown_key", "revoked_key")
"""The tampered ledgers that the platform's own command is held against."""


if __name__ == "__main__":
    make(TARGET)
    for name in FEW:
        folder = ROOT / "tests" / "golden" / "bad" / "ledgers" / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(TARGET / "bad" / f"ledger_{name}", folder)
