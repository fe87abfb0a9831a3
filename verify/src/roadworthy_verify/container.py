"""The files of a bundle, in a folder or a tar, read without trusting either.

In: a path. Out: the names that a bundle may have, their sizes, their bytes. Never: a file
written, a link followed, a name other than the layout's, more memory than one small blob. A tar is
read where it lies; nothing is extracted. It has one form, byte for byte: writing its members again
would give the same file, so that no byte of it can be changed unseen.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from .layout import MAX_BLOB_BYTES, MAX_MEMBERS, MAX_TOTAL_BYTES

_ALLOWED = re.compile(r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}")
_FOLDERS = frozenset({"", ".", "blobs", "blobs/sha256"})
_CHUNK = 1 << 20
_BLOCK = 512
"""Size of a tar record (POSIX.1-2017, ustar interchange format)."""


class BundleError(ValueError):
    """The first thing about a bundle that does not fit, in plain words."""


class NotABundleError(BundleError):
    """What lies there never was a bundle."""


class Container:
    """The members of one bundle. Raises BundleError where they are not what a bundle has."""

    def __init__(self, path: Path) -> None:
        """Look at every name and size; read no content yet."""
        self.path = path
        self._offsets: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self._total = 0
        self._records: list[tuple[str, bytes]] = []
        """Names and headers of a tar, as they stand in it."""
        self._foreign = ""
        """The first member that a bundle does not have."""
        if path.is_dir():
            self._list_folder()
        elif path.is_file():
            with path.open("rb") as file:
                self._list_tar(file)
        else:
            raise NotABundleError(f"{path} is neither a folder nor a file")
        if not self.sizes:
            raise NotABundleError(f"{path} holds nothing of a bundle: no oci-layout, no index.json")
        if self._foreign:
            raise BundleError(f"{self._foreign!r} has no place in a bundle")

    def read(self, name: str, limit: int) -> bytes:
        """A member's bytes. Raises BundleError when missing or larger than `limit`."""
        size = self.sizes.get(name)
        if size is None:
            shown = name if _ALLOWED.fullmatch(name) else repr(name)
            raise BundleError(f"{shown} is missing")
        if size > limit:
            raise BundleError(f"{name} has {size} bytes, more than the {limit} that it may have")
        return b"".join(self._chunks(name))

    def digest(self, name: str) -> str:
        """`sha256:…` of a member, read in chunks."""
        found = hashlib.sha256()
        for chunk in self._chunks(name):
            found.update(chunk)
        return "sha256:" + found.hexdigest()

    def check_form(self) -> None:
        """A tar is the one that its members give: each header, in order, and what was between.

        Raises BundleError. A folder has no bytes but its members'.
        """
        for (name, header), right in zip(self._records, member_order(self.sizes), strict=False):
            if name != right:
                raise BundleError(f"{name} does not stand in its place in the tar")
            if header != tar_header(name, self.sizes[name]):
                raise BundleError(
                    f"the tar's record of {name} is not written in the one form that it has"
                )

    def copy(self, name: str, target: Path) -> None:
        """Write a member to a new file, durably, in chunks. For the product; no verifier writes."""
        with target.open("xb") as file:
            for chunk in self._chunks(name):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def _chunks(self, name: str) -> Iterator[bytes]:
        left = self.sizes[name]
        with self._opened(name) as file:
            while left:
                chunk = file.read(min(_CHUNK, left))
                if not chunk:
                    raise BundleError(f"{name} is cut short")
                left -= len(chunk)
                yield chunk

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        if self._offsets:
            with self.path.open("rb") as file:
                file.seek(self._offsets[name])
                yield file
            return
        handle = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            yield file

    def _add(self, name: str, size: int) -> None:
        if not _ALLOWED.fullmatch(name):
            self._foreign = self._foreign or name or "."
            return
        if name in self.sizes:
            raise BundleError(f"{name} is there twice")
        if size > MAX_BLOB_BYTES:
            raise BundleError(f"{name} has {size} bytes; the most is {MAX_BLOB_BYTES}")
        self.sizes[name] = size
        self._total += size
        if len(self.sizes) > MAX_MEMBERS or self._total > MAX_TOTAL_BYTES:
            raise BundleError(f"more than {MAX_MEMBERS} files or {MAX_TOTAL_BYTES} bytes")

    def _list_folder(self) -> None:
        pending = [""]
        while pending:
            folder = pending.pop()
            with os.scandir(self.path / folder) as found:
                for item in found:
                    name = f"{folder}/{item.name}" if folder else item.name
                    state = item.stat(follow_symlinks=False)
                    if stat.S_ISDIR(state.st_mode) and name in _FOLDERS:
                        pending.append(name)
                    elif stat.S_ISREG(state.st_mode):
                        self._add(name, state.st_size)
                    else:
                        self._foreign = self._foreign or name

    def _list_tar(self, file: BinaryIO) -> None:
        end = os.fstat(file.fileno()).st_size
        records = self._records
        while True:
            header = file.read(_BLOCK)
            if not file.tell() > _BLOCK and not _begins_a_tar(header):
                raise NotABundleError(f"{self.path} is no tar archive")
            if len(header) < _BLOCK:
                raise BundleError(f"{self.path} is cut short: the end of the archive is missing")
            if not header.strip(b"\0"):
                break
            name, size = _tar_header(header)
            self._add(name, size)
            records.append((name, header))
            if len(records) > MAX_MEMBERS:
                raise BundleError(f"{self.path} has more than {MAX_MEMBERS} records")
            self._offsets.setdefault(name, file.tell())
            padding = -size % _BLOCK
            if file.tell() + size + padding > end:
                raise BundleError(f"{self.path} is cut short inside {name}")
            file.seek(size, os.SEEK_CUR)
            if file.read(padding).strip(b"\0"):
                raise BundleError(f"bytes behind the end of {name}")
        self._check_end(file, end)

    def _check_end(self, file: BinaryIO, end: int) -> None:
        """A second empty record, then zeros up to a whole tape record, and no more."""
        right = -(-(file.tell() + _BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
        if end < right:
            raise BundleError(f"{self.path} is cut short: the end of the archive is missing")
        while rest := file.read(_CHUNK):
            if rest.strip(b"\0"):
                raise BundleError(f"bytes behind the end of the archive in {self.path}")
        if end > right:
            raise BundleError(f"bytes behind the end of the archive in {self.path}")


def member_order(names: Iterable[str]) -> list[str]:
    """The order in which members stand in a tar: the index first, blobs last."""
    return sorted(names, key=lambda name: (name.startswith("blobs/"), name))


def tar_header(name: str, size: int) -> bytes:
    """The header of a member: a plain file of ustar, without owner or time."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def is_bundle(path: Path) -> bool:
    """Whether a bundle lies there, or did before somebody changed it."""
    if path.is_dir():
        return any((path / name).exists() for name in ("oci-layout", "index.json", "blobs"))
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _begins_a_tar(file.read(_BLOCK))


def _begins_a_tar(header: bytes) -> bool:
    """By the format's mark or by our first names: one damaged byte does not hide both."""
    return header[257:262] == b"ustar" or header.startswith((b"index.json\0", b"oci-layout\0"))


def _tar_header(header: bytes) -> tuple[str, int]:
    """Name and size. Only plain files of ustar are read."""
    if header[257:262] != b"ustar":
        raise BundleError("a record of the tar is damaged")
    blank = header[:148] + b" " * 8 + header[156:]
    if sum(blank) != _octal(header[148:156]):
        raise BundleError("the checksum of a tar record does not hold")
    name = _text(header[:100])
    if header[345:500].strip(b"\0") or header[156:157] not in (b"0", b"\0"):
        raise BundleError(f"{name!r} is a link or an extended record; a bundle has plain files")
    return name, _octal(header[124:136])


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,12}", digits):
        raise BundleError("a number in a tar record is not octal")
    return int(digits, 8)


def _text(field: bytes) -> str:
    try:
        return field.split(b"\0", 1)[0].decode("ascii")
    except UnicodeDecodeError:
        raise BundleError("a name in the tar is not ASCII") from None
