"""An evaluation run: its plan (fixed before), and its summary (what came out)."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field, structs

from .clock import Instant
from .indicator import Measurement
from .quarantine import FlakyCase


class SuitePin(Struct, frozen=True, kw_only=True):
    """A suite as fixed in the bar: its digest and every case's digest."""

    name: str
    digest: str
    cases: dict[str, str]
    """Case id -> digest of the case."""
    questions: dict[str, str] | UnsetType = UNSET
    """Case id -> digest of what it asks (`question_digest`); earlier versions left it out."""
    purpose: Literal["calibration"] | UnsetType = UNSET
    """Of a suite that something was fitted on and nothing was judged by."""

    def question(self, case: str) -> str:
        """Digest of what a case asks; empty where it is not known."""
        return "" if self.questions is UNSET else self.questions.get(case, "")


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
    quarantine: dict[str, str] | UnsetType = UNSET
    """`suite/case` -> the last day on which it is set aside; left out where nothing is."""

    @property
    def words(self) -> frozenset[str]:
        """Digests of all that is asked, as far as they are known."""
        return frozenset(each for pin in self.suites for each in (pin.questions or {}).values())


class Unchecked(Struct, frozen=True, kw_only=True):
    """Answers that a rail or never event could not look at, and why."""

    rail: str
    """The rail's id; `never:<id>` for a never event."""
    reason: str
    rows: int
    blocked: int = 0
    """How many of them were blocked: what cannot be looked at does not leave."""


class EarlyStop(Struct, frozen=True, kw_only=True):
    """A suite that was asked until its rule was met, and not to its end."""

    suite: str
    rule: str
    """In words."""
    asked: int
    """Cases of the suite that were asked."""
    of: int
    looks: int
    """How often the rule could have stopped it: what the gate's confidence pays for."""


class Spending(Struct, frozen=True, kw_only=True):
    """What a run cost beside the candidate's answers, when that was paid for."""

    by: str
    """`judges`, or `users`: models that play them."""
    calls: int
    input_tokens: int
    output_tokens: int
    cost: str | None
    """None where no price is known, never 0."""
    unpriced: int = 0
    """Calls whose price is not known."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """What a run says. Deterministic for the same observations.

    As it is kept (`timeless`) it does not say which attempt it was and when: the ledger's entry
    does. So the same suite, seed and answers give the same bytes.
    """

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
    """Of all that was asked and has a price: answers, judges, simulated users."""
    flaky: tuple[str, ...] = ()
    suites: dict[str, int] = field(default_factory=dict)
    """Suite -> number of rows."""
    unchecked: tuple[Unchecked, ...] = ()
    """What nobody looked at; the commonest first."""
    flaky_cases: tuple[FlakyCase, ...] = ()
    """The cases of `flaky` with how often each passed, and who answers for it."""
    looks: int = 1
    """At how many points the run could have ended; more than 1 where a suite may stop early."""
    stopped_early: tuple[EarlyStop, ...] = ()
    spent: tuple[Spending, ...] = ()
    """Of `cost`, what was not for the candidate's answers."""


def timeless(summary: RunSummary) -> RunSummary:
    """What the run says, without which attempt it was, when, and which bytes its file has."""
    return structs.replace(summary, run="", started_at="", ended_at="", file="")
