"""Checkpoints: the signed head of the log, and the file that keeps the newest outside the store.

The text that is signed is a C2SP checkpoint (https://c2sp.org/tlog-checkpoint): origin, size and
root, one a line, then an extension line with the time. As a signed note
(https://c2sp.org/signed-note) it is readable by other tools; as JSON it also carries the key id.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from roadworthy.domain import (
    Checkpoint,
    EvidenceError,
    Instant,
    Signer,
    TrustedKey,
    UsageError,
    VerificationError,
)
from roadworthy_verify import CheckpointError, Head, carried_heads
from roadworthy_verify.checkpoint import head_from_json
from roadworthy_verify.ledger import own_heads
from roadworthy_verify.plain_file import PlainFileError, open_plain, require_plain

from .signers import public_key_of, signature_holds

_ED25519 = b"\x01"
"""Signature type of a signed note's Ed25519 key (https://c2sp.org/signed-note)."""
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Checkpoint)


def note_body(origin: str, size: int, root: str, time: Instant) -> bytes:
    """The bytes that are signed. `root` is hex."""
    encoded = base64.b64encode(bytes.fromhex(root)).decode()
    return f"{origin}\n{size}\n{encoded}\ntime {time}\n".encode()


def sign_checkpoint(
    signer: Signer, *, origin: str, size: int, root: bytes, time: Instant
) -> Checkpoint:
    """Sign a head of the log. Raises UsageError when the origin cannot stand in a note."""
    if not origin or any(letter.isspace() or letter == "+" for letter in origin):
        raise UsageError(
            f"{origin!r} cannot be a log's origin", fix="use a name without spaces and `+`"
        )
    signature = signer.sign(note_body(origin, size, root.hex(), time))
    return Checkpoint(
        origin=origin,
        size=size,
        root=root.hex(),
        time=time,
        key_id=signer.key_id,
        signature=base64.b64encode(signature).decode(),
    )


def checkpoint_holds(checkpoint: Checkpoint, key: TrustedKey) -> bool:
    """Whether that key signed this checkpoint (its validity in time is another question)."""
    body = note_body(checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.time)
    return signature_holds(key, body, base64.b64decode(checkpoint.signature))


def to_note(checkpoint: Checkpoint, key: TrustedKey) -> str:
    """The checkpoint as a C2SP signed note; `key` is the public key of its signer."""
    if key.key_id != checkpoint.key_id:
        raise VerificationError(f"checkpoint {checkpoint.size} was signed by {checkpoint.key_id}")
    named = checkpoint.origin.encode() + b"\n" + _ED25519 + public_key_of(key)
    blob = hashlib.sha256(named).digest()[:4] + base64.b64decode(checkpoint.signature)
    body = note_body(checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.time)
    return f"{body.decode()}\n— {checkpoint.origin} {base64.b64encode(blob).decode()}\n"


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Canonical JSON of a checkpoint."""
    return _encoder.encode(checkpoint)


def decode_checkpoint(data: bytes | str) -> Checkpoint:
    """Read `encode_checkpoint` back. Raises VerificationError on anything else."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise VerificationError(f"not a checkpoint: {error}") from None


class CheckpointLog:
    """checkpoints.jsonl: one checkpoint a line, appended, beside and not inside the store."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def append_newer(self, checkpoint: Checkpoint) -> None:
        """Append one line, durably, unless the last line covers as much.

        A torn last line (a crash while appending) is cut first. Raises EvidenceError.
        """
        try:
            self._append_newer(checkpoint)
        except OSError as error:
            raise EvidenceError(
                f"{self._path} cannot be written: {error.strerror or error}",
                fix="see to the disk that it is on, then run the same command again",
            ) from error

    def _append_newer(self, checkpoint: Checkpoint) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(self._path, flags, 0o600), "r+b") as file:
            require_plain(file.fileno(), self._path)
            fcntl.flock(file, fcntl.LOCK_EX)
            last, end = _last_line(file.fileno())
            if last and decode_checkpoint(last).size >= checkpoint.size:
                return
            file.seek(end)
            file.truncate()
            file.write(encode_checkpoint(checkpoint) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Checkpoint]:
        """Every whole line. Raises VerificationError naming a line that is no checkpoint."""
        if not self._path.exists():
            return
        with _opened(self._path) as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield _decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise VerificationError(
                        f"{self._path}:{number}: not a checkpoint: {error}"
                    ) from None

    def covers(self) -> int:
        """How many entries the last whole line covers; 0 without one."""
        newest = self.newest()
        return newest.size if newest else 0

    def newest(self) -> Checkpoint | None:
        """The last whole line, or None. Raises VerificationError when it is no checkpoint."""
        try:
            with _opened(self._path) as file:
                last, _ = _last_line(file.fileno())
        except FileNotFoundError:
            return None
        return decode_checkpoint(last) if last else None


class CarriedHeads:
    """The heads that other files of a workspace carry: signed when the log was that long.

    Those are releases, the routing table and sealed segments of the journal.

    Read once, when somebody first asks: a log is cut while nobody has it open.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = Path(workspace)
        self._found: list[Head] | None = None

    def of(self, newest: Checkpoint | None, *, strict: bool = False) -> list[Head]:
        """Those of the log with that newest head; of any log, when it has lost all its heads.

        A file that cannot be read is passed over; `strict`, it raises VerificationError.
        """
        if self._found is None or strict:
            try:
                self._found = carried_heads(self._workspace, strict=strict)
            except CheckpointError as error:
                raise VerificationError(f"the workspace does not verify: {error}") from None
        known = head_from_json(msgspec.to_builtins(newest), "newest") if newest else None
        return own_heads(self._found, [known] if known else []) if self._found else []


def _opened(path: Path) -> BinaryIO:
    """The file, open. Raises VerificationError when a pipe or a device stands in its place."""
    try:
        return open_plain(path)
    except PlainFileError as error:
        raise VerificationError(f"{path} holds no checkpoints: {error.strerror}") from None


def _last_line(descriptor: int) -> tuple[bytes, int]:
    """The last whole line and where it ends; looks at the last kilobytes only."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - 65536)
    tail = os.pread(descriptor, size - start, start)
    end = tail.rfind(b"\n") + 1
    return tail[:end].rstrip(b"\n").rpartition(b"\n")[2], start + end
