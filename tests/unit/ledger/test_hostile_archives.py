"""Archives that somebody made to do harm: each is refused, and nothing is left behind."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.ledgers import START, a_draft, a_ledger, a_trust, drafts, later, people_drafts
from roadworthy.domain import EvidenceError, UsageError, VerificationError
from roadworthy.flows.workspace.backing_up import back_up_to
from roadworthy.ledger import Keyring, missing_keys, restore
from roadworthy.manifests import save_trust
from roadworthy_verify import CheckpointError, load_heads

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir(mode=0o700)
    a_ledger(folder).record(*people_drafts(), *drafts(1))
    save_trust(folder / "trust.yaml", a_trust())
    return folder


def a_file(name: str, data: bytes = b"x", **changed: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in changed.items():
        setattr(info, field, value)
    return info, data


def remade(archive: Path, *added: tuple[tarfile.TarInfo, bytes], **listed: Any) -> None:
    """The archive with further members, its list naming them as a forger would."""
    with tarfile.open(archive) as opened:
        files: Members = [(item, opened.extractfile(item).read()) for item in opened]
    *files, (info, text) = files
    said = json.loads(text)
    for item, data in added:
        said["files"][item.name] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    said |= listed
    info.size = len(text := json.dumps(said).encode())
    with tarfile.open(archive, "w:gz") as packed:
        for item, data in [*files, *added, (info, text)]:
            packed.addfile(item, io.BytesIO(data))


HARM: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: remade(
        path, a_file("blobs", b"", type=tarfile.SYMTYPE, linkname="/etc")
    ),
    "a hard link": lambda path: remade(
        path, a_file("keys", b"", type=tarfile.LNKTYPE, linkname="ledger.db")
    ),
    "a device": lambda path: remade(path, a_file("null", b"", type=tarfile.CHRTYPE)),
    "a pipe": lambda path: remade(path, a_file("pipe", b"", type=tarfile.FIFOTYPE)),
    "a folder": lambda path: remade(path, a_file("blobs", b"", type=tarfile.DIRTYPE)),
    "an absolute name": lambda path: remade(path, a_file("/tmp/escaped")),
    "a way out": lambda path: remade(path, a_file("blobs/../../escaped")),
    "a name with a point": lambda path: remade(path, a_file("./ledger.db")),
    "a name of nothing": lambda path: remade(path, a_file(".")),
    "a name with a nought": lambda path: remade(
        path, a_file("blobs", pax_headers={"path": "blobs/a\0b"})
    ),
    "a name that is too long": lambda path: remade(path, a_file("b" * 5000)),
    "the ledger twice": lambda path: remade(path, a_file("ledger.db")),
    "the list twice": lambda path: remade(path, a_file("backup.json", b"{}")),
    "a file where a folder is": lambda path: remade(path, a_file("blobs"), a_file("blobs/x")),
    "the database's journal": lambda path: remade(path, a_file("ledger.db-journal")),
    "the database's log": lambda path: remade(path, a_file("ledger.db-wal")),
    "a change under way": lambda path: remade(path, a_file("trust.lock", b"changing")),
    "a key unasked": lambda path: remade(path, a_file("keys/machine.key")),
    "a list of other things": lambda path: remade(path, files=[1, 2]),
    "a list without end": lambda path: remade(path, files={"a": {"b": []}}),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    root: Path, tmp_path: Path, harm: str
) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    HARM[harm](tmp_path / "a.tgz")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises((VerificationError, EvidenceError, UsageError)):
        restore(tmp_path / "a.tgz", root)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert a_ledger(root).size() == 3
    assert not (tmp_path.parent / "escaped").exists()


def test_the_same_archive_without_harm_is_restored(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    remade(tmp_path / "a.tgz", a_file("blobs/ab/abcd"))
    assert restore(tmp_path / "a.tgz", root).ok
    assert (root / "blobs/ab/abcd").read_bytes() == b"x"


def _header(kind: bytes, size: int, name: str = "checkpoints.jsonl") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_gigabytes_is_not_read_into_memory(
    root: Path, tmp_path: Path, kind: bytes
) -> None:
    """A megabyte of gzip would become eight gigabytes of memory."""
    bomb = tmp_path / "bomb.tgz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(_header(kind, 8 << 30))
        file.write(bytes(8 << 20))
    with pytest.raises((VerificationError, UsageError)):
        restore(bomb, root)
    with pytest.raises(CheckpointError):
        load_heads(bomb)


def test_a_member_larger_than_the_disk_is_refused_before_it_is_written(
    root: Path, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.tgz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(_header(tarfile.REGTYPE, 1 << 50))
        file.write(bytes(1 << 20))
    with pytest.raises(EvidenceError, match="needs more room"):
        restore(bomb, root)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bomb.tgz", "workspace"]


def test_a_sparse_member_is_no_file_of_a_backup(root: Path, tmp_path: Path) -> None:
    """A few bytes that unpack to as much as they like."""
    bomb = tmp_path / "bomb.tgz"
    head = bytearray(_header(tarfile.GNUTYPE_SPARSE, 512))
    head[386:398] = b"%011o\0" % 0  # one extent at 0 …
    head[398:410] = b"%011o\0" % 512
    head[483:495] = b"%011o\0" % (1 << 30)  # … of a file of a gigabyte
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    with gzip.open(bomb, "wb") as file:
        file.write(bytes(head) + bytes(512) + bytes(1024))
    with pytest.raises(VerificationError, match="does not belong"):
        restore(bomb, root)


def test_what_was_set_aside_is_kept_out_of_version_control(root: Path, tmp_path: Path) -> None:
    Keyring(root / "keys").create("ada")
    back_up_to(root, tmp_path / "a.tgz", at=START)
    restore(tmp_path / "a.tgz", root)
    aside = tmp_path / "workspace.before-restore"
    assert (aside / ".gitignore").read_text() == "*\n"
    assert (aside / "keys/ada.key").exists() and not (root / ".gitignore").exists()


def test_keys_that_are_missing_are_named(root: Path, tmp_path: Path) -> None:
    Keyring(root / "keys").create("ada")
    assert missing_keys(root / "keys", a_trust(), at=later(60)) == ["ben", "machine"]
    assert missing_keys(tmp_path / "none", a_trust(), at=later(60)) == ["ada", "ben", "machine"]
    assert missing_keys(tmp_path / "none", a_trust(), at="2020-01-01T00:00:00.000000Z") == []


def test_a_kept_checkpoint_is_asked_before_a_backup_is_put_back(root: Path, tmp_path: Path) -> None:
    back_up_to(root, tmp_path / "a.tgz", at=START)
    a_ledger(root).record(a_draft(4))
    kept = load_heads(root / "checkpoints.jsonl")
    with pytest.raises(VerificationError, match="the tail was cut"):
        restore(tmp_path / "a.tgz", tmp_path / "new", kept=kept)
    assert not (tmp_path / "new").exists()


def test_a_lost_ledger_is_not_replaced_by_an_older_one_unasked(root: Path, tmp_path: Path) -> None:
    """What is left of the workspace says that the backup lacks something."""
    back_up_to(root, tmp_path / "a.tgz", at=START)
    a_ledger(root).record(a_draft(4))
    (root / "ledger.db").unlink()
    with pytest.raises(UsageError, match="holds evidence that the backup lacks"):
        restore(tmp_path / "a.tgz", root)
    assert restore(tmp_path / "a.tgz", root, older=True).ok


@pytest.mark.parametrize("where", ["serving/routing.json", "journal/1.seal.json"])
def test_a_backup_of_a_workspace_whose_tail_was_cut_is_none(
    root: Path, tmp_path: Path, where: str
) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    ledger = a_ledger(newer)
    ledger.record(*people_drafts(), *drafts(3))
    head = (newer / "checkpoints.jsonl").read_text().splitlines()[-1]
    (root / where).parent.mkdir()
    (root / where).write_text(f'{{"version": 1, "checkpoint": {head}}}')
    with pytest.raises(VerificationError, match=f"carried by {where}".replace(".", r"\.")):
        back_up_to(root, tmp_path / "a.tgz", at=START)
    assert not (tmp_path / "a.tgz").exists()
    a_ledger(root).checkpoint()
