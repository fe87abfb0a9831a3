"""The highest rate at which the objectives on latency and errors still hold.

    step    1 ask at a rate for a while
            2 hold each objective against what came of it
    ramp    3 up until one is missed, then between the two, until they are near each other

Enters: objectives, what asks at a rate. Leaves: ramps, each with a capacity of its own. What never
happens here: a step that holds although nothing was answered, or a rate that the asking process
could not keep up with, taken for one that the gateway could not.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from roadworthy.domain import SafetySLO, SloTarget, UsageError, parse_target, read_name
from roadworthy.statistics import quantile

from .open_loop import Shots

NEAR = 1.1
"""A ramp ends where the rate that holds and the one that does not are this near each other."""
LATE_S = 0.025
"""An asking process that is later than that with one request in a hundred cannot keep up."""
LEAST_N = 100
"""Requests of a step, so that the slowest in a hundred are seen."""
_DEEPEST = 128
"""Down to so small a part of the first rate it is looked for one that holds."""
_MEETS = {
    "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "==": operator.eq,
}  # fmt: skip
_JUDGED = ("latency", "error_rate", "availability")


class Held(Struct, frozen=True, kw_only=True):
    """An objective that a load can show: what it is on, and its target."""

    name: str
    metric: str
    aggregation: str
    target: SloTarget
    said: str
    """The target as it is written."""


class Step(Struct, frozen=True, kw_only=True):
    """What came of one rate."""

    rate: float
    n: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None
    late_ms: float
    """By how much the asking process was late, one time in a hundred."""
    holds: bool
    kept_up: bool
    """Whether the asking process sent what it was to send when it was due."""
    why: str = ""
    """Which objective was missed, with its value."""
    failure: str = ""
    """The commonest one."""


class Ramp(Struct, frozen=True, kw_only=True):
    """One search."""

    capacity: float
    """The highest rate of it that held; 0: none did."""
    at_least: bool
    """Whether it ended before a rate was missed."""
    why: str
    """What was missed next above it, or why the search ended there."""
    steps: tuple[Step, ...]


def load_objectives(slos: Sequence[SafetySLO]) -> list[Held]:
    """The objectives that a load can show. Raises UsageError where there is none."""
    found = []
    for slo in slos:
        about, target = read_name(slo), parse_target(slo.target)
        if about.metric in _JUDGED and not (slo.where or slo.by or target.relative_to):
            usual = "p95" if about.metric == "latency" else ""
            found.append(
                Held(
                    name=slo.name,
                    metric=about.metric,
                    aggregation=about.aggregation or usual,
                    target=target,
                    said=slo.target,
                )
            )
    if not found:
        raise UsageError(
            "no objective says how slow or faulty answers may be, so no rate is too high",
            fix='add one to safety-slos.yaml: {name: latency_p99, target: "<= 800 ms"}',
        )
    return found


def judged(rate: float, shots: Shots, objectives: Sequence[Held]) -> Step:
    """2. One step held against the objectives. What was never answered holds nothing.

    What is missed only as the asking process was late itself says nothing of the gateway.
    """
    ordered = sorted(shots.took)
    late = quantile(sorted(shots.late), 0.99) if shots.late else 0.0
    missed = _missed(ordered, shots, objectives)
    own_fault = late > LATE_S and bool(missed)
    if own_fault and not shots.overrun:
        own_fault = not _missed(sorted(shots.served), shots, objectives)
    return Step(
        rate=rate,
        n=shots.n,
        failed=shots.failed.total(),
        p50_ms=1000 * quantile(ordered, 0.5) if ordered else None,
        p99_ms=1000 * quantile(ordered, 0.99) if ordered else None,
        late_ms=1000 * late,
        holds=not missed,
        kept_up=not own_fault,
        why="; ".join(missed),
        failure=next((why for why, _ in shots.failed.most_common(1)), ""),
    )


def _missed(ordered: Sequence[float], shots: Shots, objectives: Sequence[Held]) -> list[str]:
    missed = []
    if shots.overrun:
        missed.append("too many requests waited at once")
    elif not ordered:
        missed.append("nothing was answered")
    for each in objectives if ordered else ():
        value = value_of(each, ordered, shots)
        if not _MEETS[each.target.operator](value, each.target.bound):
            unit = " ms" if each.metric == "latency" else ""
            missed.append(f"{each.name} is {value:.4g}{unit}, and shall be {each.said}")
    return missed


def value_of(held: Held, ordered: Sequence[float], shots: Shots) -> float:
    """What an objective is on, of durations in seconds, the shortest first; latency in ms."""
    failed = shots.failed.total() / shots.n
    if held.metric == "error_rate":
        return failed
    if held.metric == "availability":
        return 1.0 - failed
    if held.aggregation == "mean":
        return 1000 * math.fsum(ordered) / len(ordered)
    share = {"max": 1.0, "min": 0.0}.get(held.aggregation)
    return 1000 * quantile(ordered, int(held.aggregation[1:]) / 100 if share is None else share)


async def climb(
    step: Callable[[float], Awaitable[Step]], *, first: float, most: float, factor: float = 2.0
) -> Ramp:
    """3. Up from `first` by `factor` until a rate is missed or `most` holds, then in between.

    Where it ends below a rate that the asking process could not keep up with, it is "at least".
    """
    low, high, why, own = 0.0, math.inf, "", False
    rate, taken = min(first, most), []
    while high > low * NEAR and rate >= first / _DEEPEST:
        found = await step(rate)
        taken.append(found)
        if found.holds:
            low = rate
            if rate >= most:
                why = f"{most:.4g} a second is as much as was asked for"
                return Ramp(capacity=low, at_least=True, why=why, steps=tuple(taken))
        else:
            high, why, own = rate, found.why, not found.kept_up
            if own:
                why = f"the asking process was {found.late_ms:.0f} ms late at {rate:.4g} a second"
        if math.isinf(high):
            rate = min(rate * factor, most)
        else:
            rate = math.sqrt(low * high) if low else rate / factor
    return Ramp(capacity=low, at_least=own, why=why, steps=tuple(taken))
