"""The contract of EntryStore (and of the ledger's store), over every implementation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.ledgers import TickingClock, a_draft, a_signer, drafts
from roadworthy.domain import GENESIS, EvidenceError
from roadworthy.ledger import (
    LedgerStore,
    MemoryEntryStore,
    SqliteEntryStore,
    entry_digest,
    leaf_of,
    root_of,
    sign_checkpoint,
)

STORES: dict[str, Callable[[Path], LedgerStore]] = {
    "memory": lambda folder: MemoryEntryStore(TickingClock()),
    "sqlite": lambda folder: SqliteEntryStore(folder / "ledger.db", TickingClock()),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerStore:
    return STORES[request.param](tmp_path)


def sign(size: int, root: bytes, time: str):
    return sign_checkpoint(a_signer(), origin="test", size=size, root=root, time=time)


def test_an_empty_store_has_nothing(store: LedgerStore) -> None:
    assert store.size() == 0
    assert list(store.read()) == []
    assert list(store.rows()) == []
    assert store.newest_checkpoint() is None
    assert store.append([]) == []


def test_entries_come_back_as_they_were_appended(store: LedgerStore) -> None:
    appended = store.append(drafts(3)) + store.append(drafts(2, first=4))
    assert [entry.seq for entry in appended] == [1, 2, 3, 4, 5]
    assert list(store.read()) == appended
    assert store.size() == 5


def test_each_entry_names_the_one_before_it(store: LedgerStore) -> None:
    store.append(drafts(3))
    store.append(drafts(1))
    entries = list(store.read())
    assert [entry.prev for entry in entries] == [GENESIS, *(e.digest for e in entries[:-1])]
    assert all(entry_digest(entry) == entry.digest for entry in entries)


def test_a_range_is_inclusive_and_may_reach_past_the_end(store: LedgerStore) -> None:
    store.append(drafts(5))
    assert [entry.seq for entry in store.read(2, 4)] == [2, 3, 4]
    assert [entry.seq for entry in store.read(4, 99)] == [4, 5]
    assert [entry.seq for entry in store.read(6)] == []


def test_a_bad_draft_appends_nothing_of_its_batch(store: LedgerStore) -> None:
    store.append(drafts(2))
    with pytest.raises(EvidenceError, match=r"payload\.share is a float"):
        store.append([a_draft(3), a_draft(4, payload={"share": 0.5})])
    assert store.size() == 2
    assert [entry.seq for entry in store.append(drafts(1))] == [3]


def test_what_was_returned_can_be_changed_without_changing_the_store(store: LedgerStore) -> None:
    payload = {"list": [1]}
    store.append([a_draft(payload=payload)])
    payload["list"].append(2)
    next(iter(store.read())).payload["list"].append(3)
    assert next(iter(store.read())).payload == {"list": [1]}


def test_last_is_the_newest_of_what_find_gives(store: LedgerStore) -> None:
    assert store.last() is None
    store.append(drafts(7))
    for wanted in (
        {},
        {"kind": "run.completed"},
        {"kind": "gate.decided", "system": "claims-desk"},
    ):
        assert store.last(**wanted) == list(store.find(**wanted))[-1]
    assert store.last(kind="nothing.such") is None


def test_find_filters_by_what_is_given(store: LedgerStore) -> None:
    store.append(drafts(1300))
    store.append([a_draft(1, system="other")])
    assert [e.seq for e in store.find(kind="gate.decided", subject=f"sha256:{1:064x}")] == [1, 1301]
    assert [e.seq for e in store.find(system="other")] == [1301]
    assert sum(1 for _ in store.find(kind="run.completed")) == 650
    assert sum(1 for _ in store.find()) == 1301
    assert list(store.find(kind="nothing.such")) == []


@pytest.mark.parametrize("batches", [(1, 254, 1, 1), (255, 2), (256,), (700, 400), (1, 1023)])
def test_nodes_of_the_tree_are_those_of_its_leaves(
    store: LedgerStore, batches: tuple[int, ...]
) -> None:
    for batch in batches:
        store.append(drafts(batch))
    leaves = [leaf_of(entry) for entry in store.read()]
    assert store.leaves(0, len(leaves)) == leaves
    for level in (8, 9, 10):
        for index in range(len(leaves) >> level):
            expected = root_of(leaves[index << level : (index + 1) << level])
            assert store.node(level, index) == expected
    with pytest.raises(EvidenceError):
        store.node(8, len(leaves) >> 8)


def test_a_checkpoint_comes_with_its_entries(store: LedgerStore) -> None:
    store.append(drafts(300))
    entries = store.append_signed(drafts(2), sign)
    head = store.newest_checkpoint()
    assert head is not None
    assert (head.size, head.time) == (302, entries[-1].time)
    assert head.root == root_of([leaf_of(entry) for entry in store.read()]).hex()


def test_a_head_is_signed_once(store: LedgerStore) -> None:
    assert store.append_signed([], sign) == []
    assert store.newest_checkpoint() is None
    store.append_signed(drafts(1), sign)
    store.append_signed([], sign)
    store.append_signed(drafts(1), sign)
    assert [head.size for head in store.checkpoints()] == [1, 2]


def test_a_signature_that_fails_appends_nothing(store: LedgerStore) -> None:
    def broken(size: int, root: bytes, time: str):
        raise EvidenceError("the key is gone")

    with pytest.raises(EvidenceError, match="the key is gone"):
        store.append_signed(drafts(300), broken)
    assert store.size() == 0
    store.append_signed(drafts(300), sign)
    assert store.node(8, 0) == root_of(store.leaves(0, 256))


def test_it_names_its_kinds_once_and_in_order(store: LedgerStore) -> None:
    assert store.kinds() == []
    store.append([a_draft(kind="b.done"), a_draft(kind="a.done"), a_draft(kind="b.done")])
    assert store.kinds() == ["a.done", "b.done"]
