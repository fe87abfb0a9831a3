"""The journal of one worker: group commit, durable before the answer.

What enters: observations and their texts. What leaves: awaited calls that return when the
record is on disk. Records gather until about half of the calls in flight wait for theirs (or a
few milliseconds have gone by); a writer thread then writes them in one go, forces them to the
disk once, and all who wait are woken together. What left of a stream between its two records is
written 50 times a second, for nobody waits for it. What never happens here: a call that returns
although its record is not on disk (unless durability is `async`), or silence about a full disk.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from roadworthy.domain import (
    Clock,
    EvidenceError,
    Instant,
    JournalSettings,
    Observation,
    Outcome,
    Witness,
    format_instant,
)

from .record import Record, RecordKind, encode
from .segment import Segment
from .vault import Vault

MIN_FREE_BYTES = 64 * 1024 * 1024
"""Below this the journal refuses new work while what is under way can still be written."""

RETRY_S = 1.0
"""How often a broken journal tries again."""

GATHER_S = 0.006
"""The longest that a record waits for company. Every handover between the event loop and the
writer costs two fights for the interpreter's lock: one a record halved the throughput."""

PIECES_S = 0.02
"""The longest that what left of a stream waits to be written: so much of a torn one's end is not
known. A record for each piece was a third of what a streamed token costs."""


class _Item:
    """A frame on its way, who waits for it, and which exchange it opens or closes."""

    __slots__ = ("closed", "closes", "frame", "opens", "waiter")

    def __init__(
        self, frame: bytes, waiter: asyncio.Future[None] | None, opens: str, closes: str
    ) -> None:
        self.frame = frame
        self.waiter = waiter
        self.opens = opens
        self.closes = closes
        self.closed: tuple[Observation, Witness] | None = None
        """What is told once it is kept, also where who waited is gone."""


class _Pieces:
    """What left of a stream and is in no record yet."""

    __slots__ = ("at", "subject", "tenant", "texts")

    def __init__(self, tenant: str, subject: str, at: Instant) -> None:
        self.tenant = tenant
        self.subject = subject
        self.at = at
        self.texts: list[str] = []


