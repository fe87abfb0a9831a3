"""Part of a ledger that still proves to be part of it: entries whole, redacted, or by hash only.

Lines, in the log's order. An entry is two lines: its header as it was hashed (RFC 8785 JSON) and
its payload, or `null` where that was left out. Entries that are not shown stand as the roots of
complete subtrees: `{"hash":"…","level":L}` covers 2^L entries (RFC 9162, section 2.1). So the
root of the log is worked out from what is shown, and nothing can be put in its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import IO, Any

from .chain import GENESIS, Row
from .named import NAMES, Named
from .tree import leaf_hash, node_hash

MAX_LINE = 64 << 20
_NODE = re.compile(rb'\{"hash":"([0-9a-f]{64})","level":(0|[1-9][0-9]?)\}\n')
_DIGEST = re.compile(rb"sha256:([0-9a-f]{64})")
_ASTRAY = "a subtree of hidden entries lies on no boundary of its own"
_HIDDEN = b'{"hash"'
_read = json.JSONDecoder().raw_decode
_HEADER = {"actor", "kind", "payload_digest", "prev", "seq", "subject", "system", "time"}


@dataclass
class Excerpt:
    """What was found on the way."""

    size: int = 0
    """Entries that the lines cover."""
    shown: int = 0
    redacted: int = 0
    """Entries whose payload was left out."""
    hidden: int = 0
    """Entries that stand by hash only."""
    fault: str = ""
    first_bad: int = 0
    root: bytes = b""
    kinds: dict[str, int] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    """Those of the digests that were asked about that a shown payload names."""
    roots: dict[int, bytes] = field(default_factory=dict)
    """Roots at the sizes that were asked about; none where that lies within hidden entries."""


class _Peaks:
    """Roots of complete subtrees, largest first; each is added where it belongs."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, level: int, node: bytes) -> bool:
        """Append a complete subtree; False where it does not lie on its own boundary."""
        if self.size & ((1 << level) - 1):
            return False
        self.size += 1 << level
        peaks = self._peaks
        while peaks and peaks[-1][0] == level:
            node = node_hash(peaks.pop()[1], node)
            level += 1
        peaks.append((level, node))
        return True

    def root(self) -> bytes:
        """The root over all of them."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = node_hash(left, node)
        return node


def read_excerpt(
    file: IO[bytes],
    size: int,
    on_signed: Callable[[Row], None] | None = None,
    *,
    sizes: Collection[int] = (),
    digests: Collection[str] = (),
    named: Named | None = None,
) -> Excerpt:
    """Walk the lines up to `size` entries. The first that does not fit is a fault, and the end.

    `sizes` and `digests` (hexadecimal) are what `roots` and `named` are asked about. `named` holds
    what entries name against what is there.
    """
    found, peaks = Excerpt(), _Peaks()
    last, kinds, shown = GENESIS, found.kinds, 0
    sha256, readline = hashlib.sha256, file.readline
    for line in iter(lambda: readline(MAX_LINE), b""):
        number = peaks.size + 1
        node = _NODE.fullmatch(line) if line.startswith(_HIDDEN) else None
        if node is not None:
            level = int(node[2])
            if level > 48 or not peaks.add(level, bytes.fromhex(node[1].decode())):
                return _bad(found, number, _ASTRAY)
            found.hidden += 1 << level
            last = ""
            if peaks.size in sizes:
                found.roots[peaks.size] = peaks.root()
            continue
        payload = readline(MAX_LINE)
        fault, header = _header(line, payload, number, last)
        if header is None:
            return _bad(found, number, fault)
        digest = sha256(line[:-1])
        peaks.add(0, leaf_hash(digest.digest()))
        last = f"sha256:{digest.hexdigest()}"
        shown += 1
        kind = header["kind"]
        kinds[kind] = kinds.get(kind, 0) + 1
        redacted = payload == b"null\n"
        found.redacted += redacted
        if digests and b"sha256:" in payload:
            said = (one.decode() for one in _DIGEST.findall(payload))
            found.named.update(one for one in said if one in digests)
        if named is not None and kind in NAMES:
            lost = named.check(_row(header, payload), redacted=redacted)
            if lost:
                found.first_bad, found.fault = number, lost
                return found
        if number in sizes:
            found.roots[number] = peaks.root()
        if on_signed is not None and b'"signature":{' in payload:
            on_signed(_row(header, payload))
    found.shown = shown
    found.size, found.root = peaks.size, peaks.root()
    if found.size != size:
        return _bad(found, min(found.size, size) + 1,
                    f"the excerpt covers {found.size} entries, its checkpoint {size}")  # fmt: skip
    return found


def _header(
    line: bytes, payload: bytes, number: int, last: str
) -> tuple[str, dict[str, Any] | None]:
    """What does not fit in an entry's two lines, or its header."""
    if line[-1:] != b"\n" or payload[-1:] != b"\n":
        return "a line is cut, or longer than any entry", None
    try:
        text = line.decode()
        header: dict[str, Any]
        header, end = _read(text)  # no search for an encoding, none for blanks
        if end != len(text) - 1 or header.keys() != _HEADER or type(header["kind"]) is not str:
            return "its header has other fields than an entry's", None
        if header["seq"] != number:
            return f"entry {header['seq']} stands in its place", None
        if last and header["prev"] != last:
            return "its prev is not the digest before it", None
        if payload != b"null\n":
            seen = f"sha256:{hashlib.sha256(payload[:-1]).hexdigest()}"
            if seen != header["payload_digest"]:
                return "its payload does not have its payload_digest", None
        return "", header
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"it is not an entry ({type(error).__name__})", None


def _row(header: dict[str, Any], payload: bytes) -> Row:
    return (
        header["seq"], header["time"], header["system"], header["kind"], header["subject"],
        header["actor"], payload[:-1], header["payload_digest"], header["prev"], "",
    )  # fmt: skip


def _bad(found: Excerpt, number: int, reason: str) -> Excerpt:
    found.first_bad, found.fault = number, f"entry {number} does not fit: {reason}"
    return found
