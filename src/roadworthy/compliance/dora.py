"""The four measures of DORA, from what the ledger says of releases, kills and incidents.

Source: Forsgren, Humble, Kim, Accelerate (2018); https://dora.dev/guides/dora-metrics-four-keys/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from statistics import median

from roadworthy.domain import Entry, Incident, parse_instant

DAY_S = 86_400.0


def four_measures(
    built: Sequence[Entry], activated: Sequence[Entry], incidents: Sequence[Incident],
    now: dt.datetime,
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """(name, value with n) of each; nothing before a first activation. Emergencies count."""
    if not activated:
        return ()
    first = parse_instant(activated[0].time)
    weeks = max((now - first).total_seconds() / (7 * DAY_S), 1 / 7)
    made = {entry.subject: parse_instant(entry.time) for entry in built}
    leads = [
        (parse_instant(entry.time) - made[entry.subject]).total_seconds()
        for entry in activated
        if entry.subject in made
    ]
    releases = {entry.subject for entry in activated}
    failed = {one.release for one in incidents if one.release in releases}
    closed = [
        (parse_instant(one.closed_at) - parse_instant(one.opened_at)).total_seconds()
        for one in incidents
        if one.closed_at
    ]
    n = len(activated)
    return (
        ("deployment frequency", f"{n / weeks:.3g} a week (n={n})"),
        ("lead time", f"{_span(leads)} (n={len(leads)})"),
        ("change failure rate", f"{len(failed)} of {len(releases)}"),
        ("time to restore", f"{_span(closed)} (n={len(closed)})"),
    )


def _span(seconds: Sequence[float]) -> str:
    """The median, in a unit that reads well."""
    if not seconds:
        return "-"
    middle = median(seconds)
    for unit, size in (("d", DAY_S), ("h", 3600.0), ("min", 60.0)):
        if middle >= size:
            return f"{middle / size:.3g} {unit}"
    return f"{middle:.3g} s"
