"""Whatever is done to a log, the first entry that does not fit is named."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from doubles.ledgers import a_memory_ledger, a_trust, drafts
from roadworthy_verify import check_log, load_trust

COUNT = 12
TRUST = load_trust(msgspec.to_builtins(a_trust()))
TEXT_COLUMNS = (1, 2, 3, 4, 5, 7, 8, 9)


@functools.cache
def a_log() -> tuple[list[tuple[Any, ...]], list[dict[str, Any]]]:
    ledger = a_memory_ledger()
    for batch in (5, 1, 6):
        ledger.record(*drafts(batch))
    heads = [msgspec.to_builtins(head) for head in ledger.store.checkpoints()]
    return list(ledger.store.rows()), heads


def first_bad(rows: list[tuple[Any, ...]]) -> int:
    report = check_log(rows, stored=a_log()[1], trust=TRUST)
    assert report.state == "tampered"
    assert report.exit_code == 5
    assert report.fault
    return int(report.details["first_bad"])


def test_the_untouched_log_verifies() -> None:
    rows, heads = a_log()
    assert check_log(rows, stored=heads, trust=TRUST).ok


@given(st.integers(0, COUNT - 1), st.data())
def test_a_flipped_byte_is_named(at: int, data: st.DataObject) -> None:
    rows = list(a_log()[0])
    row = list(rows[at])
    column = data.draw(st.sampled_from((*TEXT_COLUMNS, 6)))
    raw = bytearray(row[column] if column == 6 else row[column].encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 127))
    row[column] = bytes(raw) if column == 6 else raw.decode("latin-1")
    rows[at] = tuple(row)
    assert first_bad(rows) == at + 1


@given(st.permutations(range(COUNT)).filter(lambda order: order != list(range(COUNT))))
def test_reordered_entries_are_named(order: list[int]) -> None:
    rows = [a_log()[0][index] for index in order]
    moved = next(at for at, index in enumerate(order) if at != index)
    assert first_bad(rows) == moved + 1
    renumbered = [(seq, *row[1:]) for seq, row in enumerate(rows, start=1)]
    assert first_bad(renumbered) == moved + 1


@given(st.integers(0, COUNT - 2))
def test_a_gap_is_named(at: int) -> None:
    rows = list(a_log()[0])
    del rows[at]
    assert first_bad(rows) == at + 1


@given(st.integers(1, COUNT))
def test_a_cut_tail_is_named(cut: int) -> None:
    kept = COUNT - cut
    report = check_log(a_log()[0][:kept], stored=a_log()[1], trust=TRUST)
    assert report.state == "tampered"
    assert report.details["first_bad"] <= kept + 1
    assert "the tail was cut" in report.fault


@given(st.integers(1, COUNT), st.integers(1, 9))
def test_an_inserted_entry_is_named(at: int, copies: int) -> None:
    rows = list(a_log()[0])
    rows[at:at] = [rows[at - 1]] * copies
    assert first_bad(rows) == at + 1


def test_a_rewritten_log_is_found_by_a_checkpoint_that_was_kept() -> None:
    """The whole chain made anew from one entry on: only a signed root shows it."""
    other = a_memory_ledger()
    other.append(*drafts(5), *drafts(1), *drafts(5), *drafts(1, first=99))
    other.checkpoint()
    report = check_log(other.store.rows(), stored=a_log()[1], trust=TRUST)
    assert report.state == "tampered"
    assert report.fault.startswith("rewritten: entry 6; checkpoint 6")


@given(st.integers(0, 2), st.sampled_from(["origin", "size", "root", "time", "signature"]))
def test_a_changed_checkpoint_is_named(at: int, field: str) -> None:
    rows, heads = a_log()
    changed = [dict(head) for head in heads]
    value = changed[at][field]
    changed[at][field] = {
        "origin": "another.log",
        "size": value + 1 if field == "size" else 0,
        "root": "00" * 32,
        "time": "2026-11-21T20:00:00.999999Z",
        "signature": "A" * 86 + "==",
    }[field]
    assert check_log(rows, stored=changed, trust=TRUST).state == "tampered"
