"""Readings of the machine beside the answers of a run, where an objective is on one.

Enters: what answers cases, what reads the machine. Leaves: the same rows, now and then one with a
reading. Never here: a reading in a run that nobody asked one of, or in what a run's digest covers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import structs

from roadworthy.domain import (
    ALIASES,
    INDICATORS,
    Case,
    HostSample,
    Observation,
    SafetySLO,
    Target,
    read_name,
)

EVERY_S = 0.5
"""At most so often, at the end of an answer."""


class Meter(Protocol):
    """Reads the machine."""

    def since(self) -> float:
        """Seconds since the last reading."""
        ...

    def sample(self, answers: int = 0) -> HostSample:
        """What happened since the last reading; `answers` ended in that time."""
        ...


def beside_readings(
    target: Target, slos: Sequence[SafetySLO], meter: Callable[[], Meter] | None
) -> Target:
    """The target with readings of the machine, where an objective asks for them."""
    if meter is None or not any(_asks(slo) for slo in slos):
        return target
    return _Read(target, meter())


def _asks(slo: SafetySLO) -> bool:
    metric = read_name(slo).metric
    spec = INDICATORS.get(ALIASES.get(metric, metric))
    return spec is not None and "host" in spec.needs


class _Read:
    """The Target port around another one."""

    def __init__(self, target: Target, meter: Meter) -> None:
        self._target, self._meter = target, meter
        self._ended = 0

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer; the row with a reading where it is time for one."""
        found = await self._target.answer(case, suite=suite, repeat=repeat)
        self._ended += 1
        if self._meter.since() < EVERY_S:
            return found
        ended, self._ended = self._ended, 0
        return structs.replace(found, host=self._meter.sample(ended))
