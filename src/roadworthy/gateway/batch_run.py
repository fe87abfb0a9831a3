"""One batch, from its file of requests to its files of results.

    validating    every line is looked at before anything is asked
    in_progress   lines are asked by the same line as live traffic, some at once
    finalizing    what was not asked says why; the files are there
    completed | expired | cancelled | failed

What never happens here: a line that is asked though its answer is on disk; an answer of a scope
that is stopped, or for a key that was revoked; a batch that gives up because it has to wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    BatchFault,
    BatchSettings,
    BatchState,
    EvidenceError,
    Instant,
    StoredFile,
    VerificationError,
    format_instant,
)
from roadworthy.flows.batches.files import BatchFiles
from roadworthy.flows.batches.ids import MOST_TRIES, answer_id, line_of
from roadworthy.flows.batches.store import BatchStore
from roadworthy.serving import Caller, TenantKey, aim
from roadworthy.wiring.gateway import Gateway

from .batch import BatchLine, code_of, read_line, result_of
from .batch_aside import Aside, encoded, keeping
from .batch_check import Checked, check
from .batch_ends import ENDS, TRIES, WORTH_WAITING, after, upstream_failed
from .batch_recovery import Found, asked_before, rebuilt
from .batch_results import Results, erased, unanswered
from .inside import Said
from .upload import user_of

LOOK_S = 0.2
"""Between two looks whether the batch is to end."""

KEPT_S = 1.0
"""Between two states that are written down, and two times that results are made durable."""

Ask = Callable[[Caller, BatchLine, str], Awaitable[Said]]
"""Ask a line for somebody, under an id for its answer."""


class Desk(Struct, frozen=True, kw_only=True):
    """What all batches of a process share."""

    gateway: Gateway
    files: BatchFiles
    store: BatchStore
    settings: BatchSettings
    ask: Ask
    slots: asyncio.Semaphore
    """A place for each line that is asked."""
    over: asyncio.Event
    """The process ends: nothing more is begun."""


class BatchRun:
    """One batch of this process; nobody else writes it."""

    def __init__(self, state: BatchState, desk: Desk) -> None:
        self.state = state
        self._desk = desk
        self._clock = desk.gateway.clock
        self._why = ""
        """Why no more is asked: a key of `ENDS`."""
        self._looked = float("-inf")
        self._later: set[int] = set()
        """Lines of a slice that is stopped."""
        self._found = Found({}, {})
        self._results: Results | None = None
        self._aside: dict[int, Path] = {}
        """Of lines under way: what is kept beside the journal."""

    async def run(self) -> None:
        """Do what is left to do. Raises OSError, EvidenceError: it can be gone on with."""
        try:
            resumed = self.state.status != "validating"
            file = self._desk.files.lying(self.state.tenant, self.state.input_file)
            if file is None:
                self._fail(BatchFault(code="input_file_gone", message="the input file is gone"))
            elif resumed or await self._validate(file):
                await self._work(file, resumed=resumed)
        finally:
            if self._results is not None:
                self._results.close()

    async def _work(self, file: StoredFile, *, resumed: bool) -> None:
        results = self._results = Results(self.state, self._desk.files)
        if resumed:
            folder = self._desk.gateway.workspace.journal
            self._found = await asyncio.to_thread(asked_before, folder, self.state, results.done)
        keeper = asyncio.create_task(self._keep(results))
        try:
            await self._ask_all(file, results)
        except VerificationError:
            self._why = "damaged"
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        if self._desk.over.is_set() and not self._why:
            await results.sync()
            self._put(results.counted(self.state))
            return
        await self._finish(file, results)

    # --- validating ----------------------------------------------------------------------

    async def _validate(self, file: StoredFile) -> bool:
        """Look at every line. Whether it may be asked; if not, the batch has failed."""
        lines = self._desk.files.lines(file)
        try:
            seen = await check(lines, self.state, self._desk.settings.requests)
        except VerificationError as error:
            seen = Checked(faults=[BatchFault(code="input_file_damaged", message=error.message)])
        if seen.faults:
            self._fail(*seen.faults)
            return False
        self._put(
            structs.replace(
                self.state,
                status="in_progress",
                in_progress_at=self._now(),
                total=seen.total,
                model=seen.model,
            )
        )
        return True

    # --- in_progress ---------------------------------------------------------------------

    async def _ask_all(self, file: StoredFile, results: Results) -> None:
        await self._pass(file, results, None)
        while self._later and not self._ends():
            self._wait_for("kill_switch")
            version = self._desk.gateway.table.version
            while self._desk.gateway.table.version == version and not self._ends():
                await self._pause(LOOK_S)
            again, self._later = self._later, set()
            await self._pass(file, results, again)

    async def _pass(self, file: StoredFile, results: Results, wanted: set[int] | None) -> None:
        lines = self._unasked(file, results, wanted)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._desk.settings.concurrency):
                    group.create_task(self._walk(lines, results))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    def _unasked(
        self, file: StoredFile, results: Results, wanted: set[int] | None = None
    ) -> Iterator[tuple[int, str | None]]:
        for number, text in self._desk.files.lines(file):
            blank = text is not None and not text.strip()
            if not blank and number not in results.done and (wanted is None or number in wanted):
                yield number, text

    async def _walk(self, lines: Iterator[tuple[int, str | None]], results: Results) -> None:
        for number, text in lines:
            if self._ends():
                return
            if text is None:
                results.add(number, erased(number), ok=False, subject="")
                continue
            await self._answer(number, read_line(text.encode(), {}), results)

    async def _answer(self, number: int, one: BatchLine, results: Results) -> None:
        """Have one line answered, and keep its result; or leave it for later, or for nobody."""
        said = self._known(number, one)
        tries = waits = 0
        while said is None:
            caller = await self._may_ask(one)
            if caller is None:
                return
            keeping.set(partial(self._keep_aside, number, one))
            async with self._desk.slots:
                said = await self._desk.ask(caller, one, self._id(number))
            code = "" if said.status == 200 else code_of(said)
            pause = 0.0
            if code == "kill_switch":
                if not self._is_killed(one):
                    self._later.add(number)
                    return
                said = None
            elif code in WORTH_WAITING:
                self._wait_for(code)
                pause, waits = after(said, waits), waits + 1
                said = None
            elif upstream_failed(said) and (tries := tries + 1) < TRIES:
                pause, said = float(4 ** (tries - 1)), None
            await self._pause(pause)
        self._wait_for("")
        subject = self._desk.gateway.vault.pseudonym(self.state.tenant, user_of(one.body))
        result = msgspec.json.encode(result_of(one, said))
        results.add(number, result, ok=said.status == 200, subject=subject)
        path = self._aside.pop(number, None)
        if path is not None:
            path.unlink(missing_ok=True)

    async def _keep_aside(self, number: int, one: BatchLine, aside: Aside) -> None:
        """Keep what an answer holds beside its text; of a shadow of it nothing is."""
        place = line_of(self.state, aside.observation)
        if place is not None and place[0] == number:
            subject = self._desk.gateway.vault.pseudonym(self.state.tenant, user_of(one.body))
            self._aside[number] = self._desk.store.keep_aside(
                self.state, number, encoded(aside), subject=subject
            )

    def _known(self, number: int, one: BatchLine) -> Said | None:
        """An answer that the journal has, and the file of results has not."""
        record = self._found.answers.get(number)
        if record is None:
            return None
        aside = self._desk.store.aside(self.state, number)
        return rebuilt(one, record, self._desk.gateway.vault, aside)

    def _id(self, number: int) -> str:
        turn = self._found.tries.get(number, 0)
        self._found.tries[number] = turn + 1
        return answer_id(self.state, number, turn % MOST_TRIES)

    async def _may_ask(self, one: BatchLine) -> Caller | None:
        """Wait until the line may be asked; None when the batch ends before."""
        while not self._ends():
            caller = self._caller()
            if self._is_killed(one):
                self._wait_for("kill_switch")
            elif caller is not None and await self._has_room(caller):
                return caller
            await self._pause(LOOK_S)
        return None

    def _caller(self) -> Caller | None:
        """Who asks, as he stands now; None while nobody can say."""
        tenants = self._desk.gateway.tenants
        if tenants is None:
            self._wait_for("keys_unreadable")
            return None
        stranger = Caller(TenantKey(tenant=self.state.tenant, created=""), self.state.key)
        try:
            return tenants.again(stranger, self._now)
        except AccessError:
            self._why = "revoked"
            return None

    async def _has_room(self, caller: Caller) -> bool:
        """Whether half of the tenant's minute is left: that is for who waits for an answer."""
        if caller.limits is None:
            return True
        try:
            free = await self._desk.gateway.allowance.half_left(caller.limits)
        except EvidenceError:
            free = True  # who asks will be told what is wrong
        if not free:
            self._wait_for("rate_limit_exceeded")
        return free

    def _is_killed(self, one: BatchLine) -> bool:
        """Whether its system or tenant is stopped; of a slice only its answer tells."""
        gateway = self._desk.gateway
        target = aim(str(one.body.get("model", "")), gateway.served)
        system = target.system if target is not None else ""
        flag = gateway.table.killed(system=system, tenant=self.state.tenant, facets={})
        return flag is not None

    def _ends(self) -> bool:
        """Whether nothing more is to be asked; looked at now and then."""
        if self._why or self._desk.over.is_set():
            return True
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked = now
            if self._desk.store.cancelled_at(self.state):
                self._why = "cancelled"
            elif self._now() >= self.state.expires_at:
                self._why = "expired"
        return bool(self._why)

    async def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0 and not self._ends():
            await asyncio.sleep(min(left, LOOK_S))

    def _wait_for(self, code: str) -> None:
        if self.state.waits != code:
            self.state = structs.replace(self.state, waits=code)

    async def _keep(self, results: Results) -> None:
        """Write down how it stands, once a second where something changed."""
        before = self.state
        while True:
            await asyncio.sleep(KEPT_S)
            now = results.counted(self.state)
            if now != before:
                before = now
                with suppress(OSError):
                    await results.sync()
                    await asyncio.to_thread(self._desk.store.put, now, durable=False)

    # --- the end -------------------------------------------------------------------------

    async def _finish(self, file: StoredFile, results: Results) -> None:
        status, code, message = ENDS.get(self._why, ("completed", "", ""))
        state = structs.replace(
            self.state, status="finalizing", finalizing_at=self._now(), waits=""
        )
        self._put(results.counted(state))
        with suppress(VerificationError):  # beyond what is damaged nobody knows what was asked
            for number, text in self._unasked(file, results):
                self._add_unasked(number, text, results, code=code, message=message)
        await results.sync()
        named = results.publish()
        self._desk.store.drop_asides(self.state)
        self._results = None
        faults = (BatchFault(code=code, message=message),) if status == "failed" else ()
        self._put(
            structs.replace(
                named,
                status=status,
                waits="",
                finalizing_at=state.finalizing_at,
                ended_at=self._now(),
                faults=faults,
            )
        )

    def _add_unasked(
        self, number: int, text: str | None, results: Results, *, code: str, message: str
    ) -> None:
        if text is None:
            results.add(number, erased(number), ok=False, subject="")
            return
        one = read_line(text.encode(), {})
        known = self._known(number, one)
        subject = self._desk.gateway.vault.pseudonym(self.state.tenant, user_of(one.body))
        if known is not None:
            result = msgspec.json.encode(result_of(one, known))
            results.add(number, result, ok=True, subject=subject)
            return
        id_ = f"batch_req_{self.state.id.removeprefix('batch-')}_{number}"
        results.add(
            number, unanswered(id_, one.custom_id, code, message), ok=False, subject=subject
        )

    def _fail(self, *faults: BatchFault) -> None:
        self._put(structs.replace(self.state, status="failed", faults=faults, ended_at=self._now()))

    def _put(self, state: BatchState) -> None:
        self._desk.store.put(state)
        self.state = state

    def _now(self) -> Instant:
        return format_instant(self._clock.now())
