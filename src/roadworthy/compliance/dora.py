"""The four measures of DORA, from what the ledger says of releases, kills and incidents.

Source: Forsgren, Humble, Kim, Accelerate (2018); https://dora.dev/guides/dora-metrics-four-keys/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from statistics import median

from msgspec import Struct

from roadworthy.domain import Entry, Incident, parse_instant

DAY_S = 86_400.0


class DoraMeasure(Struct, frozen=True, kw_only=True):
    """One of the four, or why nothing can be said of it yet."""

    name: str
    value: float | None
    unit: str
    """`a week`, `d`, `h`, `min`, `s`; empty for a share."""
    n: int
    of: int | None = None
    """Of a share: of how many."""
    why: str = ""
    """Of what was not measured."""


def four_measures(
    built: Sequence[Entry], activated: Sequence[Entry], incidents: Sequence[Incident],
    now: dt.datetime,
) -> tuple[DoraMeasure, ...]:  # fmt: skip
    """Each with n; nothing before a first activation. Emergencies count.

    A frequency needs two deployments and a week: one deployment an hour ago is no 168 a week.
    """
    if not activated:
        return ()
    weeks = (now - parse_instant(activated[0].time)).total_seconds() / (7 * DAY_S)
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
    often = n / weeks if n > 1 and weeks >= 1 else None
    few = "" if often is not None else "fewer than two deployments, or less than a week"
    return (
        DoraMeasure(name="deployment frequency", value=often, unit="a week", n=n, why=few),
        _middle("lead time", leads, "no release that went live was built here"),
        DoraMeasure(name="change failure rate", value=len(failed), unit="", n=n, of=len(releases)),
        _middle("time to restore", closed, "no incident was closed so far"),
    )


def _middle(name: str, seconds: Sequence[float], why: str) -> DoraMeasure:
    """The median, in a unit that reads well."""
    if not seconds:
        return DoraMeasure(name=name, value=None, unit="", n=0, why=why)
    middle = median(seconds)
    unit, size = next(
        (each for each in (("d", DAY_S), ("h", 3600.0), ("min", 60.0)) if middle >= each[1]),
        ("s", 1.0),
    )
    return DoraMeasure(name=name, value=middle / size, unit=unit, n=len(seconds))
