"""The machine's indicators: of readings in the order of time.

Enters: rows of a run that carry readings, or the readings of a gateway. Leaves: measurements. Never
here: a 0 for what was not read, measured energy added to estimated, readings taken for independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from roadworthy.domain import INDICATORS, HostSample, IndicatorSpec, Measurement
from roadworthy.statistics import Interval, ratio_interval

from .cases import Cases
from .results import absent

_JOULES_A_WH = 3600.0


class _Part(Struct, frozen=True):
    """What one reading adds to a ratio."""

    above: float
    below: float


Read = Callable[[HostSample], _Part | None]


def _cpu(sample: HostSample) -> _Part | None:
    if sample.cpu_s is None or sample.cores is None:
        return None
    return _Part(sample.cpu_s, sample.seconds * sample.cores)


def _over_time(value: Callable[[HostSample], float | None]) -> Read:
    def read(sample: HostSample) -> _Part | None:
        found = value(sample)
        return None if found is None else _Part(found * sample.seconds, sample.seconds)

    return read


_READ: dict[str, Read] = {
    "cpu": _cpu,
    "memory": _over_time(lambda sample: sample.memory_mb),
    "disk": _over_time(lambda sample: sample.disk_mb),
    "gpu": _over_time(lambda sample: sample.gpu),
}
OF_HOST = (*_READ, "energy", "carbon")
"""Indicators that readings show."""


def host_meter(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The indicator by the readings that rows of a run carry, if all of them were asked."""
    again = sum(row.cache_hit and row.stage == "eval" for row in cases.rows)
    if again:
        told = f"{again} of {len(cases.rows)} answers came from the cache of answers: ask anew"
        return absent(spec, told)
    return of_host(spec.name, [row.host for row in cases.rows if row.host], confidence)


def told_by_load(
    spec: IndicatorSpec, _cases: Cases, _aggregation: str, _confidence: float
) -> Measurement:
    """No answers show what capacity is left: they are as many as were asked for."""
    return absent(spec, "`roadworthy load` measures it, of the live release; no run does")


def host_indicators(samples: Iterable[HostSample]) -> list[Measurement]:
    """Every indicator that the readings show; those without a value say why."""
    kept = list(samples)
    return [of_host(name, kept) for name in OF_HOST] if kept else []


def of_host(name: str, samples: Sequence[HostSample], confidence: float = 0.95) -> Measurement:
    """One indicator of the machine. `n` counts readings; batch means bound it."""
    spec = INDICATORS[name]
    kept = sorted((each for each in samples if each.seconds > 0), key=lambda each: each.at)
    if not kept:
        return absent(spec, "nobody read the machine")
    if name in _READ:
        return _ratio(spec, kept, _READ[name], confidence, why=_missing(kept, name))
    return _energy(spec, kept, confidence)


def _energy(spec: IndicatorSpec, kept: list[HostSample], confidence: float) -> Measurement:
    """Measured where every reading measured it, estimated where every one can be; never both."""
    factor, said = 1.0, ""
    if spec.name == "carbon":
        grams = {each.grams_per_kwh for each in kept}
        if len(grams) != 1 or None in grams:
            why = "it changed meanwhile" if len(grams) > 1 else "the deployment does not say it"
            return absent(spec, f"no one `grams_co2_per_kwh` of `[energy]`: {why}")
        factor = (grams.pop() or 0.0) / 1000
    if not sum(each.answers for each in kept):
        return absent(spec, "no answer ended while the machine was read")
    if all(each.joules is not None for each in kept):
        said = "measured by the machine's counters"
        read = _joules(factor, lambda sample: sample.joules)
    elif all(_estimate(each) is not None for each in kept):
        watts = sorted({each.watts_per_core for each in kept if each.watts_per_core})
        said = f"estimated: processor time x {' and '.join(f'{each:g}' for each in watts)} W a core"
        read = _joules(factor, _estimate)
    else:
        measured = sum(each.joules is not None for each in kept)
        if measured:
            mixed = f"{measured} of {len(kept)} readings measured it, and no estimate is mixed in"
            return absent(spec, mixed)
        why = _missing(kept, "joules")
        return absent(spec, f"{why}, and `[energy] watts_per_core` for an estimate is not said")
    return _ratio(spec, kept, read, confidence, said=said)


def _estimate(sample: HostSample) -> float | None:
    if sample.cpu_s is None or sample.watts_per_core is None:
        return None
    return sample.cpu_s * sample.watts_per_core


def _joules(factor: float, value: Callable[[HostSample], float | None]) -> Read:
    def read(sample: HostSample) -> _Part | None:
        found = value(sample)
        return None if found is None else _Part(factor * found / _JOULES_A_WH, sample.answers)

    return read


def _missing(kept: list[HostSample], name: str) -> str:
    """Why the newest reading that lacks it does."""
    said = (each.missing.get(name, "") for each in reversed(kept))
    return next(filter(None, said), "no reading of the machine has it")


def _ratio(
    spec: IndicatorSpec,
    kept: list[HostSample],
    read: Read,
    confidence: float,
    *,
    why: str = "",
    said: str = "",
) -> Measurement:
    """The ratio of all that the readings add, with its bounds or the reason for none."""
    parts = [part for each in kept if (part := read(each)) is not None]
    above, below = [part.above for part in parts], [part.below for part in parts]
    if math.fsum(below) <= 0.0:
        return absent(spec, why)
    bounds: Interval | None = None
    reasons = [said]
    if len(parts) < len(kept):
        reasons.append(f"{len(kept) - len(parts)} of {len(kept)} readings lack it: {why}")
    try:
        found = ratio_interval(above, below, confidence)
        high = found.high if spec.high is None else min(found.high, spec.high)
        bounds = Interval(max(found.low, 0.0), high)
    except ValueError as error:
        reasons.append(str(error))
    return Measurement(
        name=spec.name,
        value=math.fsum(above) / math.fsum(below),
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        n=len(parts),
        rows=len(parts),
        counted="readings",
        unit=spec.unit,
        confidence=confidence,
        method="batch_means" if bounds else "",
        higher_is_better=spec.higher_is_better,
        reason="; ".join(filter(None, reasons)),
    )
