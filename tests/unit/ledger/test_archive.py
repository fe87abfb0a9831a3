"""Backup and restore: consistent, keys apart, verified before anything is replaced."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.ledgers import START, a_draft, a_ledger, a_trust, drafts, people_drafts
from roadworthy.domain import EvidenceError, UsageError, VerificationError
from roadworthy.flows.workspace.backing_up import back_up_to
from roadworthy.ledger import BlobStore, Keyring, restore
from roadworthy.manifests import save_trust


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with three entries, a blob, a key, a trust file and a cache."""
    folder = tmp_path / "workspace"
    folder.mkdir(mode=0o700)
    a_ledger(folder).record(*people_drafts(), *drafts(1))
    BlobStore(folder / "blobs").put(b"a bar")
    Keyring(folder / "keys").create("ada")
    save_trust(folder / "trust.yaml", a_trust())
    (folder / "cache").mkdir()
    (folder / "cache" / "answers.db").write_bytes(b"can be made again")
    return folder


def names(archive: Path) -> set[str]:
    with tarfile.open(archive) as opened:
        return set(opened.getnames())


def test_private_keys_and_caches_stay_out(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    inside = names(tmp_path / "a.tgz")
    assert {"ledger.db", "checkpoints.jsonl", "trust.yaml", "backup.json"} <= inside
    assert not [name for name in inside if name.startswith(("keys", "cache", ".", "ledger.db-"))]
    assert (tmp_path / "a.tgz").stat().st_mode & 0o077 == 0
    back_up_to(root, tmp_path / "b.tgz", at=START, with_keys=True)
    assert "keys/ada.key" in names(tmp_path / "b.tgz")


def test_a_backup_comes_back_whole(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START, with_keys=True)
    target = tmp_path / "elsewhere"
    report = restore(tmp_path / "a.tgz", target)
    assert report.ok
    assert list(a_ledger(target).entries()) == list(a_ledger(root).entries())
    assert Keyring(target / "keys").signer("ada")
    assert not list(tmp_path.glob(".*"))


def test_a_backup_is_consistent_while_others_record(root: Path, tmp_path: Path) -> None:
    ledger = a_ledger(root)
    for number in range(5):
        ledger.record(a_draft(number))
        back_up_to(root, tmp_path / f"{number}.tgz", at=START)
        ledger.record(a_draft(number))
        assert restore(tmp_path / f"{number}.tgz", tmp_path / str(number)).ok


def test_what_was_there_is_kept_beside_with_its_keys(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    key_id = Keyring(root / "keys").signer("ada").key_id
    for number in ("", "-2"):
        restore(tmp_path / "a.tgz", root)
        assert (tmp_path / f"workspace.before-restore{number}" / "ledger.db").exists()
    assert Keyring(root / "keys").signer("ada").key_id == key_id


def test_newer_evidence_is_not_replaced_unasked(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    a_ledger(root).record(a_draft(4))
    with pytest.raises(UsageError, match="holds evidence that the backup lacks"):
        restore(tmp_path / "a.tgz", root)
    assert a_ledger(root).size() == 4
    restore(tmp_path / "a.tgz", root, older=True)
    assert a_ledger(root).size() == 3


def repacked(archive: Path, change: Callable[[str, bytes], bytes | None], **added: bytes) -> None:
    with tarfile.open(archive) as opened:
        files = {item.name: opened.extractfile(item).read() for item in opened}
    with tarfile.open(archive, "w:gz") as packed:
        for name, data in [*files.items(), *added.items()]:
            if (kept := change(name, data)) is not None:
                info = tarfile.TarInfo(name)
                info.size = len(kept)
                packed.addfile(info, io.BytesIO(kept))


FAULTS: dict[str, Callable[[Path], object]] = {
    "a changed file": lambda path: repacked(
        path, lambda name, data: data + b"#" if name == "trust.yaml" else data
    ),
    "a missing file": lambda path: repacked(
        path, lambda name, data: None if name.startswith("blobs") else data
    ),
    "a file too many": lambda path: repacked(path, lambda name, data: data, extra=b"x"),
    "a way out": lambda path: repacked(path, lambda name, data: data, **{"../escaped": b"x"}),
    "no list": lambda path: repacked(
        path, lambda name, data: None if name == "backup.json" else data
    ),
    "a cut archive": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "appended bytes": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "cut in its first block": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "a flipped byte": lambda path: path.write_bytes(flipped(path.read_bytes())),
}
"""It was a backup once, and is no longer what it was."""

OTHERS: dict[str, Callable[[Path], object]] = {
    "is no gzip file": lambda path: path.write_bytes(b"hello"),
    "no gzip file": lambda path: path.write_bytes(b""),
    "there is no tar archive in it": lambda path: path.write_bytes(gzip.compress(b"hello")),
    "it begins with 'holidays'": lambda path: another_archive(path, "holidays"),
    "it is empty": lambda path: another_archive(path),
    "was made by a newer version": lambda path: repacked(
        path, lambda name, data: data.replace(b'"version":1', b'"version":2')
    ),
}
"""Words of the error -> a file that never was a backup of this version."""


def flipped(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]


def another_archive(path: Path, *names: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_backup_replaces_nothing(root: Path, tmp_path: Path, fault: str) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    FAULTS[fault](tmp_path / "a.tgz")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(VerificationError):
        restore(tmp_path / "a.tgz", root)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert a_ledger(root).size() == 3


@pytest.mark.parametrize("words", OTHERS)
def test_a_file_that_is_no_backup_is_the_users_mistake(
    root: Path, tmp_path: Path, words: str
) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    OTHERS[words](tmp_path / "a.tgz")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(UsageError, match=words) as caught:
        restore(tmp_path / "a.tgz", root)
    assert caught.value.fix
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert a_ledger(root).size() == 3


def test_a_backup_whose_ledger_does_not_verify_replaces_nothing(root: Path, tmp_path: Path) -> None:
    (root / "trust.yaml").unlink()
    back_up_to(root, tmp_path / "a.tgz", at=START)
    with pytest.raises(VerificationError, match="the backup's ledger is unknown_key"):
        restore(tmp_path / "a.tgz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_without_a_ledger_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="there is no ledger"):
        back_up_to(tmp_path, tmp_path / "a.tgz", at=START)


def test_a_backup_is_not_written_into_what_it_copies(root: Path) -> None:
    with pytest.raises(UsageError, match="lies in the workspace"):
        back_up_to(root, root / "a.tgz", at=START)
