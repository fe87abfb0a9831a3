"""Days as people type them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from roadworthy.domain import UsageError
from roadworthy.wiring.clock import SystemClock


def day_of(said: str, time_zone: str) -> str:
    """The day that was typed; today in that time zone without one. Raises UsageError."""
    if not said:
        return SystemClock().now().astimezone(ZoneInfo(time_zone)).date().isoformat()
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise UsageError(f"{said!r} is no day", fix="such as 2026-12-02") from None
