"""Files that a verb writes for its user: new ones, or over what that very verb wrote before.

In: a path that somebody typed, and how a file of that kind is told. Out: nothing, or why it is not
written there; the file, whole or as it was before. Never: a file inside a workspace, a charter, a
backup or anybody's notes replaced by a proof because a name was mistyped.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import EvidenceError, UsageError
from roadworthy_verify import CheckpointError
from roadworthy_verify.checkpoint import head_from_note
from roadworthy_verify.plain_file import open_plain

from .routing import put_in_place

IsOurs = Callable[[bytes], bool]
"""Whether a file that begins so (its first `MOST` bytes) is of the kind that the verb writes."""

MOST = 1 << 20
_GZIP = 31
"""zlib's word for a gzip header and the largest window."""
_HEADERS = 64 << 10
"""More than the headers of a tar's first member."""
_WORKSPACE = ".roadworthy"
_EVIDENCE = ("ledger.db", "checkpoints.jsonl")
"""What lies in a workspace, whatever its name."""


def require_own(out: Path, is_ours: IsOurs, *, kind: str) -> None:
    """Only a new or empty file, one of ours, or a device is written to; none in a workspace.

    `kind` is what the verb writes. Raises UsageError.
    """
    require_outside(out)
    if out.is_dir():
        raise UsageError(f"{out} is a folder", fix="name the file to write in it")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", fix=f"mkdir -p {out.parent}")
    if not out.is_file():
        return
    try:
        with open_plain(out) as file:
            begins = file.read(MOST)
    except OSError as error:
        raise UsageError(f"{out} cannot be looked at: {error.strerror}") from None
    if begins and not is_ours(begins):
        raise UsageError(
            f"{out} is there and is no {kind}, so it is not written over",
            fix="name another file, or remove it",
        )


def require_outside(out: Path) -> None:
    """Nothing is written for a user inside a workspace. Raises UsageError."""
    for folder in out.resolve().parents:
        if folder.name == _WORKSPACE or any((folder / name).is_file() for name in _EVIDENCE):
            raise UsageError(
                f"{out} lies in the workspace {folder}, which holds evidence",
                fix="write it elsewhere",
            )


def write_own(out: Path, data: bytes) -> None:
    """Write the file whole or not at all; into a device or a pipe as it comes.

    Raises EvidenceError. Whether it may be written was asked before (`require_own`).
    """
    if not out.exists() or out.is_file():
        put_in_place(out, data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise EvidenceError(f"{out} cannot be written: {error.strerror}") from error


def begins(*prefixes: bytes) -> IsOurs:
    """A kind that is told by how its files begin."""
    return lambda data: data.startswith(prefixes)


def is_note(data: bytes) -> bool:
    """A checkpoint as a signed note."""
    try:
        head_from_note(data.decode(), "there")
    except (CheckpointError, UnicodeDecodeError):
        return False
    return True


def is_proof_of(kind: str) -> IsOurs:
    """A proof of that kind."""
    return lambda data: _object(data).get("kind") == kind and "roadworthy" in _object(data)


def is_gate_markdown(data: bytes) -> bool:
    """A decision as Markdown."""
    return data.startswith(b"## ") and b"\n\nCandidate `" in data[:4096]


def is_gate_junit(data: bytes) -> bool:
    """A decision as JUnit XML."""
    return b'<testsuite name="roadworthy gate ' in data[:512]


def is_backup(data: bytes) -> bool:
    """A backup: a packed archive that begins with the checkpoints or the ledger."""
    try:
        plain = zlib.decompressobj(wbits=_GZIP).decompress(data, _HEADERS)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            first = archive.next()
    except (zlib.error, tarfile.TarError):
        return False
    return first is not None and first.name in _EVIDENCE


def is_calibration(data: bytes) -> bool:
    """A calibration as `calibrate` writes it."""
    return {"system", "candidate", "suite", "suite_digest", "run", "n"} <= _object(data).keys()


def is_preferences(data: bytes) -> bool:
    """Preferences for tuning, a JSON object a line."""
    fields = _object(data.partition(b"\n")[0]).keys()
    return {"prompt", "chosen", "rejected"} <= fields or {"prompt", "completion", "label"} <= fields


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
