"""Restore of a workspace's folder out of an archive that `archive.py` wrote, or a stranger.

In: an archive. Out: the workspace in the place of the one before, which is kept beside it, out of
version control. Every digest is checked and the ledger verified before anything is replaced. Never:
a file outside of the folder, a link, a file that is longer than the archive says or the disk has
room for, more memory than a block.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from roadworthy.domain import EvidenceError, Instant, UsageError, VerificationError
from roadworthy.domain import Trust as TrustFile
from roadworthy_verify import (
    CheckpointError,
    Head,
    Report,
    Trust,
    TrustError,
    carried_heads,
    verify_ledger,
)
from roadworthy_verify.checkpoint import heads_of_file
from roadworthy_verify.ledger import own_heads
from roadworthy_verify.packed import BLOCK, MAGIC, UNREADABLE, BoundedGzip, opened

from .archive import CHECKPOINTS, KEYS, LEDGER, MANIFEST, Backup
from .keyring import Keyring

_FIRST = (CHECKPOINTS, LEDGER)
"""What every backup begins with."""
_LONGEST_LIST = 256 << 20
"""Bytes of a list of files: more than a million of them."""
_IGNORED = ".gitignore"


def restore(
    archive: Path,
    root: Path,
    *,
    trust: Trust | None = None,
    older: bool = False,
    kept: Sequence[Head] = (),
) -> Report:
    """Put an archive back as the workspace at `root`; what was there is kept beside it.

    Every digest is checked and the ledger verified before anything moves: against the trust of
    the archive itself unless `trust` is given, and against checkpoints that were `kept` elsewhere.
    Raises VerificationError when something does not fit, UsageError when it is no backup at all, or
    when the workspace holds newer evidence and `older` is False.
    """
    _refuse_other_files(archive)
    staging = root.with_name(f".{root.name}.restoring.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700, parents=True)
    try:
        backup = _unpack(archive, staging)
        report = _verified(staging, trust, kept)
        if not older:
            _refuse_older(staging, root)
        _swap(staging, root, keep_keys=not backup.with_keys)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return report


def _refuse_other_files(archive: Path) -> None:
    """A file that never was a backup is a wrong file, not a broken one.

    Raises UsageError; VerificationError when its bytes do not fit its own checksum.
    """
    try:
        with archive.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise _no_backup(archive, "it is no gzip file")
        with BoundedGzip(archive) as plain:
            why = _not_ours(plain)
            while why and plain.read(BLOCK):
                pass
    except UNREADABLE as error:
        raise VerificationError(f"{archive} is no whole backup: {error}") from None
    if why:
        raise _no_backup(archive, why)


def _not_ours(plain: BoundedGzip) -> str:
    """Why these bytes are no archive of ours, by its first file; empty when they may be."""
    try:
        with tarfile.open(fileobj=plain, mode="r:") as opened:
            first = opened.next()
    except tarfile.ReadError:
        return "there is no tar archive in it"
    if first is None:
        return "it is empty"
    return "" if first.name in _FIRST else f"it begins with {first.name!r}"


def _no_backup(archive: Path, why: str) -> UsageError:
    return UsageError(
        f"{archive} is no backup: {why}", fix="give the file that `roadworthy backup --out` wrote"
    )


def _unpack(archive: Path, folder: Path) -> Backup:
    """Unpack into an empty folder; every file must be listed, and be what the list says."""
    found: dict[str, str] = {}
    listed: Backup | None = None
    room = shutil.disk_usage(folder).free
    try:
        with opened(archive) as (plain, members):
            for member in members:
                if not _belongs(member) or member.name in found:
                    raise VerificationError(f"{archive}: {member.name!r} does not belong in it")
                room -= member.size
                if room < 0:
                    raise EvidenceError(
                        f"{archive} needs more room than is free in {folder.parent}",
                        fix="see to the disk that it is on; a backup of ours says its true sizes",
                    )
                source = members.extractfile(member)
                assert source is not None, "a plain file can be read"
                if member.name != MANIFEST:
                    found[member.name] = _write(folder / member.name, source)
                elif listed is None and member.size <= _LONGEST_LIST:
                    listed = msgspec.json.decode(source.read(), type=Backup)
                else:
                    raise VerificationError(f"{archive} has two lists of files, or an endless one")
            while plain.read(BLOCK):  # what follows must be whole gzip, not appended bytes
                pass
    except (*UNREADABLE, msgspec.MsgspecError) as error:
        raise VerificationError(f"{archive} is no whole backup: {error}") from None
    if listed is None:
        raise VerificationError(f"{archive} has lost its list of files ({MANIFEST})")
    if listed.version > 1:
        raise UsageError(
            f"{archive} was made by a newer version", fix="restore it with that version, or later"
        )
    _refuse_other_contents(archive, found, listed)
    return listed


def _refuse_other_contents(archive: Path, found: dict[str, str], listed: Backup) -> None:
    for name in sorted(set(found) | set(listed.files)):
        if found.get(name) != listed.files.get(name):
            raise VerificationError(f"{archive}: {name} is not what the backup lists")
        if name.startswith(f"{KEYS}/") and not listed.with_keys:
            raise VerificationError(f"{archive}: {name} is in a backup without keys")


def _belongs(member: tarfile.TarInfo) -> bool:
    """Whether a backup may hold that: a plain file at a plain place, that changes no other file.

    What lies beside a database as its journal is written into it when it is opened.
    """
    path = PurePosixPath(member.name)
    plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    inside = not path.is_absolute() and ".." not in path.parts and "\0" not in member.name
    beside = member.name.startswith((f"{LEDGER}-", "trust.lock"))
    return plain and inside and member.name == path.as_posix() != "." and not beside


def _write(path: Path, source: IO[bytes]) -> str:
    """Write a member durably; returns its digest. Raises EvidenceError where it cannot be."""
    digest = hashlib.sha256()
    with _named(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as target:
        while block := source.read(BLOCK):  # an error of this is the archive's
            digest.update(block)
            with _named(path):
                _write_all(target, block)
        with _named(path):
            os.fsync(target.fileno())
    return f"sha256:{digest.hexdigest()}"


def _write_all(target: io.RawIOBase, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[target.write(left) or 0 :]


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """A full disk is not a broken backup, and is said with the file's name."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror or error}",
            fix="see to the disk that it is on, then run the same command again",
        ) from error


