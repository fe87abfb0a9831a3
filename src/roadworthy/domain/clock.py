"""Instants as text: UTC, RFC 3339, microseconds, always with `Z` (so they sort as strings)."""

from __future__ import annotations

import datetime as dt

Instant = str
"""An instant such as `2026-11-21T22:55:52.000001Z`."""


_newest = (-1, "")
"""The second that was written last, and its text: the request line asks for it several times."""


def format_instant(moment: dt.datetime) -> Instant:
    """Format an aware datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    global _newest
    at = moment if moment.tzinfo is dt.UTC else moment.astimezone(dt.UTC)
    day = at.day + 31 * (at.month + 12 * at.year)  # a number of its own; not how many there were
    second = at.second + 60 * (at.minute + 60 * (at.hour + 24 * day))
    newest, text = _newest  # put in its place whole, so that threads may share it
    if second != newest:
        text = at.isoformat(timespec="seconds")[:-6]
        _newest = (second, text)
    return f"{text}.{at.microsecond:06}Z"


def parse_instant(text: Instant) -> dt.datetime:
    """Read back what `format_instant` wrote. Raises ValueError on anything else."""
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
