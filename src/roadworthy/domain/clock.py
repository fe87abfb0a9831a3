"""Instants as text: UTC, RFC 3339, microseconds, always with `Z` (so they sort as strings)."""

from __future__ import annotations

import datetime as dt

Instant = str
"""An instant such as `2026-11-21T22:55:52.000001Z`."""


def format_instant(moment: dt.datetime) -> Instant:
    """Format an aware datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    # `isoformat` is cheaper than `strftime`, and the request line does this four times a call
    universal = moment if moment.tzinfo is dt.UTC else moment.astimezone(dt.UTC)
    return universal.isoformat(timespec="microseconds")[:-6] + "Z"


def parse_instant(text: Instant) -> dt.datetime:
    """Read back what `format_instant` wrote. Raises ValueError on anything else."""
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
