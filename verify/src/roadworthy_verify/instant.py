"""Instants as texts of one form, so that comparing texts compares instants."""

from __future__ import annotations

import datetime as dt
import re

EXAMPLE = "2026-11-21T22:55:52.000000Z"
FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
LAST = "9999-12-31T23:59:59.999999Z"
"""No instant is later: what would be is this one."""
MAX_CLOCK_SKEW = dt.timedelta(minutes=5)
"""How far ahead of ours the signer's clock may be: two machines kept by NTP differ by less."""
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def is_instant(text: str) -> bool:
    """Whether that is an instant in the one form, and on the calendar."""
    if not FORM.fullmatch(text):
        return False
    try:
        return bool(parse_instant(text))
    except ValueError:
        return False


def whole_instant(text: str) -> str:
    """What a person wrote as an instant, in the one form; empty when it is none.

    The fraction may be short or missing, as ISO 8601 allows: 2050-01-01T00:00:00Z.
    """
    if not _WRITTEN.fullmatch(text):
        return ""
    seconds, _, fraction = text[:-1].partition(".")
    whole = f"{seconds}.{fraction:0<6}Z"
    return whole if is_instant(whole) else ""


def parse_instant(text: str) -> dt.datetime:
    """The instant. Raises ValueError when it is none."""
    return dt.datetime.strptime(text, _FORMAT).replace(tzinfo=dt.UTC)


def later(text: str, by: dt.timedelta) -> str:
    """The instant that much later; the last one that there is, where that is past the calendar."""
    try:
        moment = parse_instant(text) + by
    except OverflowError:
        return LAST
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def now() -> str:
    """The machine's clock; asked only where the caller names no instant."""
    moment = dt.datetime.now(dt.UTC)  # noqa: TID251 - no Clock here
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
