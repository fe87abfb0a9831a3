"""Until when an incident has to be reported: by Regulation 1182/71, from what people stated."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from roadworthy.domain import (
    CLOCKS,
    Harm,
    Incident,
    LegalStatement,
    SentReport,
    format_instant,
    parse_instant,
    period_end,
)
from roadworthy.incidents import Law, clocks_of

NOW = "2028-01-03T10:00:00.000000Z"
PROVIDER = Law(roles=("provider",), facts={"risk_class": "high"}, time_zones=("Europe/Berlin",))


@pytest.mark.parametrize(
    ("aware", "days", "holidays", "local_end"),
    [
        # Monday: Tuesday, Wednesday
        ("2026-11-16T09:00:00.000000Z", 2, (), "2026-11-18T23:00:00.000000Z"),
        # Friday: two working days must be in it (3(5)), so it ends on Tuesday, not on Sunday
        ("2026-11-20T09:00:00.000000Z", 2, (), "2026-11-24T23:00:00.000000Z"),
        # Thursday: Friday works, Saturday and Sunday do not, so Monday is the second
        ("2026-11-19T09:00:00.000000Z", 2, (), "2026-11-23T23:00:00.000000Z"),
        # the tenth day is a Sunday (3(4))
        ("2026-11-19T09:00:00.000000Z", 10, (), "2026-11-30T23:00:00.000000Z"),
        # a holiday on the Monday after it
        ("2026-11-19T09:00:00.000000Z", 10, ("2026-11-30",), "2026-12-01T23:00:00.000000Z"),
        # Saturdays, Sundays and holidays within it count (3(3))
        ("2026-12-16T09:00:00.000000Z", 15, ("2026-12-25", "2026-12-26"),
         "2026-12-31T23:00:00.000000Z"),
        # late in the evening it is the next day already where the report is due
        ("2026-11-16T23:30:00.000000Z", 2, (), "2026-11-19T23:00:00.000000Z"),
    ],
)  # fmt: skip
def test_a_period_of_days_ends_as_the_regulation_says(
    aware: str, days: int, holidays: tuple[str, ...], local_end: str
) -> None:
    found = period_end(aware, days, time_zone="Europe/Berlin", holidays=holidays)
    assert found == local_end


def test_a_day_of_a_change_of_the_clocks_is_a_whole_day() -> None:
    end = period_end("2026-10-22T09:00:00.000000Z", 2, time_zone="Europe/Berlin")
    assert end == "2026-10-26T23:00:00.000000Z", "Monday's end in winter time"


def test_no_period_is_shorter_than_its_days() -> None:
    """Over a year of beginnings: never less than so many days, never more than four beyond."""
    begin = parse_instant("2027-01-01T12:00:00.000000Z").timestamp()
    for days in (2, 5, 10, 15):
        for day in range(365):
            at = parse_instant("2027-01-01T12:00:00.000000Z").fromtimestamp(
                begin + day * 86_400, tz=parse_instant(NOW).tzinfo
            )
            end = parse_instant(period_end(format_instant(at), days))
            lasted = (end - at).total_seconds() / 86_400
            assert days <= lasted <= days + 4


def incident(*harms: Harm, reports: tuple[SentReport, ...] = ()) -> Incident:
    said = LegalStatement(harms=harms, aware_at="2028-01-03T09:00:00.000000Z", by="p", at=NOW)
    return Incident(
        id="inc-1", system="desk", severity="high", state="open", title="t", opened_at=NOW,
        aware_at=NOW, release="sha256:r", legal=said if harms else None, reports=reports,
    )  # fmt: skip


@dataclass(frozen=True)
class Expected:
    harms: tuple[Harm, ...]
    law: Law
    clocks: tuple[tuple[str, str], ...]


DEPLOYER = Law(roles=("deployer",), facts={"risk_class": "high"})
MODEL = Law(roles=("gpai_provider",), facts={"systemic_risk": True})


@pytest.mark.parametrize(
    "expected",
    [
        Expected(("health",), PROVIDER, (("A73-2", "2028-01-18"),)),
        Expected(("death",), PROVIDER, (("A73-4", "2028-01-13"), ("A73-2", "2028-01-18"))),
        Expected(
            ("critical_infrastructure",), PROVIDER,
            (("A73-3", "2028-01-05"), ("A73-2", "2028-01-18")),
        ),
        Expected(("health",), DEPLOYER, (("A26-5I", "2028-01-03"),)),
        Expected(("cyber",), MODEL, (("A55-1C-5", "2028-01-11"),)),
        Expected(("cyber",), PROVIDER, ()),
        Expected(("none",), PROVIDER, ()),
        Expected((), PROVIDER, ()),
        Expected(("health",), Law(roles=("provider",), facts={"risk_class": "other"}), ()),
    ],
)  # fmt: skip
def test_each_kind_of_harm_starts_its_own_clocks(expected: Expected) -> None:
    found = clocks_of(incident(*expected.harms), expected.law, NOW)
    assert tuple((each.clock, each.due[:10]) for each in found) == expected.clocks


def test_what_nobody_stated_is_assumed_and_said_and_never_taken_for_false() -> None:
    found = clocks_of(incident("death"), Law(), NOW)
    assert {each.clock for each in found} == {"A73-2", "A73-4", "A26-5I"}
    assert all("risk_class" in each.assumed for each in found)
    assert all(each.assumed[0].startswith("role ") for each in found)


def test_a_clock_runs_is_overdue_and_stops_with_a_report_to_whom_it_is_due() -> None:
    late = "2028-02-01T00:00:00.000000Z"
    (running,) = clocks_of(incident("health"), PROVIDER, NOW)
    (overdue,) = clocks_of(incident("health"), PROVIDER, late)
    assert (running.state, overdue.state) == ("running", "overdue")
    told = SentReport(to="provider", stage="initial", sent_at=NOW, by="p", at=NOW)
    (other,) = clocks_of(incident("health", reports=(told,)), PROVIDER, late)
    assert other.state == "overdue", "somebody else was told"
    right = SentReport(to="authority", stage="initial", sent_at=NOW, by="p", at=NOW)
    (stopped,) = clocks_of(incident("health", reports=(right,)), PROVIDER, late)
    assert stopped.state == "reported"


def test_a_duty_that_is_not_in_force_yet_says_from_when_it_is() -> None:
    before = "2026-11-22T10:00:00.000000Z"
    (found,) = clocks_of(incident("health"), PROVIDER, before)
    assert (found.state, found.applies_from) == ("not_in_force", "2027-12-02")
    annex_i = Law(roles=("provider",), facts={"risk_class": "high", "high_risk_route": "annex_i_a"})
    (found,) = clocks_of(incident("health"), annex_i, NOW)
    assert (found.state, found.applies_from) == ("not_in_force", "2028-08-02")


def test_every_clock_cites_its_article_and_date() -> None:
    for clock in CLOCKS:
        assert clock.article.startswith("Art. ") and len(clock.applies_from) == 10
    assert len({clock.id for clock in CLOCKS}) == len(CLOCKS)
