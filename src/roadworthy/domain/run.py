"""An evaluation run: its plan (fixed before), and its summary (what came out)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .clock import Instant
from .indicator import Measurement


class SuitePin(Struct, frozen=True, kw_only=True):
    """A suite as fixed in the bar: its digest and every case's digest."""

    name: str
    digest: str
    cases: dict[str, str]
    """Case id -> digest of the case."""


class Bar(Struct, frozen=True, kw_only=True):
    """What was fixed before the first call; entered in the ledger first."""

    system: str
    candidate: str
    """The candidate's digest."""
    slos: str
    """Digest of safety-slos.yaml as parsed."""
    suites: tuple[SuitePin, ...]
    seed: int = 0
    repeats: int = 0
    """How often every case was asked; 0: as cases and suites say, which is the contract."""


class Unchecked(Struct, frozen=True, kw_only=True):
    """Answers that a rail or never event could not look at, and why."""

    rail: str
    """The rail's id; `never:<id>` for a never event."""
    reason: str
    rows: int
    blocked: int = 0
    """How many of them were blocked: what cannot be looked at does not leave."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """What a run says. Deterministic for the same observations."""

    run: str
    system: str
    candidate: str
    candidate_name: str = ""
    bar: str
    """Digest of the bar."""
    status: Literal["complete", "partial"]
    n: int
    errors: int = 0
    indicators: tuple[Measurement, ...] = ()
    observations: str = ""
    """Digest of the run file's rows, in (suite, case, repeat) order."""
    file: str = ""
    """Digest of the run file's bytes, so of durations and instants too."""
    started_at: Instant = ""
    ended_at: Instant = ""
    cost: str | None = None
    flaky: tuple[str, ...] = ()
    suites: dict[str, int] = field(default_factory=dict)
    """Suite -> number of rows."""
    unchecked: tuple[Unchecked, ...] = ()
    """What nobody looked at; the commonest first."""
