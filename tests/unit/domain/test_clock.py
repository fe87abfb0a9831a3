"""Instants as text: whatever was written before, each is its own."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import format_instant, parse_instant

ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=2)), dt.UTC])
NEAR = st.builds(
    lambda seconds, micro: (
        dt.datetime(2026, 11, 21, 23, 59, 58, micro, dt.UTC) + dt.timedelta(seconds=seconds)
    ),
    st.integers(0, 3),
    st.integers(0, 999_999),
)
FAR = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=ZONES)


@given(st.lists(NEAR | FAR, min_size=1, max_size=6))
def test_an_instant_reads_as_itself(moments: list[dt.datetime]) -> None:
    for moment in (*moments, *moments):
        text = format_instant(moment)
        there = moment.astimezone(dt.UTC).replace(tzinfo=None)
        assert text == there.isoformat(timespec="microseconds") + "Z"
        assert parse_instant(text) == moment


def test_an_instant_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(dt.datetime(2026, 11, 21))
