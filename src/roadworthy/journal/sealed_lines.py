"""A file of lines, each sealed by itself under the key of its tenant, day and data subject.

What enters: a line's number and text, whom it is about. What leaves: the lines as they lie, in
their order. What never happens here: a text in the clear; a line read as another one's, or as one
of another file (both are bound into the seal); a line whose subject was erased that is passed over
in silence (it is there, and has no text).

Appending is a frame at the end: what a crash tore is cut off by whoever appends next.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import Instant, VerificationError, Witness
from roadworthy_verify.plain_file import open_plain

from .record import HEADER, Sealed, take_frame
from .vault import Vault

_BLOCK = 256 * 1024
_BUFFER = 256 * 1024

ERASED = None
"""The text of a line whose key is gone."""


class SealedLine(Struct, frozen=True, array_like=True):
    """A line as it lies on disk."""

    number: int
    key: str
    leaf: str
    nonce: int
    data: bytes


def seal_line(
    number: int,
    text: str,
    vault: Vault,
    *,
    name: str,
    tenant: str,
    at: Instant,
    subject: str = "",
) -> bytes:
    """A line as it is appended to the file of that name. Raises OSError when no key can be kept."""
    sealed = vault.seal(
        Witness(input=text, output=""),
        tenant=tenant,
        at=at,
        about=_about(name, number),
        subject=subject,
    )
    payload = _encoder.encode(
        SealedLine(number, sealed.key, sealed.leaf, sealed.nonce, sealed.data)
    )
    return HEADER.pack(len(payload), hashlib.sha256(payload).digest()[:8]) + payload


class LineWriter:
    """Appends lines to one file. One at a time; the caller holds what keeps others away."""

    def __init__(self, path: Path) -> None:
        """What a crash left half at its end is cut off. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        end = _whole_end(path) if path.exists() else 0
        handle = os.open(path, flags, 0o600)
        os.ftruncate(handle, end)
        os.lseek(handle, end, os.SEEK_SET)
        self._file = os.fdopen(handle, "wb", buffering=_BUFFER)
        self.empty = end == 0
        """Whether there was no line when it was opened."""

    def add(self, line: bytes) -> None:
        """Append what `seal_line` made; it is the kernel's after `flush`. Raises OSError."""
        self._file.write(line)

    def flush(self) -> None:
        """Give what was appended to the kernel: the end of the process takes nothing of it."""
        self._file.flush()

    def sync(self) -> None:
        """Durable on return. Raises OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


def sealed_lines(path: Path) -> Iterator[SealedLine]:
    """The lines of a file as they lie; ends before one that is not whole.

    Raises OSError, VerificationError where a checksum does not hold.
    """
    for line, _ in _placed(path):
        yield line


def text_of(line: SealedLine, *, name: str, vault: Vault) -> str | None:
    """A line's text; None once its key was erased. Raises VerificationError when it was changed."""
    sealed = Sealed(key=line.key, nonce=line.nonce, data=line.data, leaf=line.leaf)
    witness = vault.unseal(sealed, about=_about(name, line.number))
    return ERASED if witness is None else witness.input


def _placed(path: Path) -> Iterator[tuple[SealedLine, int]]:
    with open_plain(path) as file:
        data, start, at = b"", 0, 0
        while True:
            try:
                frame = take_frame(data, at) if len(data) - at >= HEADER.size else None
            except VerificationError as error:
                raise VerificationError(
                    f"{path}: {error.message} (of the file: {start + at})"
                ) from (None)
            if frame is None:
                more = file.read(_BLOCK)
                if not more:
                    return
                start, data, at = start + at, data[at:] + more, 0
                continue
            payload, at = frame
            yield _decoded(path, payload), start + at


def _whole_end(path: Path) -> int:
    """Where the lines end that are whole and hold; what a lost supply of power left is no line."""
    end = 0
    with suppress(VerificationError):
        for _, end in _placed(path):  # noqa: B007 - the last one is wanted
            pass
    return end


def _decoded(path: Path, payload: bytes) -> SealedLine:
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VerificationError(f"{path} holds what is no sealed line: {error}") from None


def _about(name: str, number: int) -> str:
    return f"{name}#{number}"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SealedLine)
