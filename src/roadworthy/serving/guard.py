"""A guard: one rail or never event, compiled, looking at one side of an exchange.

Enters: a text. Leaves: what was found, or why nothing could be said. Never happens here: an
exception that gets away; a guard that cannot look says so, and the line closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import force_setattr, replace

from roadworthy.detectors import ShapeDetector
from roadworthy.domain import (
    Detector,
    DetectorError,
    Finding,
    Inspector,
    RailAction,
    RailVerdict,
    TextContext,
)

Side = Literal["input", "output"]
Timer = Callable[[], float]
"""Seconds from an arbitrary start; never goes back."""

_OF_ITS_OWN: dict[Timer, Timer] = {time.perf_counter: time.thread_time}
"""What a second look is measured by: the processor's time, which others cannot take away. It costs
ten times as much to read, so it is not what the first is measured by.
"""

NOT_WIRED = "no judge is wired"
"""Why a guard without a detector says nothing."""


class Guard(Struct, frozen=True, kw_only=True):
    """What looks, for what, and what follows."""

    rail: str
    """The rail's id; `never:<id>` for a never event."""
    side: Side
    detector: Detector | None
    """None: what would look is not wired (a judge); the guard then is closed."""
    action: RailAction
    threshold: float = 0.5
    budget_s: float = 0.005
    open: bool = False
    """Whether an answer passes when the guard cannot look."""
    replacement: str = ""
    never_event: str = ""
    error_is_event: bool = False
    """Whether a rule that raises counts as happened (CEL never events)."""
    deep: bool = False
    """Whether something outside is asked, by `asks`; without it the guard is closed."""
    asks: Inspector | None = None
    passed: RailVerdict | None = None
    """The verdict of a look that found nothing: always the same, so made once."""

    def __post_init__(self) -> None:
        clean = RailVerdict(
            rail=self.rail, side=self.side, outcome="passed", never_event=self.never_event
        )
        force_setattr(self, "passed", clean)

    @property
    def shapes(self) -> ShapeDetector | None:
        """The detector when it looks for shapes, else None."""
        return self.detector if isinstance(self.detector, ShapeDetector) else None

    @property
    def window(self) -> ShapeDetector | None:
        """The detector when it can follow a growing text, else None."""
        shapes = self.shapes
        return None if shapes is None or shapes.needs == "whole" else shapes

    @property
    def collects(self) -> bool:
        """Whether the whole answer must be there before its first character may leave."""
        if self.only_tells:
            return False
        return self.action in ("hold", "replace", "resample") or self.window is None

    @property
    def only_tells(self) -> bool:
        """Whether what it finds changes no character of the answer and stops none."""
        return self.action in ("flag", "label")

    def label(self, kind: str) -> str:
        """What stands in the text instead of a finding."""
        return self.replacement or f"<{kind}>"


class Look(Struct, kw_only=True):
    """What one guard saw."""

    findings: list[Finding] = []
    """Those that reach the threshold."""
    failure: str = ""
    """Why it could not look, in plain words; never the text itself."""
    ms: float | None = None
    """How long it waited for something outside."""


def look(guard: Guard, text: str, context: TextContext, timer: Timer) -> Look:
    """Look at a whole text. Never raises."""
    detector = guard.detector
    if detector is None:
        return Look(failure=NOT_WIRED)
    return attempt(guard, lambda: detector.detect(text, context), timer)


def attempt(guard: Guard, see: Callable[[], Sequence[Finding]], timer: Timer) -> Look:
    """Run one look inside the guard's time budget.

    A detector is pure, so a look that took too long is given a second chance: on a busy machine
    the first may only have waited for the processor, and the second is measured by what it took
    of that. Over budget twice is a time-out.
    """
    for clock in (timer, _OF_ITS_OWN.get(timer, timer)):
        begin = clock()
        try:
            found = see()
        except DetectorError as problem:
            return Look(failure=problem.message)
        except Exception as problem:  # whatever broke, the line must close and not fall over
            return Look(failure=f"the detector broke ({type(problem).__name__})")
        if clock() - begin <= guard.budget_s:
            threshold = guard.threshold
            return Look(findings=[f for f in found if f.score >= threshold] if found else [])
    return over_budget(guard)


def over_budget(guard: Guard) -> Look:
    """A guard that had no time to look."""
    return Look(failure=f"over its budget of {guard.budget_s * 1000:g} ms")


def verdict(guard: Guard, seen: Look, stopped_by: str = "") -> RailVerdict:
    """The verdict that goes into the observation.

    `stopped_by`: the rail that stopped the answer before this guard had seen all of it; then
    "nothing found" is not the same as passed.
    """
    if not (seen.failure or seen.findings or stopped_by) and guard.passed is not None:
        return guard.passed if seen.ms is None else replace(guard.passed, ms=seen.ms)
    if seen.failure:
        outcome, reason = "not_checked", seen.failure
    elif not seen.findings and stopped_by:
        outcome, reason = "not_checked", f"stopped first by {stopped_by}"
    else:
        outcome, reason = (guard.action if seen.findings else "passed"), ""
    return RailVerdict(
        rail=guard.rail,
        side=guard.side,
        outcome=outcome,  # type: ignore[arg-type]
        kinds=tuple(sorted({finding.kind for finding in seen.findings})),
        score=max((finding.score for finding in seen.findings), default=None),
        reason=reason,
        never_event=guard.never_event,
        ms=UNSET if seen.ms is None else seen.ms,
    )
