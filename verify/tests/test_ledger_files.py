"""The golden ledgers: what verifies, and what each tampering is called.

No import of the platform here: these files are what an auditor gets. They are written by
`tests/golden/make_ledgers.py`.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from roadworthy_verify import Report, load_trust, verify_ledger, verify_path

GOLDEN = Path(__file__).parent / "golden"
GOOD = GOLDEN / "ledger"

EXPECTED = {
    "flipped_byte": ("tampered", 5, "entry 5 does not fit: its payload"),
    "reordered": ("tampered", 3, "entry 3 does not fit: its prev"),
    "gap": ("tampered", 4, "entry 5 stands in its place, 4 is missing"),
    "changed_actor": ("tampered", 2, "entry 2 does not fit: its digest"),
    "broken_link": ("tampered", 6, "entry 6 does not fit: its prev"),
    "blob_for_text": ("tampered", 7, "entry 7 does not fit: it is not an entry"),
    "cut_tail": ("tampered", 7, "the tail was cut: checkpoint 8"),
    "rewritten": ("tampered", 4, "rewritten: entry 4"),
    "disguised": ("tampered", 0, "entries is a view"),
    "changed_checkpoint": ("tampered", 0, "the signature is not that of key 34750f98bd59fcfc"),
    "no_checkpoint": ("unsigned", 0, "no checkpoint says"),
    "newer_version": ("not_evidence", 0, "version 2, this verifier knows 1"),
    "unknown_key": ("unknown_key", 0, "key 34750f98bd59fcfc, which is unknown"),
    "revoked_key": ("unknown_key", 0, "was revoked at 2026-11-21T20:00:00.000000Z"),
    "revoked_later": ("verified", 0, ""),
    "rotated_key": ("verified", 0, ""),
    "cut_tail_newer_elsewhere": ("verified", 0, ""),
    "trust_without_somebody": ("tampered", 0, "of ben is missing, but entry 2 has it"),
    "trust_with_somebody_more": ("tampered", 0, "of eve (risk_officer) is in no entry"),
    "trust_with_another_role": ("tampered", 0, "roles is risk_officer, but entry 2 says reviewer"),
    "trust_with_another_name": ("tampered", 0, "name is ada, but entry 2 says ben"),
    "trust_with_an_earlier_start": ("tampered", 0, "valid_from is 2026-01-01T00:00:00.000000Z"),
    "trust_after_a_revocation_undone": ("tampered", 0, "revoked_at is empty, but entry 9 says"),
    "person_added_by_nobody_who_may": ("tampered", 9, "ben (reviewer) might not make that change"),
}


def brought(folder: Path) -> Path | None:
    """The keys that the auditor has from elsewhere, where a case has such."""
    file = folder / "brought.yaml"
    return file if file.exists() else None


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, dirs_exist_ok=True)
    return target


def test_the_good_ledger_verifies_and_says_how_far() -> None:
    report = verify_path(GOOD)
    assert report.ok
    assert report.exit_code == 0
    assert report.details["entries"] == 8
    assert report.details["signatures_of_people"] == 3
    assert report.details["complete_up_to"]["size"] == 8
    assert any(
        line.startswith("complete up to checkpoint 8 of 2026-11-21T") for line in report.lines
    )
    assert "signed by key 34750f98bd59fcfc of machine (machine), valid then" in report.lines


@pytest.mark.parametrize("name", EXPECTED)
def test_each_golden_ledger_is_called_what_it_is(name: str) -> None:
    state, first_bad, fault = EXPECTED[name]
    folder = GOLDEN / "bad" / f"ledger_{name}"
    report = verify_path(folder, trust=brought(folder))
    assert (report.state, report.ok) == (state, state == "verified")
    assert fault in report.fault
    assert report.details.get("first_bad", 0) == first_bad


def test_every_golden_ledger_is_expected() -> None:
    found = {path.name.removeprefix("ledger_") for path in (GOLDEN / "bad").glob("ledger_*")}
    assert found == set(EXPECTED)


def test_a_tail_that_was_cut_everywhere_is_found_by_a_checkpoint_kept_elsewhere() -> None:
    folder = GOLDEN / "bad" / "ledger_cut_tail_newer_elsewhere"
    report = verify_path(folder, checkpoint=folder / "newer.txt")
    assert (report.state, report.details["first_bad"]) == ("tampered", 9)
    assert "newer.txt" in report.fault


def test_an_older_checkpoint_kept_elsewhere_still_fits(tmp_path: Path) -> None:
    assert verify_path(GOOD, checkpoint=GOOD / "checkpoint.txt").ok
    first = (GOOD / "checkpoints.jsonl").read_text().splitlines()[0]
    (tmp_path / "first.json").write_text(first)
    assert verify_path(GOOD, checkpoint=tmp_path / "first.json").ok


def test_a_checkpoint_of_another_log_is_told_apart(tmp_path: Path) -> None:
    text = (GOOD / "checkpoint.txt").read_text("utf-8").replace("roadworthy.test", "another.log")
    (tmp_path / "other.txt").write_text(text, "utf-8")
    report = verify_path(GOOD, checkpoint=tmp_path / "other.txt")
    assert not report.ok
    assert "different logs" in report.fault


def test_trust_beside_the_ledger_is_named_as_the_senders(tmp_path: Path) -> None:
    assert any("not who made it" in line for line in verify_path(GOOD).lines)
    brought = shutil.copy(GOOD / "trust.yaml", tmp_path / "mine.yaml")
    assert not any("not who made it" in line for line in verify_path(GOOD, trust=brought).lines)


def test_without_trust_it_is_undecided(tmp_path: Path) -> None:
    folder = copied(GOOD, tmp_path)
    (folder / "trust.yaml").unlink()
    report = verify_path(folder)
    assert (report.state, report.exit_code) == ("unknown_key", 4)


@pytest.mark.parametrize("content", [b"", b"SQLite format 2", b"\x00" * 8192])
def test_a_ledger_that_was_wiped_is_tampered_when_checkpoints_remain(
    tmp_path: Path, content: bytes
) -> None:
    folder = copied(GOOD, tmp_path)
    (folder / "ledger.db").write_bytes(content)
    assert verify_path(folder).state == "tampered"
    (folder / "checkpoints.jsonl").unlink()
    assert verify_path(folder).state == "not_evidence"


def test_a_torn_last_checkpoint_line_is_no_fault_and_a_bad_one_is(tmp_path: Path) -> None:
    folder = copied(GOOD, tmp_path)
    whole = (folder / "checkpoints.jsonl").read_text()
    (folder / "checkpoints.jsonl").write_text(whole + '{"key_id":"34')
    assert verify_path(folder).ok
    (folder / "checkpoints.jsonl").write_text(whole + '{"key_id":"34\n')
    report = verify_path(folder)
    assert report.state == "tampered"
    assert "checkpoints.jsonl:4" in report.fault


def test_any_flipped_byte_is_found_or_changes_nothing_that_is_read(tmp_path: Path) -> None:
    """Bytes that no page uses may differ; then every entry still reads the same."""
    trust = load_trust(GOOD / "trust.yaml")
    good = (GOOD / "ledger.db").read_bytes()
    expected = entries(GOOD / "ledger.db")
    database = tmp_path / "ledger.db"
    found = 0
    for place in range(0, len(good), 61):
        spoiled = bytearray(good)
        spoiled[place] ^= 0x20
        database.write_bytes(spoiled)
        report = verify_ledger(database, trust)
        if report.ok:
            assert entries(database) == expected
        else:
            found += 1
    assert found > 50


def entries(database: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        return connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()
    finally:
        connection.close()


def test_verification_writes_nothing(tmp_path: Path) -> None:
    folder = copied(GOOD, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert verify_path(folder).ok
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_open_ledger_with_a_write_ahead_log_is_read(tmp_path: Path) -> None:
    folder = copied(GOOD, tmp_path)
    writer = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE mark(x)")
    assert (folder / "ledger.db-wal").stat().st_size > 0
    assert verify_path(folder).ok
    writer.close()


@pytest.mark.parametrize("name", ["missing", "folder", "text.txt"])
def test_what_is_no_evidence_is_called_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    report: Report = verify_path(tmp_path / name)
    assert (report.state, report.exit_code) == ("not_evidence", 1)
    assert name in report.fault


@pytest.mark.parametrize(
    "payload",
    [
        '{"signature":{' + '"a":[' * 3000,
        '["signature":{',
        '"\\"signature\\":{"',
        '[{"signature":{}}]',
    ],
)
def test_a_hostile_payload_is_a_fault_and_not_a_crash(tmp_path: Path, payload: str) -> None:
    """Its digest is right, so only the reader of signatures meets it."""
    from roadworthy_verify.chain import walk
    from roadworthy_verify.log import PersonSignatures

    row = _a_row(payload.encode())
    walked = walk([row], on_signed=PersonSignatures(load_trust(None)).check)
    assert walked.first_bad == (1 if '"signature":{' in payload else 0)


def _a_row(payload: bytes):
    import hashlib
    import json

    digest = "sha256:" + hashlib.sha256(payload).hexdigest()
    header = {
        "actor": "machine:x", "kind": "k", "payload_digest": digest,
        "prev": "sha256:" + "0" * 64, "seq": 1, "subject": "", "system": "", "time": "",
    }  # fmt: skip
    own = hashlib.sha256(json.dumps(header, separators=(",", ":")).encode()).hexdigest()
    return (1, "", "", "k", "", "machine:x", payload, digest, header["prev"], f"sha256:{own}")
