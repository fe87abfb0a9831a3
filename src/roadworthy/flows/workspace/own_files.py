"""Files that a verb writes for its user: new ones, or over what that very verb wrote before.

In: a path that somebody typed, and how a file of that kind is told. Out: nothing, or why it is not
written there; the file, whole or as it was before. Never: a file inside a workspace, a charter, a
backup or anybody's notes replaced by a proof because a name was mistyped; a device, a pipe or
/dev/stdout replaced by a file; a wait for somebody who does not read.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import select
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import EvidenceError, UsageError
from roadworthy_verify import CheckpointError
from roadworthy_verify.checkpoint import head_from_note
from roadworthy_verify.plain_file import open_plain, read_plain

IsOurs = Callable[[bytes], bool]
"""Whether a file that begins so (its first `MOST` bytes) is of the kind that the verb writes."""

MOST = 1 << 20
_GZIP = 31
"""zlib's word for a gzip header and the largest window."""
_HEADERS = 64 << 10
"""More than the headers of a tar's first member."""
_MOST_KEPT = 512 << 20
"""As much as `check` reads of a file of cases."""
_WORKSPACE = ".roadworthy"
_EVIDENCE = ("ledger.db", "checkpoints.jsonl")
"""What lies in a workspace, whatever its name."""


PATIENCE_S = 60.0
"""So long a pipe is waited for that takes nothing."""
_LINKS = 40
"""As many as Linux follows."""
_OPEN_FILES = re.compile(r"/proc/(\d+)(?:/task/\d+)?/fd")


def require_own(out: Path, is_ours: IsOurs, *, kind: str, streams: bool = False) -> None:
    """Only a new or empty file, or one of ours, is written to; none in a workspace.

    With `streams` a device or a pipe too, by a verb that writes with `own_file`. `kind` is what
    the verb writes. Raises UsageError.
    """
    require_outside(out)
    if out.is_dir():
        raise UsageError(f"{out} is a folder", fix="name the file to write in it")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", fix=f"mkdir -p {out.parent}")
    if Path(os.path.realpath(out)).is_symlink():
        raise UsageError(f"{out} is a link that leads in a circle", fix="name another file")
    if is_stream(out):
        if not streams:
            raise UsageError(
                f"{out} is no plain file: a {kind} is put there whole",
                fix="name a file; then: cat FILE",
            )
        return
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
    for folder in Path(os.path.realpath(out)).parents:
        if folder.name == _WORKSPACE or any((folder / name).is_file() for name in _EVIDENCE):
            raise UsageError(
                f"{out} lies in the workspace {folder}, which holds evidence",
                fix="write it elsewhere",
            )


def kept_bytes(path: Path) -> bytes:
    """What a file of cases of ours holds so far, to write more; nothing without one. UsageError."""
    try:
        return read_plain(path, _MOST_KEPT)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def is_stream(out: Path) -> bool:
    """Whether it is there and no plain file: a device, a pipe, or what is open as /dev/stdout."""
    return _descriptor(out) is not None or (out.exists() and not out.is_file())


def is_stdout(out: Path) -> bool:
    """Whether it is this process's standard output, where nothing else may stand then."""
    return _descriptor(out) == 1


def beside(out: Path) -> Path | None:
    """The folder for what is made on the way to a file; None: that of temporary files."""
    return None if is_stream(out) else Path(os.path.realpath(out)).parent


class Sink:
    """What is written, as a file takes it; counted and hashed as it passes."""

    def __init__(self, handle: int, patience_s: float) -> None:
        self._handle = handle
        self._patience_s = patience_s
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """Of what was written so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, data: bytes) -> int:
        """Write all of it. Raises OSError; TimeoutError where nobody takes it."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._handle, left) :]
            except BlockingIOError:
                self._wait()
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._handle, select.POLLOUT)
        if not poll.poll(self._patience_s * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"nobody read for {self._patience_s:g} seconds")


@contextmanager
def own_file(out: Path, *, private: bool = True, patience_s: float = PATIENCE_S) -> Iterator[Sink]:
    """Write a file: it is there as a whole, or as it was before. The one way to a user's file.

    A device, a pipe or a descriptor (/dev/stdout) is written into as it comes, and stays what it
    is; a link stays a link. `private`: a new file is its owner's alone. Whether it may be written
    was asked before (`require_own`). Raises EvidenceError.
    """
    try:
        with _into(out, patience_s) if is_stream(out) else _whole(out, private, patience_s) as sink:
            yield sink
    except OSError as error:
        raise EvidenceError(f"{out} cannot be written: {error.strerror or error}") from error


def write_own(out: Path, data: bytes, *, private: bool = False) -> None:
    """The same for what is at hand already. Raises EvidenceError."""
    with own_file(out, private=private) as sink:
        sink.write(data)


@contextmanager
def _whole(out: Path, private: bool, patience_s: float) -> Iterator[Sink]:
    path = Path(os.path.realpath(out))
    draft = path.with_name(f".roadworthy-{secrets.token_hex(8)}.writing")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    handle = os.open(draft, flags, 0o600 if private else 0o666)
    try:
        try:
            yield Sink(handle, patience_s)
            os.fsync(handle)
        finally:
            os.close(handle)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the name survives a power cut
    finally:
        os.close(folder)


@contextmanager
def _into(out: Path, patience_s: float) -> Iterator[Sink]:
    number = _descriptor(out)
    handle = _open_stream(out) if number is None else os.dup(number)
    try:
        yield Sink(handle, patience_s)
    finally:
        os.close(handle)


def _open_stream(out: Path) -> int:
    """A device or a pipe, open for writing; a plain file that took its place meanwhile is none."""
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        handle = os.open(out, flags)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise EvidenceError(
            f"{out} cannot be written: nobody reads it", fix="start its reader first"
        ) from error
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise EvidenceError(f"{out} cannot be written: it became a file meanwhile")
    return handle


def _descriptor(out: Path) -> int | None:
    """The number of an open file of ours that the path leads to, as /dev/stdout does."""
    here = out
    for _ in range(_LINKS):
        folder = os.path.realpath(here.parent)
        found = _OPEN_FILES.fullmatch(folder)
        if found and int(found[1]) == os.getpid() and here.name.isdecimal():
            return int(here.name)
        try:
            here = Path(folder) / here.readlink()
        except OSError:
            return None
    return None


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


def is_reference(data: bytes) -> bool:
    """A reference as `ood fit` writes it; too long to be read whole."""
    return data.startswith(b'{\n "roadworthy": ') and b'"source_digest": ' in data[:4096]


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
