"""Keys per tenant, day and data subject: what is erased is gone, everywhere, and nothing else."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from doubles.set_clock import SetClock
from roadworthy.domain import EvidenceError, JournalSettings, Observation, Witness
from roadworthy.journal import Sealed, Spool, Vault, open_master_key, read_journal, recover, unseal
from roadworthy.journal.subject_keys import ROOT, key_at, leaf_of, only, without
from roadworthy.journal.vault import MOST_CIPHERS, MOST_READ, WrappedKey

TEXTS = Witness(input="hello", output="yes")
MASTER = bytes(range(32))
DAY, NOON = "2026-11-21", "2026-11-21T12:00:00.000000Z"


def a_vault(root: Path) -> Vault:
    return Vault(root / "keys", MASTER)


def sealed_for(vault: Vault, subject: str, *, tenant: str = "acme", at: str = NOON) -> Sealed:
    return vault.seal(TEXTS, tenant=tenant, at=at, about="o", subject=subject)


subjects = st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True)


@given(subjects, st.data())
def test_a_leaf_that_is_taken_away_is_gone_and_all_others_stay(
    names: list[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(names)))
    whole = {ROOT: b"r" * 32}
    left = whole
    for name in gone:
        left = without(left, leaf_of(name))
        assert without(left, leaf_of(name)) == left
    for name in names:
        key = key_at(left, leaf_of(name))
        assert key == (None if name in gone else key_at(whole, leaf_of(name)))
    kept = only(left, map(leaf_of, names))
    assert set(kept) == {leaf_of(name) for name in names if name not in gone}
    assert key_at(kept, leaf_of("somebody else entirely")) is None


@given(st.text(), st.text())
def test_no_node_that_is_left_leads_to_what_was_taken_away(name: str, other: str) -> None:
    """Neither the leaf's key nor a node above it is among what is kept."""
    left = without({ROOT: b"r" * 32}, leaf_of(name))
    assert not any(leaf_of(name).startswith(digits) for digits in left)
    assert key_at({ROOT: b"r" * 32}, leaf_of(name)) not in left.values()


