"""Backup and restore of a workspace's folder, consistent while others work in it.

In: a folder, or an archive. Out: an archive (tar, gzip) with a list of every file's digest, or a
folder. The order matters: checkpoints first, then the ledger (SQLite's online backup), then the
rest. So no checkpoint is newer than the ledger beside it, and everything that the ledger names is
there. What does not verify is not backed up. Private keys and the answer cache stay out unless
asked for. `restore` checks every digest and verifies the ledger before anything is replaced.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, UsageError, VerificationError
from roadworthy_verify import Report, Trust, TrustError, verify_ledger

from .sqlite_store import trouble

_MANIFEST = "backup.json"
_LEDGER = "ledger.db"
_CHECKPOINTS = "checkpoints.jsonl"
_KEYS = "keys"
_TRUST, _LOCK = "trust.yaml", "trust.lock"
_LEFT_OUT = {"cache", "models", _KEYS}
"""Folders that can be made again, or must not travel."""
_FIRST = (_CHECKPOINTS, _LEDGER)
"""What every backup begins with."""
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


class Backup(Struct, frozen=True, kw_only=True):
    """What an archive holds: relative path -> digest of the file's bytes."""

    version: int = 1
    made_at: Instant
    files: dict[str, str]
    with_keys: bool = False


def back_up(root: Path, out: Path, *, at: Instant, with_keys: bool = False) -> Backup:
    """Write an archive of a workspace, whole or not at all.

    Raises EvidenceError, UsageError, and VerificationError when the ledger does not hold.
    """
    if not (root / _LEDGER).is_file():
        raise EvidenceError(f"there is no ledger in {root}", fix="give the system's folder")
    if out.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{out} lies in the workspace itself", fix="write it elsewhere")
    draft = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    files: dict[str, str] = {}
    try:
        with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
            draft.chmod(0o600)
            for name, path in _sources(root, draft, with_keys=with_keys):
                files[name] = _add(archive, name, path)
            backup = Backup(made_at=at, files=files, with_keys=with_keys)
            _add_bytes(archive, _MANIFEST, msgspec.json.encode(backup, order="sorted"))
        _sync(draft)
        draft.replace(out)
    except OSError as error:
        raise EvidenceError(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return backup


def _sources(root: Path, draft: Path, *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    """Every file to keep, in the order that makes the whole consistent.

    Raises VerificationError when the ledger does not hold: what cannot be restored is no backup.
    """
    work = Path(tempfile.mkdtemp(prefix=f".{draft.name}.", dir=draft.parent))
    try:
        _copy_what_hangs_together(root, work)
        _refuse_damaged(work / _LEDGER)
        for name in (_CHECKPOINTS, _LEDGER, _TRUST):
            if (work / name).exists():
                yield name, work / name
    finally:
        shutil.rmtree(work, ignore_errors=True)
    left_out = _LEFT_OUT - {_KEYS} if with_keys else _LEFT_OUT
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        name = relative.as_posix()
        if relative.parts[0] in left_out or relative.parts[0].startswith((_LEDGER, "trust.lock")):
            continue
        keep = path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        if keep and name not in (_CHECKPOINTS, _TRUST):
            yield name, path


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.Error as error:
        raise trouble(error, f"{source} cannot be copied") from None


def _copy_what_hangs_together(root: Path, work: Path) -> None:
    """Checkpoints before the ledger, so that none is newer; trust while nobody changes it."""
    with (root / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in (_CHECKPOINTS, _TRUST):
            if (root / name).exists():
                shutil.copyfile(root / name, work / name)
        _copy_database(root / _LEDGER, work / _LEDGER)


def _refuse_damaged(copy: Path) -> None:
    try:
        report = verify_ledger(copy)
    except TrustError as error:
        raise VerificationError(f"trust.yaml cannot be relied on: {error}") from None
    if report.state in ("tampered", "not_evidence"):
        raise VerificationError(
            f"the workspace does not verify, so it is not backed up: {report.fault}",
            fix="keep its folder as it is; `roadworthy restore` puts an older backup back",
        )


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file as it is now; one that grows meanwhile is cut at the size it had."""
    with path.open("rb") as file:
        info = archive.gettarinfo(arcname=name, fileobj=file)
        info.uname = info.gname = ""
        info.uid = info.gid = 0
        reader = _Hashing(file, info.size)
        archive.addfile(info, reader)  # type: ignore[arg-type]
        return f"sha256:{reader.digest.hexdigest()}"


class _Hashing:
    """A file that is hashed as it is read, up to the size that it had when it was opened."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self._file = file
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, wanted: int) -> bytes:
        """At most `wanted` bytes."""
        data = self._file.read(min(wanted, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, io.BytesIO(data))


def restore(
    archive: Path, root: Path, *, trust: Trust | None = None, older: bool = False
) -> Report:
    """Put an archive back as the workspace at `root`; what was there is kept beside it.

    Every digest is checked and the ledger verified before anything moves. Against the trust of
    the archive itself unless `trust` is given. Raises VerificationError when something does not
    fit, UsageError when it is no backup at all, or when the workspace holds newer evidence and
    `older` is False.
    """
    _refuse_other_files(archive)
    staging = root.with_name(f".{root.name}.restoring.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700, parents=True)
    try:
        backup = _unpack(archive, staging)
        report = _verified(staging, trust)
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
            if file.read(len(_GZIP)) != _GZIP:
                raise _no_backup(archive, "it is no gzip file")
        with gzip.open(archive) as plain:
            why = _not_ours(plain)
            while why and plain.read(_BLOCK):
                pass
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise VerificationError(f"{archive} is no whole backup: {error}") from None
    if why:
        raise _no_backup(archive, why)


def _not_ours(plain: gzip.GzipFile) -> str:
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
    try:
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r:") as opened:
            for member in opened:
                source = opened.extractfile(member) if member.isreg() else None
                if source is None or not _safe(member.name) or member.name in found:
                    raise VerificationError(f"{archive}: {member.name!r} does not belong in it")
                if member.name == _MANIFEST:
                    listed = msgspec.json.decode(source.read(), type=Backup)
                    continue
                found[member.name] = _write(folder / member.name, source)
            while plain.read(_BLOCK):  # what follows must be whole gzip, not appended bytes
                pass
    except (tarfile.TarError, zlib.error, EOFError, OSError, msgspec.DecodeError) as error:
        raise VerificationError(f"{archive} is no whole backup: {error}") from None
    if listed is None:
        raise VerificationError(f"{archive} has lost its list of files ({_MANIFEST})")
    if listed.version > 1:
        raise UsageError(
            f"{archive} was made by a newer version", fix="restore it with that version, or later"
        )
    for name in sorted(set(found) | set(listed.files)):
        if found.get(name) != listed.files.get(name):
            raise VerificationError(f"{archive}: {name} is not what the backup lists")
    return listed


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and name == path.as_posix()


def _write(path: Path, source: IO[bytes]) -> str:
    """Write a member durably; returns its digest. Raises EvidenceError where it cannot be."""
    digest = hashlib.sha256()
    with _named(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as target:
        while block := source.read(_BLOCK):  # an error of this is the archive's
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


def _verified(folder: Path, trust: Trust | None) -> Report:
    try:
        report = verify_ledger(folder / _LEDGER, trust)
    except TrustError as error:
        raise VerificationError(str(error), fix="give your own with --trust") from None
    if not report.ok:
        raise VerificationError(f"the backup's ledger is {report.state}: {report.fault}")
    return report


def _refuse_older(staging: Path, root: Path) -> None:
    """What is there must be a beginning of what comes: its newest checkpoint must still hold."""
    kept = root / _CHECKPOINTS
    if not (root / _LEDGER).is_file() or not kept.is_file():
        return
    report = verify_ledger(staging / _LEDGER, None, kept)
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
    if keep_keys and (root / _KEYS).is_dir():
        shutil.copytree(root / _KEYS, staging / _KEYS, copy_function=shutil.copy2)
        (staging / _KEYS).chmod(0o700)
    if root.exists():
        root.rename(aside)
    staging.rename(root)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
