"""Backup of a workspace's folder, consistent while others work in it (`restoring.py` reads it).

In: a folder. Out: an archive (tar, gzip) with a list of every file's digest. The order matters:
checkpoints first, then the ledger (SQLite's online backup), then the rest. So no checkpoint is
newer than the ledger beside it, and everything that the ledger names is there. Other files carry
checkpoints too: they are taken as they were with that ledger, and what comes later stays out. What
does not verify is not backed up. Private keys and the answer cache stay out unless asked for.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Protocol, cast

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, VerificationError
from roadworthy_verify import CheckpointError, Head, TrustError, verify_ledger
from roadworthy_verify.carried import JOURNAL, RELEASES, ROUTING, SEAL, carriers, heads_carried_by
from roadworthy_verify.checkpoint import heads_of_file
from roadworthy_verify.kept import BLOBS
from roadworthy_verify.ledger import own_heads
from roadworthy_verify.plain_file import locked, open_plain, read_plain
from roadworthy_verify.strict_json import JsonError, read_json

from .sqlite_file import trouble

MANIFEST = "backup.json"
LEDGER = "ledger.db"
CHECKPOINTS = "checkpoints.jsonl"
KEYS = "keys"
_TRUST, _LOCK = "trust.yaml", "trust.lock"
_TOGETHER = (CHECKPOINTS, LEDGER, _TRUST, ROUTING)
"""What must fit each other, and comes first."""
_LEFT_OUT = {"cache", "models", KEYS}
"""Folders that can be made again, or must not travel."""
_TRIES = 5
"""So often everything that hangs together is copied, when somebody publishes meanwhile."""


class Backup(Struct, frozen=True, kw_only=True):
    """What an archive holds: relative path -> digest of the file's bytes."""

    version: int = 1
    made_at: Instant
    files: dict[str, str]
    with_keys: bool = False


class Archive(Protocol):
    """What an archive is written into, front to back."""

    def write(self, data: bytes) -> int: ...  # noqa: D102


def back_up(
    root: Path, file: Archive, *, at: Instant, with_keys: bool = False, work: Path | None = None
) -> Backup:
    """Write an archive of a workspace, which is one once this returns.

    `work` is a folder with room for a copy of the ledger. Raises OSError, EvidenceError, and
    VerificationError when the ledger does not hold.
    """
    if not (root / LEDGER).is_file():
        raise EvidenceError(f"there is no ledger in {root}", fix="give the system's folder")
    files: dict[str, str] = {}
    with tarfile.open(fileobj=cast(IO[bytes], file), mode="w:gz", compresslevel=6) as archive:
        for name, path in _sources(root, work, with_keys=with_keys):
            files[name] = _add(archive, name, path)
        backup = Backup(made_at=at, files=files, with_keys=with_keys)
        _add_bytes(archive, MANIFEST, msgspec.json.encode(backup, order="sorted"))
    return backup


def _sources(root: Path, room: Path | None, *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    """Every file to keep, in the order that makes the whole consistent.

    Raises VerificationError when the ledger does not hold: what cannot be restored is no backup.
    """
    work = Path(tempfile.mkdtemp(prefix=".roadworthy-", dir=room))
    try:
        witnesses = _copy_what_hangs_together(root, work)
        for name in _TOGETHER:
            if (work / name).exists():
                yield name, work / name
    finally:
        shutil.rmtree(work, ignore_errors=True)
    left_out = _LEFT_OUT - {KEYS} if with_keys else _LEFT_OUT
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        name = relative.as_posix()
        if relative.parts[0] in left_out or relative.parts[0].startswith((LEDGER, _LOCK)):
            continue
        keep = path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        if keep and name not in _TOGETHER and not _came_later(path, root, witnesses):
            yield name, path


def _came_later(path: Path, root: Path, witnesses: set[Path]) -> bool:
    """Whether a file may carry a newer checkpoint than the ledger that was copied."""
    relative = path.relative_to(root)
    if relative.parts[0] == RELEASES:
        return root / Path(*relative.parts[:2]) not in witnesses
    return path.name.endswith(SEAL) and path not in witnesses


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.Error as error:
        raise trouble(error, f"{source} cannot be copied") from None


def _copy_what_hangs_together(root: Path, work: Path) -> set[Path]:
    """Copy the ledger with what must fit it; returns the other files that carry checkpoints.

    What carries a checkpoint comes before the ledger, so that none is newer; trust while nobody
    changes it. A routing table that was published meanwhile is in the ledger: then all over again.
    """
    for _ in range(_TRIES):
        witnesses = set(carriers(root))
        if root / ROUTING in witnesses:
            (work / ROUTING).parent.mkdir(exist_ok=True)
            (work / ROUTING).write_bytes(read_plain(root / ROUTING))
        with locked(root / _LOCK):
            for name in (CHECKPOINTS, _TRUST):
                if (root / name).exists():
                    with open_plain(root / name) as source, (work / name).open("wb") as copy:
                        shutil.copyfileobj(source, copy)
            _copy_database(root / LEDGER, work / LEDGER)
        if _published(root) == _published(work):
            _refuse_damaged(work, root, witnesses)
            return witnesses
    raise EvidenceError(
        f"{root / ROUTING} was published again and again meanwhile", fix="try again in a moment"
    )


def _published(folder: Path) -> object:
    """The routing table without the checkpoint, which changes by itself while `serve` runs."""
    try:
        data = read_plain(folder / ROUTING)
        table = read_json(data)
    except FileNotFoundError:
        return None
    except JsonError:
        return data
    return {**table, "checkpoint": None} if isinstance(table, dict) else table


def _refuse_damaged(work: Path, root: Path, witnesses: set[Path]) -> None:
    """The copy must hold, also by the checkpoints that other files carry. VerificationError."""
    try:
        carried: list[Head] = []
        for path in sorted(witnesses):
            folder = work if path == root / ROUTING else root
            carried += heads_carried_by(folder / path.relative_to(root), folder)
        beside = work / CHECKPOINTS
        known = heads_of_file(beside) if beside.exists() else []
        report = verify_ledger(
            work / LEDGER, checkpoint=own_heads(carried, known), journal=root / JOURNAL,
            blobs=root / BLOBS,
        )  # fmt: skip
    except TrustError as error:
        raise VerificationError(f"trust.yaml cannot be relied on: {error}") from None
    except CheckpointError as error:
        raise VerificationError(f"the workspace does not verify: {error}") from None
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
