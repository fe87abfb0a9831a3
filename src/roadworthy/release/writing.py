"""Bundles on disk: a folder or a tar, the same bytes on every machine, whole or not at all.

In: member names and bytes. Out: files. Never: half a bundle under its own name (everything is
written beside it, flushed, and renamed), and never something overwritten that is no bundle.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from roadworthy.domain import EvidenceError, UsageError
from roadworthy_verify.container import member_order

Members = Mapping[str, bytes]
"""Name in the layout -> bytes."""

_TAR_ENDING = ".tar"
_WRONG_PLACES = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }
)
"""Of errno(3): another place would do."""


def is_tar(path: Path) -> bool:
    """Whether a bundle of that name is a tar (else a folder)."""
    return path.is_file() or (path.suffix == _TAR_ENDING and not path.is_dir())


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the folder that the bundle lies in, so that two signers do not lose each other's work.

    The kernel lets go when the process ends, however it ends; what a killed writer left half
    written is put away first.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: {error.strerror}", fix="make that folder first, or name another"
        ) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _put_away_leftovers(path)
        yield
    finally:
        os.close(folder)


def write_bundle(path: Path, members: Members) -> None:
    """Write a whole bundle, in place of an older one if there is one.

    The folder that it is to lie in must be there: a typing error makes none far away. Raises
    UsageError when it is not, or something else lies there; EvidenceError when the disk is full.
    """
    path = path.absolute()
    _refuse_what_is_no_bundle(path)
    try:
        with locked(path):
            if is_tar(path):
                _write_tar(path, members)
            else:
                _write_folder(path, members)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> UsageError | EvidenceError:
    """What to raise: a wrong place is the user's mistake, a full or broken disk is not."""
    if error.errno in _WRONG_PLACES:
        return UsageError(
            f"the bundle cannot be written to {path}: {error.strerror}",
            fix="name a folder or a .tar in a place that you may write to",
        )
    return EvidenceError(
        f"the bundle cannot be written to {path}: {error.strerror or error}",
        fix="see to the disk that it is on, then run the same command again; nothing was changed",
    )


def add_members(path: Path, members: Members, *, remove: Iterable[str] = ()) -> None:
    """Add to a bundle folder: new blobs first, then the index, which makes them count.

    `remove` are members that belong to nothing. The caller holds the lock.
    """
    for name in sorted(remove):
        (path / name).unlink()
    for name in sorted(members, key=lambda name: (not name.startswith("blobs/"), name)):
        _replace_file(path / name, members[name])
    _flush_folder(path / "blobs" / "sha256")


def replace_tar(path: Path, members: Members) -> None:
    """Write the tar anew. The caller holds the lock."""
    _write_tar(path, members)


def _refuse_what_is_no_bundle(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not (path.is_dir() or path.is_file())):
        raise UsageError(f"{path} is neither a folder nor a file", fix="choose another --out")
    if path.is_dir() and any(path.iterdir()) and not (path / "oci-layout").is_file():
        raise UsageError(
            f"{path} holds something that is not a bundle; it is left as it is",
            fix="choose another --out, or empty the folder",
        )
    if path.is_file() and path.stat().st_size and not _looks_like_a_bundle(path):
        raise UsageError(
            f"{path} is a file that is not a bundle; it is left as it is",
            fix="choose another --out",
        )


def _looks_like_a_bundle(path: Path) -> bool:
    """Whether the file begins as our tars do: index.json or oci-layout first."""
    with path.open("rb") as file:
        header = file.read(512)
    return header[257:262] == b"ustar" and header[:100].rstrip(b"\0") in (
        b"index.json",
        b"oci-layout",
    )


def _temporary_prefix(path: Path) -> str:
    return f".{path.name}.writing-"


def _aside(path: Path) -> Path:
    """Where the older bundle waits while the new one takes its name."""
    return path.with_name(f".{path.name}.aside")


def _put_away_leftovers(path: Path) -> None:
    """Undo what a killed writer left. Nobody else writes: the lock is held."""
    if _aside(path).is_dir():
        if path.exists():
            shutil.rmtree(_aside(path))
        else:
            _aside(path).rename(path)
    for place, prefix in (
        (path.parent, _temporary_prefix(path)),
        (path, ".writing-"),
        (path / "blobs" / "sha256", ".writing-"),
    ):
        if not place.is_dir():
            continue
        for left in list(place.iterdir()):
            if left.name.startswith(prefix):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


@contextlib.contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill with a bundle; it takes the place of `path` when it is full."""
    path = path.absolute()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path), _new_folder(path) as building:
        yield building


@contextlib.contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    building = Path(tempfile.mkdtemp(prefix=_temporary_prefix(path), dir=path.parent))
    try:
        building.chmod(0o755)
        (building / "blobs" / "sha256").mkdir(parents=True)
        yield building
        for folder in (building / "blobs" / "sha256", building / "blobs", building):
            _flush_folder(folder)
        if path.is_dir():
            # A folder cannot be replaced in one step: the old one steps aside first, and comes
            # back if we are killed in between (see `_put_away_leftovers`).
            path.rename(_aside(path))
            building.rename(path)
            shutil.rmtree(_aside(path))
        else:
            building.rename(path)
        _flush_folder(path.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_folder(path: Path, members: Members) -> None:
    with _new_folder(path) as building:
        for name, data in members.items():
            _write_file(building / name, data)


def _write_tar(path: Path, members: Members) -> None:
    """A ustar archive without owners or times, so that equal bundles are equal files.

    The verifier knows this one form (`container.check_form`) and takes no other.
    """
    handle, name = tempfile.mkstemp(prefix=_temporary_prefix(path), dir=path.parent)
    building = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
                for member in member_order(members):
                    entry = tarfile.TarInfo(member)
                    entry.size = len(members[member])
                    archive.addfile(entry, BytesIO(members[member]))
            file.flush()
            os.fsync(file.fileno())
        building.chmod(0o644)
        building.replace(path)
        _flush_folder(path.parent)
    finally:
        building.unlink(missing_ok=True)


def _write_file(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace_file(path: Path, data: bytes) -> None:
    building = path.with_name(f".writing-{path.name}")
    try:
        _write_file(building, data)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    """Make renames in this folder durable (fsync(2) of a file does not cover its name)."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
