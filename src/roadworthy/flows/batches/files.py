"""Files of a tenant: requests that came, results that wait to be fetched.

    WORKSPACE/batches/TENANT/files/ID.lines   sealed lines; line 0 is the name it was given
    WORKSPACE/batches/TENANT/files/ID.json    what is known of it: with it the file is there

What enters: whose it is, lines. What leaves: what is known of a file, its lines. What never happens
here: a path made of what somebody sent (ids are ours, a tenant is its digest), another tenant's
file, a file that is half there, a text in the clear.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import structs

from roadworthy.domain import (
    Clock,
    EvidenceError,
    FilePurpose,
    StoredFile,
    VerificationError,
    format_instant,
)
from roadworthy.journal import (
    LineWriter,
    Vault,
    seal_line,
    sealed_lines,
    sync_folder,
    text_of,
)
from roadworthy_verify.plain_file import read_plain

ID = re.compile(r"(?:file|batch)-[0-9a-f]{32}")
"""Our own, and nothing else, ever becomes a part of a path."""

NAME_LINE = 0

_Record = TypeVar("_Record", bound=msgspec.Struct)


class Draft:
    """A file that is being written; it is there once it is published."""

    def __init__(self, folder: Path, *, id_: str, tenant: str, vault: Vault, clock: Clock) -> None:
        self.id = id_
        self._tenant = tenant
        self._vault = vault
        self._clock = clock
        self._folder = folder
        self._part = folder / f"{id_}.part"
        self._lines = LineWriter(self._part)
        self.size = 0
        self.count = 0

    def name(self, said: str) -> None:
        """What the file is called; sealed like its lines. Raises OSError."""
        self._seal(NAME_LINE, said, "")

    def add(self, number: int, text: str, size: int, *, subject: str = "") -> None:
        """One more line, its end included; `size` is its bytes. Raises OSError."""
        self._seal(number, text, subject)
        self.size += size
        self.count += 1

    def _seal(self, number: int, text: str, subject: str) -> None:
        at = format_instant(self._clock.now())
        self._lines.add(
            seal_line(
                number, text, self._vault,
                name=self.id, tenant=self._tenant, at=at, subject=subject,
            )
        )  # fmt: skip

    @property
    def fresh(self) -> bool:
        """Whether nothing is in it yet, not even its name."""
        return self._lines.empty

    def already(self, size: int) -> None:
        """Count a line that an earlier process wrote."""
        self.size += size
        self.count += 1

    def flush(self) -> None:
        """Give what was added to the kernel."""
        self._lines.flush()

    def sync(self) -> None:
        """Durable on return. May run in a thread, while nothing is added."""
        self._lines.sync()

    def publish(self, purpose: FilePurpose, *, expires_s: int) -> StoredFile:
        """The file is there from now on, after `sync`. Raises OSError."""
        now = self._clock.now()
        expires = format_instant(now + dt.timedelta(seconds=expires_s)) if expires_s else ""
        record = StoredFile(
            id=self.id,
            tenant=self._tenant,
            purpose=purpose,
            size=self.size,
            lines=self.count,
            created_at=format_instant(now),
            expires_at=expires,
        )
        self._lines.close()
        self._part.rename(self._folder / f"{self.id}.lines")
        write_record(self._folder / f"{self.id}.json", msgspec.json.encode(record))
        return record

    def close(self) -> None:
        """Let it lie as it is; it can be gone on with."""
        self._lines.close()

    def drop(self) -> None:
        """It is not wanted any more."""
        self._lines.close()
        with suppress(OSError):
            self._part.unlink()


class BatchFiles:
    """The files of all tenants of a workspace."""

    def __init__(self, root: Path, vault: Vault, clock: Clock) -> None:
        self._root = root
        self._vault = vault
        self._clock = clock

    def draft(self, tenant: str, *, id_: str = "") -> Draft:
        """Begin a file, or go on with a draft of that id. Raises OSError."""
        folder = self.folder(tenant)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if id_ and not (folder / f"{id_}.json").exists():
            with suppress(FileNotFoundError):  # a crash came while it was published
                (folder / f"{id_}.lines").rename(folder / f"{id_}.part")
        return Draft(
            folder, id_=id_ or new_name("file"), tenant=tenant, vault=self._vault, clock=self._clock
        )

    def find(self, tenant: str, id_: str) -> StoredFile | None:
        """A file of the tenant; None when there is none, or none any more. Raises EvidenceError."""
        found = self.lying(tenant, id_)
        return None if found is None or found.gone(format_instant(self._clock.now())) else found

    def all_of(self, tenant: str) -> list[StoredFile]:
        """All files of the tenant, oldest first. Raises EvidenceError."""
        names = [path.stem for path in self.folder(tenant).glob("*.json")]
        found = [one for name in names if (one := self.find(tenant, name)) is not None]
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def name_of(self, file: StoredFile) -> str:
        """What it is called; empty once that was erased."""
        with suppress(OSError):
            first = next(sealed_lines(self._lines_of(file)), None)
            if first is not None and first.number == NAME_LINE:
                return text_of(first, name=file.id, vault=self._vault) or ""
        return ""

    def lines(self, file: StoredFile) -> Iterator[tuple[int, str | None]]:
        """Number and text of each line; no text where it was erased.

        Raises EvidenceError when it cannot be read, VerificationError when it was changed.
        """
        path, found = self._lines_of(file), 0
        try:
            for line in sealed_lines(path):
                if line.number != NAME_LINE:
                    found += 1
                    yield line.number, text_of(line, name=file.id, vault=self._vault)
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}") from None
        if found != file.lines:
            raise VerificationError(f"{path} has {found} of {file.lines} lines: its end is gone")

    def drafted(self, tenant: str, id_: str) -> Iterator[tuple[int, str | None]]:
        """The same of a draft that another process left; nothing where there is none."""
        path = self.folder(tenant) / f"{id_}.part"
        if path.exists():
            for line in sealed_lines(path):
                if line.number != NAME_LINE:
                    yield line.number, text_of(line, name=id_, vault=self._vault)

    def delete(self, file: StoredFile) -> None:
        """Its tenant does not see it any more; what lies on disk goes with the next sweep."""
        gone = structs.replace(file, deleted_at=format_instant(self._clock.now()))
        path = self.folder(file.tenant) / f"{file.id}.json"
        write_record(path, msgspec.json.encode(gone))

    def used(self, tenant: str) -> tuple[int, int]:
        """How many files the tenant has on disk and their bytes, those under way included."""
        count = taken = 0
        with suppress(FileNotFoundError), os.scandir(self.folder(tenant)) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    taken += entry.stat(follow_symlinks=False).st_size
                    count += not entry.name.endswith(".json")
        return count, taken

    def folder(self, tenant: str) -> Path:
        """Where a tenant's files lie."""
        return tenant_folder(self._root, tenant) / "files"

    def _lines_of(self, file: StoredFile) -> Path:
        return self.folder(file.tenant) / f"{file.id}.lines"

    def lying(self, tenant: str, id_: str) -> StoredFile | None:
        """The same, and a file that expired and lies there still: a batch may be reading it."""
        if ID.fullmatch(id_) is None:
            return None
        path = self.folder(tenant) / f"{id_}.json"
        found = read_record(path, StoredFile)
        if found is not None and (found.tenant, found.id) != (tenant, id_):
            raise EvidenceError(f"{path} is of another file", fix="put it back from a backup")
        return found


def tenant_folder(root: Path, tenant: str) -> Path:
    """A tenant's own folder."""
    return root / hashlib.sha256(tenant.encode()).hexdigest()[:32]


def new_name(kind: str) -> str:
    """An id of ours: nobody guesses it, and it says nothing."""
    return f"{kind}-{secrets.token_hex(16)}"


def read_record(path: Path, shape: type[_Record]) -> _Record | None:
    """What a small file says; None without it. Raises EvidenceError."""
    try:
        return msgspec.json.decode(read_plain(path), type=shape)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"{path} cannot be read: {error}", fix="put it back from a backup, or remove it"
        ) from None


def write_record(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put a small file in its place, whole. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)
