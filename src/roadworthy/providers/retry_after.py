"""The `Retry-After` header: seconds or an HTTP date in, seconds out (RFC 9110, 10.2.3)."""

from __future__ import annotations

import datetime as dt

LONGEST_S = 86_400.0
"""A wish beyond a day is taken as a day: the number is a hint, not a promise to wait."""


def retry_after_seconds(value: bytes | None, *, now: dt.datetime) -> float | None:
    """How long the upstream asks us to wait, from `now` on; None when it does not say.

    A date in the past is 0. What cannot be read counts as not said.
    """
    if value is None:
        return None
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_S)
    from email.utils import parsedate_to_datetime  # a package that few gateways ever need

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_S)
