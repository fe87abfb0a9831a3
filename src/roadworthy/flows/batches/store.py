"""Batches of a tenant: what was asked for, and how it stands.

    WORKSPACE/batches/TENANT/batches/ID.json     the state; written by the door that creates it,
                                                 then by the batch process alone
    WORKSPACE/batches/TENANT/batches/ID.words    what the caller noted beside it, sealed
    WORKSPACE/batches/TENANT/batches/ID.cancel   the caller wants it to end
    WORKSPACE/batches/queue/ID                   it is not over; holds the tenant's name

What never happens here: two that write one file, a batch of another tenant, a path made of what
somebody sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from roadworthy.domain import BatchState, Clock, EvidenceError, Instant, format_instant
from roadworthy.journal import LineWriter, Vault, seal_line, sealed_lines, text_of
from roadworthy_verify.plain_file import read_plain

from .files import ID, read_record, tenant_folder, write_record

QUEUE = "queue"


class BatchStore:
    """The batches of all tenants of a workspace."""

    def __init__(self, root: Path, vault: Vault, clock: Clock) -> None:
        self._root = root
        self._vault = vault
        self._clock = clock

    def sealed(self, state: BatchState, words: dict[str, str]) -> bytes:
        """What the caller noted, as it lies on disk. Raises OSError when no key can be kept."""
        text = msgspec.json.encode(words).decode()
        return seal_line(
            0, text, self._vault, name=state.id, tenant=state.tenant, at=state.created_at
        )

    def create(self, state: BatchState, words: bytes) -> None:
        """Enter a batch; the batch process finds it in the queue. Raises OSError."""
        folder = self._folder(state.tenant)
        beside = LineWriter(folder / f"{state.id}.words")
        beside.add(words)
        beside.sync()
        beside.close()
        write_record(self._root / QUEUE / state.id, state.tenant.encode())
        write_record(folder / f"{state.id}.json", msgspec.json.encode(state))

    def find(self, tenant: str, id_: str) -> BatchState | None:
        """A batch of the tenant, or None. Raises EvidenceError."""
        if ID.fullmatch(id_) is None:
            return None
        path = self._folder(tenant) / f"{id_}.json"
        found = read_record(path, BatchState)
        if found is not None and (found.tenant, found.id) != (tenant, id_):
            raise EvidenceError(f"{path} is of another batch", fix="put it back from a backup")
        return found

    def all_of(self, tenant: str) -> list[BatchState]:
        """All batches of the tenant, oldest first. Raises EvidenceError."""
        names = [path.stem for path in self._folder(tenant).glob("*.json")]
        found = [one for name in names if (one := self.find(tenant, name)) is not None]
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def words(self, state: BatchState) -> dict[str, str]:
        """What the caller noted beside it; nothing once that was erased."""
        with suppress(OSError):
            for line in sealed_lines(self._folder(state.tenant) / f"{state.id}.words"):
                text = text_of(line, name=state.id, vault=self._vault)
                return msgspec.json.decode(text, type=dict[str, str]) if text else {}
        return {}

    def cancel(self, state: BatchState) -> Instant:
        """Ask that it ends; returns since when that is asked. Raises OSError."""
        asked = self.cancelled_at(state)
        if asked:
            return asked
        now = format_instant(self._clock.now())
        write_record(self._folder(state.tenant) / f"{state.id}.cancel", now.encode())
        return now

    def cancelled_at(self, state: BatchState) -> Instant:
        """Since when it is asked to end; empty: it is not."""
        with suppress(OSError):
            return read_plain(self._folder(state.tenant) / f"{state.id}.cancel", 64).decode("ascii")
        return ""

    def uses(self, tenant: str, file_id: str) -> BatchState | None:
        """A batch that is not over and reads that file."""
        for id_, whose in self.waiting():
            if whose == tenant:
                state = self.find(tenant, id_)
                if state is not None and not state.over and state.input_file == file_id:
                    return state
        return None

    def waiting(self) -> list[tuple[str, str]]:
        """Id and tenant of every batch that is not over, by id."""
        return waiting_in(self._root)

    # --- the batch process' side ---------------------------------------------------------

    def put(self, state: BatchState, *, durable: bool = True) -> None:
        """Write down how a batch stands; one that is over leaves the queue. Raises OSError."""
        path = self._folder(state.tenant) / f"{state.id}.json"
        write_record(path, msgspec.json.encode(state), durable=durable)
        if state.over:
            self.forget(state.id)

    def keep_aside(self, state: BatchState, number: int, text: str, *, subject: str) -> Path:
        """Keep something of one line, sealed, until its result is written. Raises OSError."""
        path = self._aside(state, number)
        path.unlink(missing_ok=True)
        beside = LineWriter(path)
        at = format_instant(self._clock.now())
        beside.add(
            seal_line(
                number, text, self._vault,
                name=state.id, tenant=state.tenant, at=at, subject=subject,
            )
        )  # fmt: skip
        beside.sync()
        beside.close()
        return path

    def aside(self, state: BatchState, number: int) -> str:
        """What was kept of a line; empty where nothing was, or it was erased."""
        with suppress(OSError):
            for line in sealed_lines(self._aside(state, number)):
                return text_of(line, name=state.id, vault=self._vault) or ""
        return ""

    def drop_asides(self, state: BatchState) -> None:
        """Nothing of it is needed any more."""
        for path in self._folder(state.tenant).glob(f"{state.id}.*.kept"):
            path.unlink(missing_ok=True)

    def _aside(self, state: BatchState, number: int) -> Path:
        return self._folder(state.tenant) / f"{state.id}.{number}.kept"

    def forget(self, id_: str) -> None:
        """Take a batch out of the queue."""
        (self._root / QUEUE / id_).unlink(missing_ok=True)

    def _folder(self, tenant: str) -> Path:
        return tenant_folder(self._root, tenant) / "batches"


def waiting_in(root: Path) -> list[tuple[str, str]]:
    """Id and tenant of every batch that is not over, by id."""
    return sorted(_queued(root / QUEUE))


def _queued(queue: Path) -> Iterator[tuple[str, str]]:
    with suppress(FileNotFoundError):
        for path in queue.iterdir():
            if ID.fullmatch(path.name):
                with suppress(OSError, UnicodeDecodeError):
                    yield path.name, read_plain(path, 4096).decode()


def queue_of(root: Path) -> Path:
    """The folder that holds something while any batch is not over: who starts the batch process."""
    return root / QUEUE
