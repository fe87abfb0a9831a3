"""What the gate decided, objective by objective, and for all of them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from .quarantine import FlakyCase
from .registry import ModelUse
from .slo import SafetySLO
from .verdict import Verdict

Phase = Literal["prompt", "model", "data", "scope", "suite", "policy", "operations", ""]


class Assessment(Struct, frozen=True, kw_only=True):
    """One objective's verdict, with what it rests on."""

    slo: SafetySLO
    name: str
    """The SLO's name, with its slice when judged per slice (`name{tenant=acme}`)."""
    target: str
    estimate: float | None
    low: float | None
    high: float | None
    n: int
    """Cases (or groups of them), however often each was asked."""
    verdict: Verdict
    evidence: str = ""
    """`proven` (an interval, or a count) or `point` (the estimate alone); empty without data."""
    rows: int = 0
    """Answers behind the `n`."""
    coverage: float | None = None
    """Of objectives over labels: the share of their cases that were answered at all."""
    baseline: float | None = None
    difference: float | None = None
    reason: str = ""
    """In plain words; for a zero-tolerance target what the count proves."""
    phase: Phase = ""
    """The phase to go back to when it does not pass."""
    waived_by: str = ""
    """Waiver id when a failure was accepted."""


class Blocker(Struct, frozen=True, kw_only=True):
    """Something beside the objectives that keeps the gate closed."""

    verdict: Verdict
    reason: str
    phase: Phase = ""
    step: str = ""
    """What to do where nothing else keeps it closed; empty: as the verdict says."""


class WaiverUse(Struct, frozen=True, kw_only=True):
    """A waiver that a decision rests on, as it was signed. Its digest names its every word."""

    id: str
    digest: str
    covers: tuple[str, ...]
    """What it let pass: names of assessments, and `case ID` for a removed case."""
    reason: str
    author: str
    approved_by: tuple[str, ...]
    """Whose keys signed it."""
    until: str
    """The last day on which it holds."""


class GateDecision(Struct, frozen=True, kw_only=True):
    """The gate's decision on one run of one candidate. Same evidence, same bytes."""

    decision: Verdict
    system: str
    candidate: str
    run: str
    bar: str
    slos: tuple[Assessment, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why not, one sentence each; empty when PASS."""
    next_step: str = ""
    baseline_run: str = ""
    runs: int = 1
    """Runs of this candidate on these cases, this one among them."""
    looks: int = 1
    """At how many points the run could have ended early: the intervals pay for each."""
    quarantined: tuple[FlakyCase, ...] = ()
    """Flaky cases that were judged neither way, and who answers for them."""
    deliberation: str = ""
    """Digest of the deliberation note that the gate read; empty when there was none."""
    deliberated: str = ""
    """What that note decided: ship, ship_limited, hold or stop."""
    waivers: tuple[WaiverUse, ...] = ()
    """What was let pass, until when, and by whose keys."""
    models: tuple[ModelUse, ...] | UnsetType = UNSET
    """The models that it asks, as people approved them; left out: nobody looked."""
    notes: tuple[str, ...] = ()
    """What was not judged and why, differences to the baseline, waivers that count for nothing."""
