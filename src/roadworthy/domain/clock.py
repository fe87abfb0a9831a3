"""Instants as text: UTC, RFC 3339, microseconds, always with `Z` (so they sort as strings)."""

from __future__ import annotations

import datetime as dt

Instant = str
"""An instant such as `2026-11-21T22:55:52.000001Z`."""


_newest: tuple[dt.datetime | None, str] = (None, "")
"""The second that was written last, and its text: the request line asks for it several times."""


def format_instant(moment: dt.datetime) -> Instant:
    """Format an aware datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    global _newest
    universal = moment if moment.tzinfo is dt.UTC else moment.astimezone(dt.UTC)
    second, text = _newest  # put in its place whole, so that threads may share it
    whole = universal.replace(microsecond=0)
    if whole != second:
        text = whole.isoformat()[:-6]
        _newest = (whole, text)
    return f"{text}.{universal.microsecond:06}Z"


def parse_instant(text: Instant) -> dt.datetime:
    """Read back what `format_instant` wrote. Raises ValueError on anything else."""
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
