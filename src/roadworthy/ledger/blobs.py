"""Content-addressed bytes on disk: `blobs/ab/abcdef…`. The ledger names them, this keeps them.

What is read is hashed again: a blob that changed on disk is refused, never returned.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import SHA256_PREFIX, EvidenceError, VerificationError, canonical, sha256
from roadworthy_verify.plain_file import open_plain

from .sqlite_file import RESTORE

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class BlobStore:
    """Blobs in one folder, named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def put(self, data: bytes) -> str:
        """Keep bytes, whole or not at all; returns their digest. Twice is once.

        Raises EvidenceError naming the file that cannot be written.
        """
        digest = sha256(data)
        path = self.path(digest)
        if path.exists():
            return digest
        temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise EvidenceError(
                f"{path} cannot be written: {error.strerror or error}",
                fix="see to the disk that it is on, then run the same command again",
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
        return digest

    def put_json(self, value: Any) -> str:
        """Keep a value as canonical JSON (floats as decimal strings); returns its digest."""
        return self.put(canonical(value))

    def get(self, digest: str) -> bytes:
        """The bytes. Raises EvidenceError (missing) or VerificationError (changed on disk)."""
        path = self.path(digest)
        try:
            with open_plain(path) as file:
                data = file.read()
        except FileNotFoundError:
            raise EvidenceError(f"{digest} is not in {self._folder}", fix=RESTORE) from None
        if sha256(data) != digest:
            raise VerificationError(
                f"{path} was changed: it does not have the digest that it is named by", fix=RESTORE
            )
        return data

    def get_json(self, digest: str) -> Any:
        """The value that `put_json` kept."""
        return msgspec.json.decode(self.get(digest))

    def path(self, digest: str) -> Path:
        """Where that blob is, or would be. Raises EvidenceError when it is no digest."""
        if not _DIGEST.fullmatch(digest):
            raise EvidenceError(f"{digest!r} is not a digest", fix="write sha256:<64 hex digits>")
        name = digest[len(SHA256_PREFIX) :]
        return self._folder / name[:2] / name
