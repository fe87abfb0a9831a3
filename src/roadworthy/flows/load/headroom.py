"""Capacity and headroom: measured by `roadworthy load`, kept in the ledger, read by whoever asks.

Enters: ramps and the expected peak; later the ledger. Leaves: an entry; an indicator. What never
happens here: a headroom of another release, or of long ago, taken for today's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    INDICATORS,
    Charter,
    Draft,
    Entry,
    IndicatorSpec,
    Measurement,
    parse_instant,
    plain,
)
from roadworthy.statistics import mean_interval

from ..workspace.loop import Loop
from .capacity import Held, Ramp

MEASURED = "load.measured"
SOAKED = "load.soaked"
STALE_DAYS = 30
PEAK_FACTOR = 4.0
"""The busiest hour has a sixth of a day's requests: four times the mean."""
_DAY_S = 86_400.0


def expected_peak(charter: Charter, factor: float = PEAK_FACTOR) -> float:
    """Requests a second that the charter expects at the day's peak; 0: it expects none."""
    volume = sum(endpoint.expected_volume_per_day for endpoint in charter.endpoints)
    return volume / _DAY_S * factor


def headroom(peak: float, ramps: Sequence[Ramp], confidence: float = 0.95) -> Measurement:
    """1 - peak / capacity over ramps, each of which found the capacity anew; t bounds their mean.

    Ramps that ended before a rate was missed bound it from below only.
    """
    spec = INDICATORS["headroom"]
    if not ramps or not all(ramp.capacity for ramp in ramps):
        return _absent(spec, "no rate held the objectives, however low")
    free = [1.0 - peak / ramp.capacity for ramp in ramps]
    low = high = None
    open_end = any(ramp.at_least for ramp in ramps)
    reason = "capacity is at least that: the search ended before an objective was missed"
    if open_end:
        low = min(free)
    elif len(free) > 1 and min(free) < max(free):
        bounds = mean_interval(free, confidence)
        low, high, reason = bounds.low, min(1.0, bounds.high), ""
    else:
        reason = "one ramp has no bounds" if len(free) == 1 else "all ramps found the same"
    return Measurement(
        name=spec.name,
        value=sum(free) / len(free),
        low=low,
        high=high,
        n=len(free),
        rows=len(free),
        counted="ramps",
        unit=spec.unit,
        confidence=confidence,
        method="student_t" if high is not None else "",
        reason=reason,
    )


class Measured(Struct, frozen=True, kw_only=True):
    """What a search for the capacity of a release came to."""

    system: str
    release: str
    peak: float
    """Requests a second that are expected at the day's peak."""
    ramps: tuple[Ramp, ...]
    objectives: tuple[Held, ...]
    how: dict[str, Any]
    """Cases, machine, arrivals."""


def enter_capacity(loop: Loop, measured: Measured) -> tuple[Measurement, Entry]:
    """Record what was measured of a release."""
    ramps = measured.ramps
    found = headroom(measured.peak, ramps)
    payload = {
        "peak_per_second": measured.peak,
        "capacity_per_second": [ramp.capacity for ramp in ramps],
        "at_least": any(ramp.at_least for ramp in ramps),
        "why": [ramp.why for ramp in ramps],
        "headroom": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "reason": found.reason,
        "objectives": {each.name: each.said for each in measured.objectives},
        **measured.how,
    }
    draft = _draft(loop, measured.system, measured.release, MEASURED, payload)
    (entry,) = loop.ledger.record(draft)
    return found, entry


def enter_soak(loop: Loop, *, system: str, release: str, payload: dict[str, Any]) -> Entry:
    """Record what a long load at one rate came to."""
    (entry,) = loop.ledger.record(_draft(loop, system, release, SOAKED, payload))
    return entry


def _draft(loop: Loop, system: str, release: str, kind: str, payload: dict[str, Any]) -> Draft:
    return Draft(
        system=system, kind=kind, subject=release, actor=loop.machine, payload=plain(payload)
    )


def headroom_of(loop: Loop, *, system: str, release: str) -> Measurement:
    """What the newest measurement says of the release that is live; its age is in the reason."""
    spec = INDICATORS["headroom"]
    entry = loop.ledger.newest(kind=MEASURED, system=system)
    if entry is None:
        return _absent(spec, "nobody measured it: roadworthy load")
    age = (loop.clock.now() - parse_instant(entry.time)) / dt.timedelta(days=1)
    told = f"measured {entry.time[:10]}, {age:.0f} days ago"
    if entry.subject != release:
        return _absent(spec, f"{told}, of another release: roadworthy load")
    if age > STALE_DAYS:
        return _absent(spec, f"{told}: after {STALE_DAYS} days it says nothing; roadworthy load")
    said = {name: _number(entry.payload.get(name)) for name in ("headroom", "low", "high")}
    if said["headroom"] is None:
        return _absent(spec, f"{told}: {entry.payload.get('reason', '')}")
    return Measurement(
        name=spec.name,
        value=said["headroom"],
        low=said["low"],
        high=said["high"],
        n=int(entry.payload["n"]),
        rows=int(entry.payload["n"]),
        counted="ramps",
        unit=spec.unit,
        method="student_t" if said["high"] is not None else "",
        reason="; ".join(filter(None, (told, str(entry.payload.get("reason", ""))))),
    )


def _number(said: object) -> float | None:
    return None if said is None else float(str(said))


def _absent(spec: IndicatorSpec, reason: str) -> Measurement:
    return Measurement(name=spec.name, value=None, unit=spec.unit, reason=reason)
