"""The ledger: one append-only log of signed facts, and every question one may ask of it.

In: drafts, recorded by flows and commands. Out: entries, proofs, checkpoints, a verdict on the
whole. `record` appends and signs the new head in one transaction, then writes the head to a file
outside the store: whoever cuts the log's tail must also change that file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from roadworthy.domain import (
    Checkpoint,
    Clock,
    Draft,
    Entry,
    EvidenceError,
    InclusionProof,
    Instant,
    Signer,
    Trust,
    UsageError,
    VerificationError,
    parse_instant,
)
from roadworthy_verify import Authority, Head, Report, check_log, load_trust
from roadworthy_verify.tree import inclusion_holds

from .authority import authority_of
from .chain import leaf_of
from .checkpoints import CarriedHeads, CheckpointLog, sign_checkpoint
from .keyring import MACHINE, Keyring
from .merkle import consistency_path, inclusion_path, subtree
from .numbering import gone_in_words
from .sqlite_store import LEDGER_PATIENCE_S, SqliteEntryStore
from .store import LedgerStore, LostNodeError

STEPPED = "clock.stepped"
STEP = dt.timedelta(seconds=1)
"""A clock that is set right by less is no step; its entries carry the newest one's time."""


class Ledger:
    """One log. Without a signer it can be read and appended to, but its head is not signed."""

    def __init__(
        self,
        store: LedgerStore,
        *,
        signer: Signer | None = None,
        keyring: Keyring | None = None,
        outside: CheckpointLog | None = None,
        carried: CarriedHeads | None = None,
        origin: str = "",
    ) -> None:
        """`outside` keeps the newest checkpoints where the store is not.

        `carried` are those that other files of the workspace bear witness with.
        Heads are signed by `signer`, or by the machine's key in `keyring` as it is at that moment
        (a process that runs for months signs with the new key once it was rotated).
        A log keeps the origin of its first checkpoint; `origin` counts only before that (default:
        the signer's key id under `roadworthy.local/`).
        """
        self.store = store
        self._signer = signer
        self._keyring = keyring
        self._outside = outside
        self._carried = carried
        self._origin = origin

    def record(self, *drafts: Draft) -> list[Entry]:
        """Append all or none, durably, and sign the new head. Raises EvidenceError."""
        self.require_whole()
        if self._signer is None and self._keyring is None:
            return self.store.append(drafts)
        entries = self.store.append_signed(drafts, self._sign, self._step_of_the_clock)
        self._publish()
        return entries[len(entries) - len(drafts) :]

    def _step_of_the_clock(self, shown: Instant, held: Instant) -> list[Draft]:
        """The entry that the clock went back, once for each time that it did.

        Until it has caught up, each entry is a microsecond later than the one before.
        """
        if parse_instant(held) - parse_instant(shown) <= STEP:
            return []
        noted = self.store.last(kind=STEPPED)
        if noted is not None and parse_instant(held) - parse_instant(noted.time) <= STEP:
            return []
        key_id = self._keyring.machine().key_id if self._keyring else self._own_key_id()
        payload = {"shown": shown, "held": held}
        actor = f"machine:{key_id}"
        return [Draft(system="", kind=STEPPED, subject="", actor=actor, payload=payload)]

    def append(self, *drafts: Draft) -> list[Entry]:
        """Append without a checkpoint, for batches; call `checkpoint` when they are through."""
        self.require_whole()
        return self.store.append(drafts)

    def checkpoint(self) -> Checkpoint:
        """The signed head of everything recorded so far (a new one only when it grew).

        Raises EvidenceError on an empty ledger or without a signer.
        """
        self.require_whole()
        self.store.append_signed((), self._sign)
        newest = self._publish()
        if newest is None:
            raise EvidenceError("an empty ledger has no checkpoint", fix="record something first")
        return newest

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint in the store, or None."""
        return self.store.newest_checkpoint()

    def entries(self, *, kind: str = "", subject: str = "", system: str = "") -> Iterator[Entry]:
        """Entries in order, in bounded memory; empty means any."""
        if kind or subject or system:
            return self.store.find(kind=kind, subject=subject, system=system)
        return self.store.read()

    def newest(self, *, kind: str = "", subject: str = "", system: str = "") -> Entry | None:
        """The last entry that fits, or None."""
        return self.store.last(kind=kind, subject=subject, system=system)

    def kinds(self) -> list[str]:
        """Every kind of entry that there is, sorted."""
        return self.store.kinds()

    def entry(self, seq: int) -> Entry:
        """Entry number `seq`. Raises EvidenceError when there is none."""
        found = next(self.store.read(seq, seq), None) if 0 < seq <= self.size() else None
        if found is None:
            raise EvidenceError(f"there is no entry {seq}", fix=f"the last is {self.size()}")
        return found

    def size(self) -> int:
        """How many entries there are."""
        return self.store.size()

    def prove(self, seq: int) -> InclusionProof:
        """That entry `seq` is in the log of the newest checkpoint (made now when it is older)."""
        entry = self.entry(seq)
        newest = self.store.newest_checkpoint()
        if newest is None or newest.size < seq:
            newest = self.checkpoint()
        path = inclusion_path(self.store, seq - 1, newest.size)
        if not inclusion_holds(
            leaf=leaf_of(entry),
            index=seq - 1,
            size=newest.size,
            proof=path,
            root=bytes.fromhex(newest.root),
        ):
            raise VerificationError(
                f"entry {seq} cannot be proved to be in checkpoint {newest.size}",
                fix="roadworthy ledger verify says which entry does not fit",
            )
        return InclusionProof(
            seq=seq, entry=entry, hashes=tuple(node.hex() for node in path), checkpoint=newest
        )

    def prove_consistency(self, old_size: int, new_size: int) -> tuple[str, ...]:
        """That the log of `new_size` only appends to the one of `old_size` (hashes, hex)."""
        if new_size > self.size():
            raise EvidenceError(f"the ledger has {self.size()} entries, not {new_size}")
        return tuple(node.hex() for node in consistency_path(self.store, old_size, new_size))

    def verify(self, *, trust: Trust | None = None, checkpoint: Checkpoint | None = None) -> Report:
        """Read everything and say the first thing that does not fit (see `roadworthy_verify`).

        `checkpoint` is one that was kept elsewhere; those outside the store, and those that other
        files carry, count too. Whether trust.yaml is what the entries on people say: ask
        `authority`.
        """
        beside = list(self._outside.read()) if self._outside else []  # before the store: it grows
        stored = list(self.store.checkpoints())
        outside = [*beside, checkpoint] if checkpoint else beside
        carried = self._own_heads(strict=True)
        report = check_log(
            self.store.rows(),
            stored=map(msgspec.to_builtins, stored),
            outside=[*map(msgspec.to_builtins, outside), *carried],
            trust=load_trust(None if trust is None else msgspec.to_builtins(trust)),
            node=self._node,
        )
        lost = [head for head in beside if head not in stored]
        if report.state != "tampered" and lost:
            fault = f"checkpoint {lost[0].size} beside the store is not in it, or is another there"
            return Report("tampered", fault, report.details, (*report.lines, fault))
        return report

    def _node(self, level: int, index: int) -> bytes | None:
        try:
            return self.store.node(level, index)
        except LostNodeError:  # said of an entry by whoever compares
            return None

    def authority(self, trust: Trust) -> Authority:
        """Whose keys the entries on people say are trusted (see `roadworthy_verify.authority`).

        Reads those entries only, so that every command can ask. Raises VerificationError when one
        of them was made by somebody who might not.
        """
        head = next(self.store.checkpoints(), None)
        return authority_of(self.store, trust, first=head.key_id if head else self._own_key_id())

    def _own_key_id(self) -> str:
        """Who will sign the first head; empty when there is no key yet."""
        if self._keyring is not None:
            has_key = MACHINE in self._keyring.names()
            return self._keyring.signer(MACHINE).key_id if has_key else ""
        return self._signer.key_id if self._signer else ""

    def _sign(self, size: int, root: bytes, time: Instant) -> Checkpoint:
        signer = self._keyring.machine() if self._keyring else self._signer
        if signer is None:
            raise EvidenceError("this ledger was opened without a key", fix="give it a signer")
        newest = self.store.newest_checkpoint()
        if newest and subtree(self.store, 0, newest.size).hex() != newest.root:
            raise VerificationError(
                f"the ledger is no longer the one of its checkpoint {newest.size};"
                " no head is signed over it",
                fix="roadworthy ledger verify says which entry does not fit",
            )
        if newest and self._outside:
            self._outside.append_newer(newest)  # somebody was killed before he could
        origin = newest.origin if newest else self._origin
        return sign_checkpoint(
            signer,
            origin=origin or f"roadworthy.local/{signer.key_id}",
            size=size,
            root=root,
            time=time,
        )

    def require_whole(self) -> None:
        """The store reaches as far as every head that was kept elsewhere; no entry is read.

        Raises VerificationError when it is shorter (an older store, or another one), or when the
        heads outside of it are gone.
        """
        kept = self._outside.covers() if self._outside else 0
        size = self.store.size()
        furthest = max(self._own_heads(), key=lambda head: head.size, default=None)
        if furthest is not None and furthest.size > max(kept, size):
            raise _cut(size, f"{furthest} covers {furthest.size}")
        if kept > size:
            raise _cut(size, f"a checkpoint kept outside of it covers {kept}")
        if self._outside and not kept and self._lost_those_outside(self._outside):
            raise VerificationError(
                f"the ledger does not verify: {self._outside.path} is gone, by which a cut tail"
                " would be seen; nothing is appended",
                fix="put it back from a backup; if there is none: roadworthy ledger checkpoint"
                " --put-back --as NAME",
            )

    def require_every_entry(self) -> None:
        """No entry is gone: not from the beginning, the middle or the end.

        They are counted and not read, which takes 15 ms for a million; that none was changed is
        what `verify` shows. Raises VerificationError naming those that are gone.
        """
        self.require_whole()
        newest = self.store.newest_checkpoint()  # before the count: it grows
        count, first, last = self.store.numbering()
        size = max(last, newest.size if newest else 0)
        if count == size and first == min(size, 1):
            return
        raise VerificationError(
            f"the ledger does not verify: {gone_in_words(self.store.numbers(), size)}",
            fix="`roadworthy restore BACKUP DIR` puts a backup back; `roadworthy verify` on the"
            " workspace says more",
        )

    def put_back_heads(self) -> Checkpoint:
        """Keep the newest head outside again, where the file with them was lost.

        Raises UsageError when it was not, EvidenceError on an empty ledger.
        """
        if self._outside is None or self._outside.covers():
            raise UsageError("the checkpoints outside the store are there", fix="nothing is to do")
        newest = self._publish()
        if newest is None:
            raise EvidenceError("an empty ledger has no checkpoint", fix="record something first")
        return newest

    def _own_heads(self, *, strict: bool = False) -> list[Head]:
        """What other files beside this log bear witness to."""
        if self._carried is None:
            return []
        return self._carried.of(self.store.newest_checkpoint(), strict=strict)

    def _lost_those_outside(self, outside: CheckpointLog) -> bool:
        """With two heads in the store the first is outside as well: `_sign` sees to that."""
        return len(list(islice(self.store.checkpoints(), 2))) > 1 and not outside.covers()

    def _publish(self) -> Checkpoint | None:
        """Write the newest checkpoint outside, after the store has it and never before."""
        newest = self.store.newest_checkpoint()
        if newest and self._outside:
            self._outside.append_newer(newest)
        return newest


def _cut(size: int, witness: str) -> VerificationError:
    return VerificationError(
        f"the ledger does not verify: it has {size} entries, but {witness}; nothing is appended",
        fix="roadworthy restore puts a backup back",
    )


def open_ledger(
    *,
    database: Path,
    checkpoints: Path,
    clock: Clock,
    keys: Path | None = None,
    create: bool = True,
    not_before: Instant = "",
    patience_s: float = LEDGER_PATIENCE_S,
) -> Ledger:
    """The ledger of a workspace; with `keys`, its head is signed by the workspace's machine key.

    Beside `checkpoints` lie the files that carry heads too. Raises EvidenceError when the file
    cannot be opened (or is missing, unless `create`), VerificationError when it is no ledger.
    """
    if create:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Ledger(
        SqliteEntryStore(
            database, clock, create=create, not_before=not_before, patience_s=patience_s
        ),
        keyring=Keyring(keys) if keys else None,
        outside=CheckpointLog(checkpoints),
        carried=CarriedHeads(checkpoints.parent),
    )
