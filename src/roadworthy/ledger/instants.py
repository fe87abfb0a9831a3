"""Instants of entries: each is after the one before it, whatever the clock shows."""

from __future__ import annotations

import datetime as dt

from roadworthy.domain import Instant, format_instant, parse_instant


def next_instant(text: Instant) -> Instant:
    """The microsecond after. Raises ValueError when the text is no instant."""
    return format_instant(parse_instant(text) + dt.timedelta(microseconds=1))
