"""What the ledger asks of its store beyond the EntryStore port: heads, leaves, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from roadworthy.domain import Checkpoint, Draft, Entry, Instant, VerificationError

Row = tuple[int, str, str, str, str, str, bytes, str, str, str]
"""seq, time, system, kind, subject, actor, payload (canonical JSON), payload_digest, prev, digest:
an entry as it is stored, which is what a verifier reads."""

SignHead = Callable[[int, bytes, Instant], Checkpoint]
"""Signs a head of the log: size, root, time."""

NoteStep = Callable[[Instant, Instant], list[Draft]]
"""What is to be entered first, given what the clock shows and what the entries will carry."""


class LostNodeError(VerificationError):
    """A stored node of the tree is gone: nobody but a hand takes one away."""


class LedgerStore(Protocol):
    """Keeps entries, the tree's nodes and the checkpoints, append-only, in one transaction."""

    def instants(self) -> tuple[Instant, Instant]:
        """What the clock shows, and what an entry that is appended now will carry.

        Always after the newest entry, and never before the `not_before` that the store was opened
        with: a clock that went back makes no entry that its signer's key was not valid for, and
        revives no key that was ended.
        """
        ...

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append atomically, in order; durable on return. Raises EvidenceError."""
        ...

    def append_signed(
        self, drafts: Sequence[Draft], sign: SignHead, first: NoteStep | None = None
    ) -> list[Entry]:
        """Append and keep a checkpoint of the new head, both or neither.

        `first` may say what goes before the drafts. Without drafts: a checkpoint of the present
        head, unless it has one.
        """
        ...

    def read(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last` (inclusive), in order, in bounded memory."""
        ...

    def find(self, *, kind: str = "", subject: str = "", system: str = "") -> Iterator[Entry]:
        """Entries whose fields equal what is given (empty: any), in order."""
        ...

    def last(self, *, kind: str = "", subject: str = "", system: str = "") -> Entry | None:
        """The newest of what `find` would give, or None."""
        ...

    def kinds(self) -> list[str]:
        """Every kind of entry that there is, sorted."""
        ...

    def rows(self) -> Iterator[Row]:
        """Every entry as stored, in order, undecoded, in bounded memory."""
        ...

    def size(self) -> int:
        """The number of the last entry, which is how many there are unless some were removed."""
        ...

    def numbering(self) -> tuple[int, int, int]:
        """How many entries there are, counted, and their first and last number; 0 of none."""
        ...

    def numbers(self) -> Iterator[int]:
        """The number of each entry, ascending, in bounded memory."""
        ...

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves `start` to `end` (0-based, half-open), 32 bytes each.

        Raises VerificationError when one of them is gone.
        """
        ...

    def node(self, level: int, index: int) -> bytes:
        """A stored inner node of the Merkle tree. Raises LostNodeError when it is gone."""
        ...

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint kept, oldest first."""
        ...

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint kept, or None."""
        ...
