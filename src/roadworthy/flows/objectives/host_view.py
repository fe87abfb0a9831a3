"""Objectives at run time that no answer shows: of the machine, and of what capacity is left.

Enters: readings of the machine and the ledger, looked at anew now and then. Leaves: a measurement
for an objective on one of them. What never happens here: a month of readings in memory, or a slice
of a machine.
"""

from __future__ import annotations

import datetime as dt
from collections import deque

from roadworthy.domain import (
    HostSample,
    IndicatorSpec,
    Instant,
    Measurement,
    SafetySLO,
    find_indicator,
    format_instant,
    parse_target,
    read_name,
)
from roadworthy.journal import read_host
from roadworthy.monitoring import of_host

from ..load.headroom import headroom_of
from ..workspace.loop import Loop

MOST = 20_000
"""Readings that are kept: a day and more; of a longer window the newest count."""
ANEW_S = 60.0
_BEFORE = dt.timedelta(days=2)


class HostView:
    """One control process's view. One thread's."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._samples: deque[HostSample] = deque(maxlen=MOST)
        self._anew_at = float("-inf")
        self._known: dict[tuple[str, Instant], Measurement] = {}

    def measured(
        self, slo: SafetySLO, *, system: str, release: str, since: Instant
    ) -> Measurement | None:
        """What an objective is on; None where answers show it. Raises EvidenceError."""
        spec = find_indicator(read_name(slo).metric)
        if spec is None or not {"host", "load"} & set(spec.needs):
            return None
        if slo.where or slo.by or parse_target(slo.target).relative_to:
            why = "the machine has no slices, and no earlier window is kept of it"
            return _absent(spec, why)
        self._look()
        minute = since[:16]
        key = (f"{spec.name} {system} {release}", minute)
        if key not in self._known:
            if "load" in spec.needs:
                found = headroom_of(self._loop, system=system, release=release)
            else:
                found = of_host(spec.name, [each for each in self._samples if each.at >= since])
            self._known[key] = found
        return self._known[key]

    def _look(self) -> None:
        now = self._loop.clock.monotonic()
        if now < self._anew_at:
            return
        self._anew_at = now + ANEW_S
        self._known.clear()
        newest = self._samples[-1].at if self._samples else ""
        since = newest or format_instant(self._loop.clock.now() - _BEFORE)
        for sample in read_host(self._loop.workspace.host, since=since):
            if sample.at > newest:
                self._samples.append(sample)


def _absent(spec: IndicatorSpec, why: str) -> Measurement:
    return Measurement(name=spec.name, value=None, unit=spec.unit, reason=why)
