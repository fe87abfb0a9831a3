"""The ledger's store in memory: for tests, dry runs and the contract that both stores keep."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from roadworthy.domain import (
    GENESIS,
    Checkpoint,
    Clock,
    Draft,
    Entry,
    Instant,
    format_instant,
)

from .chain import leaf_of, seal
from .instants import next_instant
from .merkle import fill_nodes, subtree
from .payload import decode_payload
from .store import LostNodeError, NoteStep, Row, SignHead


class MemoryEntryStore:
    """Entries in a list. Nothing outlives the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._entries: list[Entry] = []
        self._payloads: list[bytes] = []
        self._leaves: list[bytes] = []
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._checkpoints: list[Checkpoint] = []

    def instants(self) -> tuple[Instant, Instant]:
        """What the clock shows, and what an entry that is appended now will carry."""
        shown = format_instant(self._clock.now())
        return shown, max(shown, next_instant(self._entries[-1].time) if self._entries else "")

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append all or none. Raises EvidenceError."""
        with self._lock:
            return self._append(drafts, self.instants()[1])

    def append_signed(
        self, drafts: Sequence[Draft], sign: SignHead, first: NoteStep | None = None
    ) -> list[Entry]:
        """Append, then keep a checkpoint of the new head."""
        with self._lock:
            shown, time = self.instants()
            if first is not None and drafts:
                drafts = (*first(shown, time), *drafts)
            old_size = len(self._entries)
            entries = self._append(drafts, time)
            newest = self.newest_checkpoint()
            size = len(self._entries)
            if size and (newest is None or newest.size < size):
                try:
                    self._checkpoints.append(sign(size, subtree(self, 0, size), time))
                except BaseException:
                    self._cut_to(old_size)
                    raise
            return entries

    def _cut_to(self, size: int) -> None:
        """Undo an append whose head could not be signed, as a database rolls back."""
        del self._entries[size:], self._payloads[size:], self._leaves[size:]
        self._nodes = {
            (level, index): node
            for (level, index), node in self._nodes.items()
            if (index + 1) << level <= size
        }

    def _append(self, drafts: Sequence[Draft], time: Instant) -> list[Entry]:
        old_size = len(self._entries)
        prev = self._entries[-1].digest if self._entries else GENESIS
        sealed: list[tuple[Entry, bytes]] = []
        for seq, draft in enumerate(drafts, start=old_size + 1):
            entry, payload = seal(draft, seq=seq, time=time, prev=prev)
            sealed.append((entry, payload))
            prev = entry.digest
        self._entries += [entry for entry, _ in sealed]
        self._payloads += [payload for _, payload in sealed]
        self._leaves += [leaf_of(entry) for entry, _ in sealed]
        fill_nodes(self, old_size, len(self._entries), self._keep)
        return [entry for entry, _ in sealed]

    def _keep(self, level: int, index: int, node: bytes) -> None:
        self._nodes[level, index] = node

    def read(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last` (inclusive); payloads are copies."""
        for seq in range(max(first, 1), 1 + min(self.size(), last or self.size())):
            yield self._copy(seq)

    def _copy(self, seq: int) -> Entry:
        entry = self._entries[seq - 1]
        return Entry(
            **{name: getattr(entry, name) for name in Entry.__struct_fields__ if name != "payload"},
            payload=decode_payload(self._payloads[seq - 1]),
        )

    def find(self, *, kind: str = "", subject: str = "", system: str = "") -> Iterator[Entry]:
        """Entries whose fields equal what is given, in order."""
        for entry in list(self._entries):
            if (
                (not kind or entry.kind == kind)
                and (not subject or entry.subject == subject)
                and (not system or entry.system == system)
            ):
                yield self._copy(entry.seq)

    def kinds(self) -> list[str]:
        """Every kind of entry that there is, sorted."""
        return sorted({entry.kind for entry in self._entries})

    def last(self, *, kind: str = "", subject: str = "", system: str = "") -> Entry | None:
        """The newest of what `find` would give, or None."""
        found = list(self.find(kind=kind, subject=subject, system=system))
        return found[-1] if found else None

    def rows(self) -> Iterator[Row]:
        """Every entry as a database would hold it."""
        for entry, payload in zip(self._entries, self._payloads, strict=True):
            yield (
                entry.seq,
                entry.time,
                entry.system,
                entry.kind,
                entry.subject,
                entry.actor,
                payload,
                entry.payload_digest,
                entry.prev,
                entry.digest,
            )

    def size(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def numbering(self) -> tuple[int, int, int]:
        """Nobody can take one out of memory: they are 1 to the last."""
        size = len(self._entries)
        return size, min(size, 1), size

    def numbers(self) -> Iterator[int]:
        """The number of each entry, ascending."""
        yield from range(1, len(self._entries) + 1)

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves of the Merkle tree, 0-based, half-open."""
        return self._leaves[start:end]

    def node(self, level: int, index: int) -> bytes:
        """A stored inner node. Raises LostNodeError when it is gone."""
        try:
            return self._nodes[level, index]
        except KeyError:
            raise LostNodeError(f"node {index} of level {level} is gone") from None

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint kept, oldest first."""
        yield from list(self._checkpoints)

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint kept, or None."""
        return self._checkpoints[-1] if self._checkpoints else None
