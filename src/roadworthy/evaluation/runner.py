"""Asks every question of a plan, a bounded number at a time, and keeps every answer.

Enters: a plan, a target and an open run file. Leaves: the rows, sorted by their keys (without
their texts, which lie in the run file), and one digest over them. What never happens: a finished
row is asked again, or a row is counted that is not in the file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct

from roadworthy.domain import EarlyStop, Observation, Shared, Target

from .fingerprint import DIGEST_BYTES, digest_in_order, row_digest
from .plan import Item, Key, Plan
from .progress import Progress, Tally
from .runfile import RunFile
from .scoring import Scoring
from .stopping import Enough, Stopping

PROGRESS_SECONDS = 0.1


class Limits(Struct, frozen=True, kw_only=True):
    """How much may be asked at a time, and when to stop early."""

    concurrency: int = 16
    budget: Decimal | None = None
    """Stop once this much was paid in one currency by this process."""
    patience_s: float | None = None
    """How long to wait for an upstream's rate limits, all pauses together; None: as usual."""
    errors_in_a_row: int = 100
    """Stop when so many questions in a row fail: the upstream is down, not the candidate bad."""


class RunRows(Struct, frozen=True, kw_only=True):
    """What a run has come to."""

    rows: tuple[Observation, ...]
    """In the order of (suite, case, repeat), as `read_run` gives them, without `output` and
    `raw_output`: what is measured now and what the gate measures later are the same."""
    digest: str
    """Of what the rows say, texts included; see `fingerprint`."""
    missing: int = 0
    """Questions without a row, but for those that a stopping rule made needless."""
    looks: int = 1
    """At how many points the run could have ended by such a rule."""
    stopped_early: tuple[EarlyStop, ...] = ()
    stopped: str = ""
    """Why it stopped early; empty when it did not."""
    progress: Progress

    @property
    def errors(self) -> int:
        """Rows that are errors."""
        return sum(1 for row in self.rows if row.status == "error")


async def run(
    planned: Plan,
    target: Target,
    *,
    runfile: RunFile,
    scoring: Scoring,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    on_progress: Callable[[Progress], None] | None = None,
    enough: Enough | None = None,
) -> RunRows:
    """Ask what is not finished yet. The same call after a kill goes on where it was.

    `enough` says when a suite that may stop early has been asked enough.

    Raises what the target raises beyond its port (its own faults), after flushing all rows, and
    EvidenceError when a row cannot be written.
    """
    state = _Run(planned, runfile, scoring, limits, on_progress)
    stopping = Stopping(planned, enough)
    try:
        for asked in stopping.rounds(state.rows):
            state.ask(asked)
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(limits.concurrency, state.open)):
                    workers.create_task(_work(state, target))
            if state.stopped:
                break
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        runfile.flush()
    return state.result(stopping)


async def _work(state: _Run, target: Target) -> None:
    """One of the pool: takes the next question until there is none."""
    for item in state.questions:
        observation = await target.answer(item.case, suite=item.suite, repeat=item.repeat)
        if state.scoring.waits(item):
            row = await asyncio.to_thread(state.scoring.scored, item, observation)
        else:
            row = state.scoring.scored(item, observation)
        state.take(item, row)
        if state.stopped:
            return


class _Run:
    """The rows so far."""

    def __init__(
        self,
        planned: Plan,
        runfile: RunFile,
        scoring: Scoring,
        limits: Limits,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._plan = planned
        self._file = runfile
        self.scoring = scoring
        self._limits = limits
        self._on_progress = on_progress
        self._rows: dict[Key, Observation] = {}
        self._digests = bytearray()
        """Of the rows, one after the other as they came."""
        self._shared = Shared()
        for key, row in runfile.finished.items():
            self._keep(key, row)
        runfile.finished = {}
        self._tally = Tally(len(planned.items), len(self._rows))
        self._started = self._shown = time.perf_counter()
        self.open = 0
        self.questions: Iterator[Item] = iter(())
        self.stopped = ""

    def ask(self, items: tuple[Item, ...]) -> None:
        """Take these as the next questions, but for those that are answered."""
        left = [item for item in items if item.key not in self._rows]
        self.open = len(left)
        self.questions = iter(left)

    def rows(self) -> Iterator[Observation]:
        """The rows so far, in the order of their keys."""
        return (self._rows[key] for key in sorted(self._rows))

    def take(self, item: Item, row: Observation) -> None:
        """Write a finished, scored row, count it."""
        row = self._file.append(row)
        self._keep(item.key, row)
        self._tally.add(row)
        self._stop_early()
        now = time.perf_counter()
        if self._on_progress is not None and now - self._shown >= PROGRESS_SECONDS:
            self._shown = now
            self._on_progress(self._tally.snapshot(now - self._started))

    def result(self, stopping: Stopping) -> RunRows:
        """The rows, and what was made needless."""
        rows = tuple(self.rows())
        snapshot = self._tally.snapshot(time.perf_counter() - self._started)
        if self._on_progress is not None:
            self._on_progress(snapshot)
        return RunRows(
            rows=rows,
            digest=digest_in_order(self._in_order()),
            missing=len(self._plan.items) - len(rows) - stopping.left_out,
            looks=stopping.looks,
            stopped_early=stopping.stopped,
            stopped=self.stopped,
            progress=snapshot,
        )

    def _keep(self, key: Key, row: Observation) -> None:
        assert key not in self._rows, key
        one = self._shared.one
        self._rows[key] = msgspec.structs.replace(
            row,
            output="",
            raw_output="",
            tags=one(row.tags),
            facets=one(row.facets),
            usage=one(row.usage),
            rails=one(row.rails),
            scores=one(row.scores),
            attributes=one(row.attributes),
            output_digest=one(row.output_digest),
        )
        self._digests += row_digest(row)

    def _in_order(self) -> Iterator[bytes]:
        """The rows' digests, in the order of their keys."""
        places = {key: place for place, key in enumerate(self._rows)}
        for key in sorted(places):
            start = places[key] * DIGEST_BYTES
            yield bytes(self._digests[start : start + DIGEST_BYTES])

    def _stop_early(self) -> None:
        tally, limits = self._tally, self._limits
        if self.stopped:
            return
        if tally.errors_in_a_row >= limits.errors_in_a_row:
            self.stopped = f"{tally.errors_in_a_row} questions in a row failed"
        elif limits.budget is not None and any(
            spent >= limits.budget for spent in tally.spent.values()
        ):
            self.stopped = f"the budget of {limits.budget} is spent"
