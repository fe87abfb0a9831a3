"""Periods of ISO 8601 as days and hours of the calendar."""

from __future__ import annotations

import calendar
import datetime as dt
import re

_PERIOD = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?)?\Z"
)  # our own data, bounded by its type


def after(moment: dt.datetime, period: str) -> dt.datetime:
    """The moment a period later; a day that the month does not have is its last one."""
    found = _PERIOD.match(period)
    if found is None:
        raise ValueError(f"{period!r} is no period of ISO 8601")
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups())
    month = moment.year * 12 + moment.month - 1 + years * 12 + months
    year, month = divmod(month, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    there = moment.replace(year=year, month=month + 1, day=day)
    return there + dt.timedelta(weeks=weeks, days=days, hours=hours)
