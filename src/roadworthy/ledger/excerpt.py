"""Part of a log, written so that it still proves to be part of it.

In: the store, the size of a signed head, which entries are shown and which without payload. Out:
lines that `roadworthy_verify.excerpt` reads back to that head's root, however little is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from json.encoder import encode_basestring

from msgspec import Struct

from roadworthy_verify.chain import Row

from .merkle import subtree
from .store import LedgerStore

Shows = Callable[[Row], bool]


class Shown(Struct):
    """How many entries stand how."""

    shown: int = 0
    redacted: int = 0
    hidden: int = 0


def excerpt_lines(
    store: LedgerStore, size: int, *, shows: Shows, redacts: Shows, counts: Shown
) -> Iterator[bytes]:
    """The lines of the first `size` entries; `counts` says what they hold once they are read."""
    hidden_from = 0
    for row in store.rows():
        seq = row[0]
        if seq > size:
            break
        if not shows(row):
            continue
        yield from _hidden(store, hidden_from, seq - 1, counts)
        hidden_from = seq
        redacted = redacts(row)
        counts.shown += 1
        counts.redacted += redacted
        yield _header(row) + b"\n"
        yield (b"null" if redacted else row[6]) + b"\n"
    yield from _hidden(store, hidden_from, size, counts)


def _hidden(store: LedgerStore, start: int, end: int, counts: Shown) -> Iterator[bytes]:
    """Leaves `start` to `end` as the fewest complete subtrees that lie on their own boundaries."""
    counts.hidden += end - start
    while start < end:
        room = start & -start or 1 << 62
        level = min(room.bit_length(), (end - start).bit_length()) - 1
        node = subtree(store, start, start + (1 << level))
        yield b'{"hash":"%b","level":%d}\n' % (node.hex().encode(), level)
        start += 1 << level


def _header(row: Row) -> bytes:
    """The fields of an entry as they are hashed (RFC 8785)."""
    seq, time, system, kind, subject, actor, _, payload_digest, prev, _ = row
    quote = encode_basestring
    return (
        f'{{"actor":{quote(actor)},"kind":{quote(kind)},"payload_digest":"{payload_digest}",'
        f'"prev":"{prev}","seq":{seq},"subject":{quote(subject)},'
        f'"system":{quote(system)},"time":{quote(time)}}}'
    ).encode()
