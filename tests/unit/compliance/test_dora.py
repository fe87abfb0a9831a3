"""The four measures, by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadworthy.compliance import four_measures
from roadworthy.domain import Entry, Incident

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def entry(kind: str, subject: str, day: str) -> Entry:
    return Entry(
        seq=1, time=f"{day}.000000Z", system="s", kind=kind, subject=subject, actor="a", payload={},
        payload_digest="", prev="", digest="",
    )  # fmt: skip


def incident(release: str, **more: Any) -> Incident:
    return Incident(
        id=f"inc-{release}", system="s", severity="high", state="closed", title="T",
        opened_at="2026-11-10T00:00:00.000000Z", aware_at="2026-11-10T00:00:00.000000Z",
        release=release, **more,
    )  # fmt: skip


def test_nothing_activated_is_nothing_measured() -> None:
    assert four_measures([entry("b", "r1", "2026-11-01T00:00:00")], [], [], NOW) == ()


def test_the_four_measures_are_those_of_the_ledger() -> None:
    built = [entry("b", "r1", "2026-11-07T00:00:00"), entry("b", "r2", "2026-11-12T00:00:00")]
    live = [entry("a", "r1", "2026-11-08T00:00:00"), entry("a", "r2", "2026-11-15T00:00:00")]
    ended = incident("r1", closed_at="2026-11-10T06:00:00.000000Z")
    found = {
        one.name: (one.value, one.unit, one.n) for one in four_measures(built, live, [ended], NOW)
    }
    assert found["deployment frequency"] == (1.0, "a week", 2)
    assert found["lead time"] == (2.0, "d", 2)
    assert found["change failure rate"] == (1, "", 2)
    assert found["time to restore"] == (6.0, "h", 1)


def test_one_deployment_is_no_frequency_and_no_closed_incident_no_time_to_restore() -> None:
    live = [entry("a", "r1", "2026-11-21T23:00:00")]
    found = {one.name: one for one in four_measures([], live, [], NOW)}
    for name in ("deployment frequency", "lead time", "time to restore"):
        assert found[name].value is None
        assert found[name].why
    assert (found["change failure rate"].value, found["change failure rate"].of) == (0, 1)


def test_two_deployments_within_a_week_are_no_frequency_yet() -> None:
    live = [entry("a", "r1", "2026-11-20T00:00:00"), entry("a", "r2", "2026-11-21T00:00:00")]
    assert four_measures([], live, [], NOW)[0].value is None
