"""Checkpoints: signed heads of a log, as JSON (checkpoints.jsonl) or as a C2SP signed note.

In: a file or a JSON value. Out: heads with their signature still to be checked (`judge`). The
signed text is https://c2sp.org/tlog-checkpoint: origin, size and base64 root, one a line, then
the extension line `time …`. A signed note (https://c2sp.org/signed-note) names its key by four
bytes of a hash instead of the key id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .instant import is_instant
from .plain_file import read_plain
from .strict_json import JsonError, read_json
from .trust import Key, Trust

_ED25519 = b"\x01"
_TOO_LARGE = 1 << 62
"""No log has so many entries; what says so is no checkpoint."""
FIELDS = {"origin", "size", "root", "time", "key_id", "signature"}
"""Of a checkpoint as JSON. What keeps one may add its own; a proof may not."""


class CheckpointError(ValueError):
    """This is not a checkpoint. Says where and why."""


@dataclass(frozen=True)
class Head:
    """What somebody signed: the first `size` entries have this Merkle root."""

    origin: str
    size: int
    root: bytes
    time: str
    signature: bytes
    where: str
    """Where it was found, for the report."""
    key_id: str = ""
    """Empty when it came as a note; then `key_hash` names the key."""
    key_hash: bytes = b""

    def body(self) -> bytes:
        """The bytes that are signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.time}\n".encode()

    def key(self, trust: Trust) -> Key | None:
        """The trusted key that this head says it was signed with, or None."""
        if self.key_id:
            return trust.find(self.key_id)
        named = self.origin.encode() + b"\n" + _ED25519
        for key in trust.keys.values():
            if hashlib.sha256(named + key.public_key).digest()[:4] == self.key_hash:
                return key
        return None

    def __str__(self) -> str:
        return f"checkpoint {self.size} of {self.time} ({self.where})"


@dataclass(frozen=True)
class Signature:
    """What became of one head's signature."""

    state: str
    """`valid`, `unknown_key` (or not valid then), or `false`."""
    key: Key | None = None
    reason: str = ""


def judge(head: Head, trust: Trust) -> Signature:
    """Whether a trusted key, valid at the head's time, signed it."""
    key = head.key(trust)
    if key is None:
        named = head.key_id or head.key_hash.hex()
        return Signature("unknown_key", None, f"{head} is signed by key {named}, which is unknown")
    if not key.signed(head.body(), head.signature):
        return Signature("false", key, f"{head}: the signature is not that of key {key.key_id}")
    if reason := key.invalid_because(head.time):
        return Signature("unknown_key", key, f"{head}: {reason}")
    return Signature("valid", key)


def head_from_json(value: Any, where: str) -> Head:
    """A head from its JSON object. Raises CheckpointError."""
    if not isinstance(value, Mapping) or FIELDS - set(value):
        raise CheckpointError(f"{where}: not a checkpoint; one has {', '.join(sorted(FIELDS))}")
    texts = {name: value[name] for name in FIELDS - {"size"}}
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise CheckpointError(f"{where}: every field of a checkpoint but size is text")
    root = _bytes(bytes.fromhex, texts["root"], where)
    signature = _bytes(_base64, texts["signature"], where)
    if root.hex() != texts["root"] or base64.b64encode(signature).decode() != texts["signature"]:
        # Capitals in the root, loose bits at the end of base64: the same bytes, but not as written.
        raise CheckpointError(f"{where}: root or signature is not written as a checkpoint's is")
    return _head(
        origin=texts["origin"],
        size=value["size"],
        root=root,
        time=texts["time"],
        signature=signature,
        where=where,
        key_id=texts["key_id"],
    )


def lost_inside(stored: Iterable[Head], beside: Iterable[Head]) -> str:
    """The first head that lies beside a store and not in it; empty when there is none.

    A head goes into the store first, so one that the store lacks was taken out of it, or changed
    in one of the two places.
    """
    inside = {_identity(head) for head in stored}
    for head in beside:
        if _identity(head) not in inside:
            return f"{head} is not in the store, or is another there"
    return ""


def _identity(head: Head) -> tuple[object, ...]:
    return (head.origin, head.size, head.root, head.time, head.signature, head.key_id)


def head_from_note(text: str, where: str) -> Head:
    """A head from a C2SP signed note with one signature. Raises CheckpointError."""
    body, _, signatures = text.partition("\n\n")
    lines = body.split("\n")
    match = re.match(r"— (\S+) (\S+)$", signatures.strip())
    if match is None or len(lines) != 4 or not lines[3].startswith("time "):
        raise CheckpointError(f"{where}: not a checkpoint note (origin, size, root, time, key)")
    blob = _bytes(_base64, match[2], where)
    if not re.fullmatch(r"0|[1-9]\d{0,17}", lines[1]):
        raise CheckpointError(f"{where}: {lines[1]!r} is no size")
    return _head(
        origin=lines[0],
        size=int(lines[1]),
        root=_bytes(_base64, lines[2], where),
        time=lines[3].removeprefix("time "),
        signature=blob[4:],
        where=where,
        key_hash=blob[:4],
    )


def heads_of_file(path: Path) -> list[Head]:
    """Every head in a file; see `heads_of_text`. Raises CheckpointError."""
    try:
        data = read_plain(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    return heads_of_text(data, path.name)


def heads_of_text(data: bytes, name: str) -> list[Head]:
    """Every head in JSON, JSON lines, a signed note, or JSON that carries heads (a proof).

    A last line without its end (a crash while appending) is left out. Raises CheckpointError.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{name}: cannot be read: {error}") from None
    if not text.lstrip().startswith("{"):
        return [head_from_note(text, name)] if text.strip() else []
    try:
        whole = read_json(text)
    except JsonError:
        return [_head_of_line(*line) for line in _lines(text, name)]
    if isinstance(whole.get("seal"), dict):
        whole = whole["seal"]  # the proof of an answer
    carried = [whole[part] for part in _CARRIED if whole.get(part)]
    return [head_from_json(value, name) for value in carried or [whole]]


_CARRIED = ("checkpoint", "old", "new")
"""What a checkpoint is called in what carries one."""


def _lines(text: str, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        yield line, f"{name}:{number}"


def _head_of_line(line: str, where: str) -> Head:
    try:
        return head_from_json(read_json(line), where)
    except JsonError as error:
        raise CheckpointError(f"{where}: not a checkpoint: {error}") from None


def _head(**fields: Any) -> Head:
    head = Head(**fields)
    if type(head.size) is not int or not 1 <= head.size < _TOO_LARGE or len(head.root) != 32:
        raise CheckpointError(f"{head.where}: size or root is not that of a checkpoint")
    if not is_instant(head.time) or "\n" in head.origin:
        raise CheckpointError(f"{head.where}: time or origin is not that of a checkpoint")
    return head


def _bytes(read: Any, text: str, where: str) -> bytes:
    try:
        return bytes(read(text))
    except (binascii.Error, ValueError):
        raise CheckpointError(f"{where}: {text[:40]!r} cannot be decoded") from None


def _base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