def test_erasing_a_data_subject_erases_only_its_texts(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    ann, bea, nobody = (sealed_for(vault, name) for name in ("eu-ann", "eu-bea", ""))
    assert vault.erase(tenant="acme", subject="eu-ann") == 1
    for reader in (vault, a_vault(tmp_path)):
        assert reader.unseal(ann, about="o") is None
        assert reader.unseal(bea, about="o") == TEXTS
        assert reader.unseal(nobody, about="o") == TEXTS
    assert vault.erase(tenant="acme", subject="eu-ann") == 0


def test_nothing_on_disk_opens_what_was_erased(tmp_path: Path) -> None:
    """Also not for somebody with the master key and every file that is left."""
    vault = a_vault(tmp_path)
    ann = sealed_for(vault, "eu-ann")
    vault.erase(tenant="acme", subject="eu-ann")
    (kept,) = vault.kept()
    data = base64.b64decode(kept.wrapped)
    raw = AESGCM(MASTER).decrypt(data[:12], data[12:], kept.name.encode())
    nodes = msgspec.msgpack.decode(raw, type=dict[str, bytes])
    assert key_at(nodes, ann.leaf) is None
    assert [path.name for path in (tmp_path / "keys").glob("*.json")] == [f"{kept.name}.json"]


def test_everything_but_who_is_kept_is_erased(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    ann, bea = sealed_for(vault, "eu-ann"), sealed_for(vault, "eu-bea")
    assert vault.erase(day=DAY, keep=["eu-ann"]) == 1
    assert vault.unseal(ann, about="o") == TEXTS
    assert vault.unseal(bea, about="o") is None
    assert vault.erase(day=DAY, keep=["eu-ann"]) == 0


@pytest.mark.parametrize("subject", ["", "eu-ann"])
def test_a_process_that_read_a_text_does_not_read_it_after_another_erased_it(
    tmp_path: Path, subject: str
) -> None:
    reader = a_vault(tmp_path)
    sealed = sealed_for(reader, "eu-ann")
    assert reader.unseal(sealed, about="o") == TEXTS
    a_vault(tmp_path).erase(tenant="acme", subject=subject)
    assert reader.unseal(sealed, about="o") is None
    assert subject or not (reader._read or reader._opened), "nor does it keep what opened it"


@pytest.mark.parametrize("subject", ["", "eu-ann"])
def test_a_worker_seals_with_another_key_once_its_own_was_erased(
    tmp_path: Path, subject: str
) -> None:
    worker = a_vault(tmp_path)
    before = sealed_for(worker, "eu-ann")
    a_vault(tmp_path).erase(tenant="acme", subject=subject)
    after = sealed_for(worker, "eu-ann", at="2026-11-21T12:00:01.000000Z")
    assert before.key != after.key
    assert worker.unseal(before, about="o") is None
    assert worker.unseal(after, about="o") == TEXTS


def test_a_key_that_cannot_be_kept_closes(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    (tmp_path / "keys").write_text("no folder")
    with pytest.raises(OSError, match="exists"):
        sealed_for(vault, "eu-ann")


def test_texts_of_a_journal_with_keys_of_version_1_are_read_and_erased_by_the_day(
    tmp_path: Path,
) -> None:
    name, raw, nonce = f"{DAY}.{'0' * 16}.aa", secrets.token_bytes(32), bytes(12)
    wrapped = nonce + AESGCM(MASTER).encrypt(nonce, raw, name.encode())
    old = WrappedKey(name=name, tenant="acme", day=DAY, wrapped=base64.b64encode(wrapped).decode())
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / f"{name}.json").write_bytes(msgspec.json.encode(old))
    data = AESGCM(raw).encrypt((1).to_bytes(12, "big"), msgspec.msgpack.encode(TEXTS), b"o")
    told = msgspec.msgpack.encode({"key": name, "nonce": 1, "data": data})
    sealed = msgspec.msgpack.decode(told, type=Sealed)
    vault = a_vault(tmp_path)
    assert vault.unseal(sealed, about="o") == TEXTS
    assert vault.erase(day=DAY, subject="eu-ann") == 0
    assert vault.erase(day=DAY, keep=["eu-ann"]) == 0
    assert vault.unseal(sealed, about="o") == TEXTS
    assert vault.erase(day=DAY) == 1
    assert vault.unseal(sealed, about="o") is None


def test_a_key_file_that_is_none_is_said(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    sealed = sealed_for(vault, "")
    path = tmp_path / "keys" / f"{sealed.key}.json"
    path.write_text("{}")
    with pytest.raises(EvidenceError, match="no wrapped key"):
        vault.unseal(sealed, about="o")


async def test_every_text_of_a_stream_goes_with_its_data_subject(tmp_path: Path) -> None:
    """Also what recovery writes of a stream that was torn."""
    keys = open_master_key(tmp_path)
    vault = Vault(tmp_path / "keys", keys)
    spool = Spool(
        tmp_path / "journal", worker="w1", vault=vault, clock=SetClock(),
        settings=JournalSettings(), min_free_bytes=0,
    )  # fmt: skip
    spool.start()
    seen = Observation(
        id="o", time=NOON, system="desk", release="sha256:aa", stage="live", tenant="acme",
        end_user="eu-ann", status="interrupted",
    )  # fmt: skip
    await spool.open(seen, TEXTS)
    spool.sent("o", "acme", "once upon")
    await spool.aclose()
    (path,) = (tmp_path / "journal").glob("*.rwj")
    whole = path.read_bytes()
    ends = list(read_journal(tmp_path / "journal"))[-1]
    assert ends.kind == "end"
    os.truncate(path, len(whole) - 1)
    recover(tmp_path / "journal", vault=vault, clock=SetClock())
    records = [each for each in read_journal(tmp_path / "journal") if each.sealed]
    assert [each.kind for each in records] == ["open", "sent", "close"]
    assert all(unseal(each, vault) for each in records)
    vault.erase(tenant="acme", subject="eu-ann")
    assert not any(unseal(each, vault) for each in records)


def test_ciphers_are_kept_of_so_many_subjects_whatever_their_tenants(tmp_path: Path) -> None:
    """A tenant more was 4,096 ciphers more: 11 MB of a worker, for each."""
    vault = a_vault(tmp_path)
    first = sealed_for(vault, "s0", tenant="t0")
    for tenant in range(4):
        for subject in range(MOST_CIPHERS // 3):
            sealed_for(vault, f"s{subject}", tenant=f"t{tenant}")
    kept = sum(len(each.ciphers) for each in vault._mine.values())
    assert 0 < kept <= MOST_CIPHERS
    assert sealed_for(vault, "s0", tenant="t0").leaf == first.leaf
    assert vault.unseal(first, about="o") == TEXTS


def test_keys_that_were_read_once_are_not_kept_for_ever(tmp_path: Path) -> None:
    """Each tenant has one a day: a process that reads for a year held them all."""
    vault = a_vault(tmp_path)
    sealed = [sealed_for(vault, "s", tenant=f"t{n}") for n in range(MOST_READ + 10)]
    assert all(vault.unseal(each, about="o") == TEXTS for each in sealed)
    assert len(vault._read) <= MOST_READ
    assert vault.unseal(sealed[0], about="o") == TEXTS