class Spool:
    """Implements the Journal port over segments in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        worker: str,
        vault: Vault,
        clock: Clock,
        settings: JournalSettings,
        in_flight: Callable[[], int] = lambda: 0,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        """`in_flight` says how many calls may soon want a record too."""
        self.fault = ""
        """Why nothing can be written; empty while all is well."""
        self.free_bytes: int | None = None
        """Of the disk, when it was last looked at."""
        self._folder = folder
        self._worker = worker
        self._vault = vault
        self._clock = clock
        self._durable = settings.durability == "before_answer"
        self._limit = settings.segment_mb * 1024 * 1024
        self._min_free = min_free_bytes
        self._in_flight = in_flight
        self.on_kept: Callable[[Observation, Witness], None] = lambda kept, texts: None
        """Told of every closed exchange once its record is kept."""
        self._gathered: list[_Item] = []
        self._pieces: dict[str, _Pieces] = {}
        """By stream."""
        self._writing = False
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None
        self._pieces_timer: asyncio.TimerHandle | None = None
        self._batches: deque[list[_Item]] = deque()
        self._heard = self._bell = -1
        """A pipe: a byte for each batch, another for the thread's end. Whoever writes to it lets go
        of the interpreter's lock; with a queue the thread woke up to wait for it. That the pipe
        ends says nothing: whoever was forked off has it too."""
        self._unclosed: dict[str, bytes] = {}
        self._subjects: dict[str, str] = {}
        """Stream under way -> whose it is: its pieces are sealed for the same data subject."""
        self._segment: Segment | None = None
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Open the first segment and start writing. A folder that cannot be written is a fault."""
        self._loop = asyncio.get_running_loop()
        self._heard, self._bell = os.pipe()
        self._renew()
        self._thread.start()

    def open(self, observation: Observation, witness: Witness) -> Coroutine[Any, Any, None]:
        """Before the first byte of a stream. Raises EvidenceError when it cannot be written."""
        return self._keep("open", observation, witness)

    def close(self, observation: Observation, witness: Witness) -> Coroutine[Any, Any, None]:
        """Before the last byte, or the whole of a plain answer. Raises EvidenceError."""
        return self._keep("close", observation, witness)

    def sent(self, observation_id: str, tenant: str, text: str) -> None:
        """Note a piece of a stream that leaves now, so that a torn one says what was sent.

        Pieces of one stream that are written together are one record; those before a stream's
        end are in its own. Raises OSError when no key can be kept for it.
        """
        pieces = self._pieces.get(observation_id)
        if pieces is None:
            at = format_instant(self._clock.now())
            self._vault.hold(tenant, at)
            subject = self._subjects.get(observation_id, "")
            pieces = self._pieces[observation_id] = _Pieces(tenant, subject, at)
        pieces.texts.append(text)
        if self._pieces_timer is None and self._loop is not None:
            self._pieces_timer = self._loop.call_later(PIECES_S, self._gather_pieces)

    def _gather_pieces(self) -> None:
        """Make records of what left; they wait for no company."""
        self._pieces_timer = None
        pieces, self._pieces = self._pieces, {}
        for about, each in pieces.items():
            with suppress(OSError):  # its key was erased since, so that it would not be read
                self._gathered.append(self._left(about, each))
        self._hand_over()

    def _left(self, about: str, pieces: _Pieces) -> _Item:
        """The pieces of one stream as a record."""
        sealed = self._vault.seal(
            Witness(input="", output="".join(pieces.texts)),
            tenant=pieces.tenant,
            at=pieces.at,
            about=about,
            subject=pieces.subject,
        )
        record = Record(kind="sent", at=pieces.at, about=about, sealed=sealed)
        return _Item(encode(record), None, "", "")

    async def learn(self, outcome: Outcome, *, kind: RecordKind = "outcome") -> None:
        """Keep what was learned about an observation, durably. Raises EvidenceError."""
        record = Record(
            kind=kind,
            at=format_instant(self._clock.now()),
            about=outcome.observation,
            outcome=outcome,
        )
        await self._put(_Item(encode(record), None, "", ""), durable=True)

    def check_space(self) -> None:
        """Look at the free disk space; too little is a fault until there is more again."""
        try:
            self.free_bytes = free = shutil.disk_usage(self._folder).free
        except OSError as error:
            self.free_bytes = None
            self.fault = self.fault or f"cannot look at {self._folder}: {error.strerror}"
            return
        if free < self._min_free:
            self.fault = f"{_TOO_FULL}: {free} bytes free, {self._min_free} needed"
        elif self.fault.startswith(_TOO_FULL):
            self.fault = ""

    async def aclose(self) -> None:
        """Write what waits, end the segment, stop the thread."""
        if not self._thread.is_alive():
            return
        while self._gathered or self._pieces or self._writing:
            self._gather_pieces()
            await asyncio.sleep(0.001)
        if self._pieces_timer is not None:
            self._pieces_timer.cancel()
        if not self._ended:
            self._ended = True
            os.write(self._bell, _OVER)
        await asyncio.to_thread(self._thread.join)

    async def _keep(self, kind: RecordKind, observation: Observation, witness: Witness) -> None:
        at = observation.time or format_instant(self._clock.now())
        try:
            sealed = self._vault.seal(
                witness,
                tenant=observation.tenant,
                at=at,
                about=observation.id,
                subject=observation.end_user,
            )
        except OSError as error:
            raise EvidenceError(
                f"the journal cannot keep a key for texts: {error.strerror}"
            ) from error
        record = Record(kind=kind, at=at, observation=observation, sealed=sealed)
        opens = observation.id if kind == "open" else ""
        closes = observation.id if kind == "close" else ""
        item = _Item(encode(record), None, opens, closes)
        if closes:
            self._subjects.pop(closes, None)
            self._pieces.pop(closes, None)  # this record has them
            item.closed = (observation, witness)
        await self._put(item, durable=self._durable)
        if opens and observation.end_user:
            self._subjects[opens] = observation.end_user

    async def _put(self, item: _Item, *, durable: bool) -> None:
        if self.fault and not item.closes:
            raise EvidenceError(f"the journal cannot be written: {self.fault}")
        if self._ended:
            raise EvidenceError("the journal has ended: nobody would write this")
        if not durable:
            self._gather(item)
            if item.closed is not None:
                self.on_kept(*item.closed)
            return
        assert self._loop is not None, "start() comes first"
        item.waiter = self._loop.create_future()
        self._gather(item)
        await item.waiter

    def _gather(self, item: _Item) -> None:
        self._gathered.append(item)
        self._consider()

    def _consider(self) -> None:
        """Hand over now when enough wait, else soon; nothing while the writer is at work."""
        waiting = len(self._gathered)
        if self._writing or not waiting:
            return
        streaming = len(self._unclosed)  # they want no record before their end
        if 2 * waiting >= self._in_flight() - streaming:
            self._hand_over()
        elif self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(GATHER_S, self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing or self._ended or not self._gathered:
            return
        batch, self._gathered = self._gathered, []
        self._writing = True
        self._batches.append(batch)
        os.write(self._bell, _BATCH)

    def _landed(self, batch: list[_Item], error: EvidenceError | None) -> None:
        """Back on the loop: wake all who wait; whatever gathered meanwhile may go."""
        for item in batch:
            if item.waiter is None:
                continue
            failed: Exception | None = error
            if item.closed is not None and error is None:
                failed = self._told(*item.closed)
            if item.waiter.done():  # who waited is gone
                continue
            if failed is None:
                item.waiter.set_result(None)
            else:
                item.waiter.set_exception(failed)
        self._writing = False
        self._consider()
        if not self._writing and self._loop is not None:
            self._loop.call_soon(self._consider)  # once those who were woken are on their way

    def _told(self, observation: Observation, witness: Witness) -> Exception | None:
        """Tell of an exchange that is kept; why that failed, which is its own caller's to hear."""
        try:
            self.on_kept(observation, witness)
        except Exception as error:
            return error
        return None

    # The writer thread: everything below runs there (and once in start()).

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if batch:
                self._write(batch)
            elif self._segment is None:
                self._renew()
        if self._segment is not None:
            try:
                self._segment.end()
            except OSError as error:
                self.fault = f"cannot end the segment: {error.strerror}"
                self._segment.abandon()
        os.close(self._heard)
        os.close(self._bell)

    def _next(self) -> list[_Item] | None:
        """The next batch; an empty one when a broken journal should try again; None: stop."""
        if self._segment is None and not self._rings(RETRY_S):
            return []
        return self._batches.popleft() if os.read(self._heard, 1) == _BATCH else None

    def _rings(self, seconds: float) -> bool:
        """Whether there is a batch, or the end, within that time."""
        bell = select.poll()
        bell.register(self._heard, select.POLLIN)
        return bool(bell.poll(seconds * 1000))

    def _write(self, batch: list[_Item]) -> None:
        if self._segment is None:
            self._renew()
        try:
            if self._segment is None:
                raise OSError(0, self.fault)
            self._segment.append(b"".join([item.frame for item in batch]))
        except Exception as error:  # whatever it was: who waits for this thread must hear of it
            self.fault = _said(error)
            if self._segment is not None:
                self._segment.abandon()
                self._segment = None
            self._wake(batch, EvidenceError(f"the journal cannot be written: {self.fault}"))
            return
        for item in batch:
            if item.opens:
                self._unclosed[item.opens] = item.frame
            elif item.closes:
                self._unclosed.pop(item.closes, None)
        self._wake(batch, None)
        if self._segment.size >= self._limit:
            self._renew()

    def _renew(self) -> None:
        """Go on in a new segment; streams that are still open are opened there again."""
        fresh: Segment | None = None
        try:
            self._number += 1
            fresh = Segment(
                self._folder, worker=self._worker, number=self._number, clock=self._clock
            )
            if self._unclosed:
                fresh.append(b"".join(self._unclosed.values()))
            if self._segment is not None:
                self._segment.end()
        except Exception as error:
            if fresh is not None:
                fresh.discard()  # what it has was carried over
            if self._segment is None:
                self.fault = _said(error)
            return  # with a segment to go on in, a longer one is better than none
        self._segment = fresh
        if not self.fault.startswith(_TOO_FULL):
            self.fault = ""

    def _wake(self, batch: list[_Item], error: EvidenceError | None) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._landed, batch, error)


def _said(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


_TOO_FULL = "the disk is nearly full"
_BATCH, _OVER = b".", b"!"
