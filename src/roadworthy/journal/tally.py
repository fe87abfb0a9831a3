"""Running counts of what a worker answered, for a monitoring system that comes by and asks.

Enters: observations that the journal keeps, and errors that callers got. Leaves: a state
that a file can hold. Never happens here: a text, an end user, or a number that goes down while
the process lives.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from pathlib import Path

import msgspec
from msgspec import Struct, field

from roadworthy.domain import UNHEARD, AddressState, EvidenceError, Instant, Observation, Usage
from roadworthy_verify.plain_file import read_plain

DURATION_BUCKETS_S = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip
"""Upper bounds, inclusive; OpenTelemetry's semantic conventions for generative AI, metrics."""

FIRST_TOKEN_BUCKETS_S = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
"""The same conventions, for the time to the first token."""


class Exchanges(Struct, kw_only=True):
    """Exchanges of one kind: how many, what they read, wrote and cost."""

    system: str
    release: str
    tenant: str
    action: str
    status: str
    n: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: dict[str, float] = field(default_factory=dict)
    """Currency -> amount, rounded as floats are: for a curve, not for a bill."""
    unpriced: int = 0
    """Exchanges whose price is not known; they are not in `cost`."""

    def add(self, observation: Observation) -> None:
        """Count one exchange."""
        self.n += 1
        self._read(observation.usage)
        if observation.cost is None:
            self.unpriced += 1
        else:
            spent = self.cost.get(observation.currency, 0.0)
            self.cost[observation.currency] = spent + float(observation.cost)

    def _read(self, usage: Usage) -> None:
        self.input_tokens += usage.input_tokens
        self.cached_input_tokens += usage.cached_input_tokens
        self.output_tokens += usage.output_tokens
        self.reasoning_tokens += usage.reasoning_tokens


class Histogram(Struct, kw_only=True):
    """How many durations fell into which bucket; the last one is for all that are longer."""

    counts: list[int]
    total_s: float = 0.0

    def add(self, seconds: float, bounds: tuple[float, ...]) -> None:
        """Count one duration."""
        self.counts[bisect_left(bounds, seconds)] += 1
        self.total_s += seconds


class Durations(Struct, kw_only=True):
    """How long the answers of one release took."""

    system: str
    release: str
    whole: Histogram = field(
        default_factory=lambda: Histogram(counts=[0] * (len(DURATION_BUCKETS_S) + 1))
    )
    first: Histogram = field(
        default_factory=lambda: Histogram(counts=[0] * (len(FIRST_TOKEN_BUCKETS_S) + 1))
    )


class Verdicts(Struct, kw_only=True):
    """What one rail of one release found on one side, or could not look at."""

    system: str
    release: str
    rail: str
    side: str
    outcome: str
    n: int = 0


class Refusals(Struct, kw_only=True):
    """Requests that were answered with an error, kept as an exchange (a kill is) or not."""

    status: int
    code: str
    n: int = 0


class Gauges(Struct, frozen=True, kw_only=True):
    """How a worker stands."""

    in_flight: int = 0
    serving: dict[str, str] = field(default_factory=dict)
    """System -> digest of the release that serves it."""
    refused: tuple[str, ...] = ()
    """Systems whose live release is not served."""
    addresses: dict[str, tuple[AddressState, ...]] = field(default_factory=dict)
    """System -> where its model is reached, and how each place does."""
    table_version: int = 0
    table_readable: bool = True
    keys_readable: bool = True
    journal_writable: bool = True
    limits_counted: bool = True
    disk_free_bytes: int | None = None


class WorkerState(Struct, frozen=True, kw_only=True):
    """All of it at one moment. Counts begin anew with the process."""

    version: int = 1
    worker: str
    pid: int
    at: Instant
    gauges: Gauges
    exchanges: list[Exchanges]
    durations: list[Durations]
    verdicts: list[Verdicts]
    refusals: list[Refusals]
    probes: int = 0
    """Answers to probes, which are in no other count."""


class Tally:
    """One worker's counts since it began."""

    def __init__(self) -> None:
        self._exchanges: dict[tuple[str, str, str, str, str], Exchanges] = {}
        self._durations: dict[tuple[str, str], Durations] = {}
        self._verdicts: dict[tuple[str, str, str, str, str], Verdicts] = {}
        self._refusals: dict[tuple[int, str], Refusals] = {}
        self._probes = 0

    def count(self, seen: Observation) -> None:
        """Count an exchange whose record is kept. A probe is no traffic, a shadow nobody's."""
        if seen.stage in UNHEARD:
            return
        if seen.stage in ("probe", "drill"):
            self._probes += 1
            return
        kind = (seen.system, seen.release, seen.tenant, seen.action, seen.status)
        exchanges = self._exchanges.get(kind)
        if exchanges is None:
            exchanges = self._exchanges[kind] = Exchanges(
                system=kind[0], release=kind[1], tenant=kind[2], action=kind[3], status=kind[4]
            )
        exchanges.add(seen)
        if seen.latency_ms is not None:
            release = kind[:2]
            durations = self._durations.get(release)
            if durations is None:
                durations = self._durations[release] = Durations(system=kind[0], release=kind[1])
            durations.whole.add(seen.latency_ms / 1000, DURATION_BUCKETS_S)
            if seen.first_token_ms is not None:
                durations.first.add(seen.first_token_ms / 1000, FIRST_TOKEN_BUCKETS_S)
        for verdict in seen.rails:
            if verdict.outcome != "passed":
                self._judged(seen, verdict.rail, verdict.side, verdict.outcome)

    def _judged(self, seen: Observation, rail: str, side: str, outcome: str) -> None:
        kind = (seen.system, seen.release, rail, side, outcome)
        verdicts = self._verdicts.get(kind)
        if verdicts is None:
            verdicts = self._verdicts[kind] = Verdicts(
                system=kind[0], release=kind[1], rail=rail, side=side, outcome=outcome
            )
        verdicts.n += 1

    def refused(self, status: int, code: str) -> None:
        """Count a request that was answered with an error."""
        refusals = self._refusals.get((status, code))
        if refusals is None:
            refusals = self._refusals[status, code] = Refusals(status=status, code=code)
        refusals.n += 1

    def state(self, *, worker: str, at: Instant, gauges: Gauges) -> WorkerState:
        """What is known now."""
        return WorkerState(
            worker=worker,
            pid=os.getpid(),
            at=at,
            gauges=gauges,
            exchanges=list(self._exchanges.values()),
            durations=list(self._durations.values()),
            verdicts=list(self._verdicts.values()),
            refusals=list(self._refusals.values()),
            probes=self._probes,
        )


def publish_state(folder: Path, state: WorkerState) -> None:
    """Leave a worker's state where others read it; the newest replaces the one before whole.

    Not forced to the disk: it is of no use after a crash. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{state.worker}.writing"
    draft.write_bytes(msgspec.json.encode(state))
    draft.rename(folder / f"{state.worker}.json")


def read_states(folder: Path) -> list[WorkerState]:
    """What every worker left. Raises EvidenceError for a file that is none of theirs."""
    states = []
    for path in sorted(folder.glob("*.json")):
        try:
            states.append(msgspec.json.decode(read_plain(path), type=WorkerState))
        except FileNotFoundError:
            continue
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise EvidenceError(
                f"{path} cannot be read: {error}", fix="restart the gateway: it writes it anew"
            ) from error
    return states


def forget_states(folder: Path) -> None:
    """Drop what workers of an earlier start left. Raises OSError."""
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)
