"""What a ledger's file holds beside its entries: types, nodes of its tree, heads, every byte."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from roadworthy_verify import verify_ledger
from roadworthy_verify.tree import GrowingTree

GOOD = Path(__file__).parent / "golden" / "ledger"
BIG = Path(__file__).parent / "golden" / "ledger_with_nodes"


@pytest.fixture(params=[GOOD, BIG], ids=["small", "with nodes"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(request.param, tmp_path / "ledger")
    return tmp_path / "ledger" / "ledger.db"


@pytest.fixture
def big(tmp_path: Path) -> Path:
    shutil.copytree(BIG, tmp_path / "ledger")
    return tmp_path / "ledger" / "ledger.db"


def without_triggers(path: Path, statement: str) -> None:
    store = sqlite3.connect(path, isolation_level=None)
    for (name,) in store.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        store.execute(f"DROP TRIGGER {name}")
    assert store.execute(statement).rowcount > 0
    store.close()


def test_both_ledgers_verify_as_they_are(ledger: Path) -> None:
    assert verify_ledger(ledger).state == "verified"


def test_a_payload_stored_as_bytes_is_refused(ledger: Path) -> None:
    without_triggers(ledger, "UPDATE entries SET payload = CAST(payload AS BLOB) WHERE seq = 7")
    report = verify_ledger(ledger)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert "payload of entries 7 is not stored as text" in report.fault


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 8 AND idx = 1", "is not that of its"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 9", "is not that of its entries"),
        ("UPDATE nodes SET hash = 'text' WHERE level = 9", "is not that of its entries"),
        ("DELETE FROM nodes WHERE level = 8 AND idx = 0", "is missing"),
        ("DELETE FROM nodes", "is missing"),
        ("INSERT INTO nodes VALUES (8, 9, zeroblob(32))", "stored nodes, not"),
    ],
)
def test_a_stored_node_must_be_that_of_its_entries(big: Path, statement: str, words: str) -> None:
    without_triggers(big, statement)
    report = verify_ledger(big)
    assert report.exit_code == 5
    assert words in report.fault


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM checkpoints",
        "DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)",
    ],
)
def test_heads_taken_out_of_the_store_are_missed_beside_it(ledger: Path, statement: str) -> None:
    without_triggers(ledger, statement)
    report = verify_ledger(ledger)
    assert report.exit_code == 5
    assert "is not in the store" in report.fault


def test_a_head_is_written_in_one_way(ledger: Path) -> None:
    store = sqlite3.connect(ledger)
    (note,) = store.execute("SELECT note FROM checkpoints ORDER BY size LIMIT 1").fetchone()
    store.close()
    root = note.partition('"root":"')[2].partition('"')[0]
    changed = note.replace(root, root.upper())
    without_triggers(ledger, f"UPDATE checkpoints SET note = '{changed}' WHERE note = '{note}'")
    assert verify_ledger(ledger).exit_code == 5


def test_no_flipped_bit_verifies_without_a_word(ledger: Path) -> None:
    """Of what is stored, that is: not SQLite's own counters in the first 100 bytes, nor free space.

    A flip in a trigger's text changes nothing that is proved, and is said as a warning.
    """
    whole, chosen = ledger.read_bytes(), random.Random(5)
    stored = [place for place, byte in enumerate(whole) if byte and place >= 100]
    for place in chosen.sample(stored, 150):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chosen.randrange(8)
        ledger.write_bytes(flipped)
        report = verify_ledger(ledger)
        assert report.exit_code == 5 or report.details["warnings"], (place, report)


def test_a_schema_that_is_no_text_is_damage(ledger: Path) -> None:
    whole = ledger.read_bytes()
    assert b"CREATE TABLE entries" in whole
    ledger.write_bytes(whole.replace(b"CREATE TABLE entries", b"CREATE TABLE \xe5ntries"))
    assert verify_ledger(ledger).exit_code == 5


def test_a_grown_tree_says_the_same_nodes_however_it_grew() -> None:
    leaves = [bytes([n % 251]) * 32 for n in range(1500)]
    said: list[dict[tuple[int, int], bytes]] = []
    for step in (1500, 700, 256, 37, 1):
        nodes: dict[tuple[int, int], bytes] = {}
        tree = GrowingTree(
            lambda level, index, node, into=nodes: into.update({(level, index): node})
        )
        for start in range(0, len(leaves), step):
            tree.extend(leaves[start : start + step])
        said.append(nodes)
    assert sorted(said[0]) == [*((8, n) for n in range(5)), (9, 0), (9, 1), (10, 0)]
    assert all(nodes == said[0] for nodes in said)