def _verified(folder: Path, trust: Trust | None, kept: Sequence[Head]) -> Report:
    try:
        report = verify_ledger(folder / LEDGER, trust, kept)
    except TrustError as error:
        raise VerificationError(str(error), fix="give your own with --trust") from None
    if not report.ok:
        raise VerificationError(f"the backup's ledger is {report.state}: {report.fault}")
    return report


def _refuse_older(staging: Path, root: Path) -> None:
    """What is there must be a beginning of what comes: the checkpoints there must still hold."""
    file = root / CHECKPOINTS
    try:
        kept = heads_of_file(file) if file.is_file() else []
        kept += own_heads(carried_heads(root, strict=False), kept)
    except CheckpointError:
        return  # damaged: nothing that is there can be relied on, and it is kept beside
    report = verify_ledger(staging / LEDGER, None, kept, only_log=True)
    if report.state == "tampered":
        raise UsageError(
            f"{root} holds evidence that the backup lacks: {report.fault}",
            fix="--older puts the backup in its place; what is there is kept beside it",
        )


def _swap(staging: Path, root: Path, *, keep_keys: bool) -> None:
    aside = root.with_name(f"{root.name}.before-restore")
    number = 1
    while aside.exists():
        number += 1
        aside = root.with_name(f"{root.name}.before-restore-{number}")
    if keep_keys and (root / KEYS).is_dir():
        shutil.copytree(root / KEYS, staging / KEYS, copy_function=shutil.copy2)
        (staging / KEYS).chmod(0o700)
    if root.exists():
        (root / _IGNORED).write_text("*\n")  # it holds private keys: no commit takes them along
        root.rename(aside)
    staging.rename(root)


def missing_keys(keys: Path, trust: TrustFile, *, at: Instant) -> list[str]:
    """Names whose keys are trusted at that instant, but whose private keys do not lie here."""
    there = set(Keyring(keys).names())
    return sorted({key.name for key in trust.keys if key.valid_at(at)} - there)
