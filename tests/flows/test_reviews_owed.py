"""People look again by the charter's cadence, in its time zone; what is late is said."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles.dated_desk import DatedDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import CADENCES, ReviewDue, day_due, review_due
from roadworthy.domain import Draft, format_instant, parse_instant
from roadworthy.flows.entries.reviews_owed import review_owed
from roadworthy.flows.papers.coverage import cover
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop


def owed(looked: str, now: str, cadence: str = "monthly", zone: str = "UTC") -> ReviewDue:
    return review_due(
        "desk", cadence=cadence, time_zone=zone, now=parse_instant(now), last=(looked, 3)
    )


@pytest.mark.parametrize(
    ("looked", "cadence", "zone", "due"),
    [
        ("2026-01-31T12:00:00.000000Z", "monthly", "UTC", "2026-02-28"),
        ("2028-01-31T12:00:00.000000Z", "monthly", "UTC", "2028-02-29"),
        ("2026-11-30T12:00:00.000000Z", "quarterly", "UTC", "2027-02-28"),
        ("2026-12-30T12:00:00.000000Z", "weekly", "UTC", "2027-01-06"),
        # it is the next day in Berlin already, and the day before still in Honolulu
        ("2026-03-01T23:30:00.000000Z", "monthly", "Europe/Berlin", "2026-04-02"),
        ("2026-03-01T05:00:00.000000Z", "monthly", "Pacific/Honolulu", "2026-03-28"),
    ],
)
def test_it_is_due_a_period_of_the_calendar_later(
    looked: str, cadence: str, zone: str, due: str
) -> None:
    assert day_due(looked, cadence, zone).isoformat() == due


@pytest.mark.parametrize(
    ("now", "state", "days"),
    [
        ("2026-02-20T00:00:00.000000Z", "later", 8),
        ("2026-02-21T00:00:00.000000Z", "soon", 7),
        ("2026-02-28T22:59:59.000000Z", "soon", 0),  # the last minute of the day in Berlin
        ("2026-02-28T23:00:00.000000Z", "overdue", -1),
        ("2026-03-10T12:00:00.000000Z", "overdue", -10),
    ],
)
def test_the_last_day_is_in_time_to_its_end_there(now: str, state: str, days: int) -> None:
    found = owed("2026-01-31T12:00:00.000000Z", now, zone="Europe/Berlin")
    assert (found.state, found.days) == (state, days)
    assert bool(found.words) == (state != "later")


@given(
    looked=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),
    cadence=st.sampled_from(sorted(CADENCES)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"]),
)
def test_no_cadence_is_longer_than_its_months_and_none_is_shorter(
    looked: dt.datetime, cadence: str, zone: str
) -> None:
    at = format_instant(looked.replace(tzinfo=dt.UTC))
    days = (day_due(at, cadence, zone) - parse_instant(at).date()).days
    low, high = {"weekly": (6, 8), "monthly": (27, 32), "quarterly": (88, 93)}[cadence]
    assert low <= days <= high


def test_a_system_that_was_never_on_the_road_owes_nothing(tmp_path: Path) -> None:
    desk = DatedDesk(tmp_path / "desk")
    assert review_owed(desk.loop(), load_system(desk.root).charter).state == "nothing"


def test_what_is_on_the_road_owes_a_review_even_if_nobody_ever_recorded_one(
    tmp_path: Path,
) -> None:
    desk = DatedDesk(tmp_path / "desk")
    entered(desk, "release.activated")
    charter = load_system(desk.root).charter
    assert review_owed(desk.loop(), charter).state == "later"
    desk.clock.advance(32 * 86_400)
    late = review_owed(desk.loop(), charter)
    assert (late.state, late.last) == ("overdue", "")
    assert "there was none so far" in late.words
    entered(desk, "deliberation.recorded")
    assert review_owed(desk.loop(), charter).state == "later"


@pytest.mark.parametrize(
    ("cadence", "after_days", "fresh"),
    [("weekly", 7, True), ("weekly", 8, False), ("monthly", 8, True), ("quarterly", 80, True),
     ("quarterly", 93, False)],
)  # fmt: skip
def test_a_review_proves_a_duty_as_long_as_the_charters_cadence(
    tmp_path: Path, cadence: str, after_days: int, fresh: bool
) -> None:
    desk = DatedDesk(tmp_path / "desk")
    charter = (desk.root / "charter.yaml").read_text()
    desk.write("charter.yaml", charter + f"review: {{cadence: {cadence}}}\n")
    entry = entered(desk, "deliberation.recorded")
    desk.clock.advance(after_days * 86_400)
    loaded = load_system(desk.root).charter
    found = cover(desk.root, loaded, desk.loop(), on="2026-11-22", catalogue="eu-ai-act")
    proof = found.proofs["review_record"]
    assert (proof.seq, proof.fresh) == (entry, fresh)
    assert proof.until == found.review.due


def entered(desk: DatedDesk, kind: str) -> int:
    loop = desk.loop()
    draft = Draft(system="desk", kind=kind, subject="sha256:x", actor=loop.machine, payload={})
    return loop.ledger.record(draft)[0].seq


def test_obligations_and_matrix_say_when_the_next_is_due(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = DatedDesk(tmp_path / "desk")
    where = str(desk.root)
    loop = open_loop(desk.root)
    draft = Draft(system="desk", kind="deliberation.recorded", subject="sha256:x",
                  actor=loop.machine, payload={})  # fmt: skip
    loop.ledger.record(draft)
    due = review_owed(loop, load_system(desk.root).charter).due
    run(VERBS, ["matrix", where, "--json"])
    said = json.loads(capsys.readouterr().out)["review"]
    assert (said["state"], said["due"], said["cadence"]) == ("later", due, "monthly")
    run(VERBS, ["matrix", where])
    assert f"the next review of desk is due by {due} (monthly)" in capsys.readouterr().out
    run(VERBS, ["obligations", where])
    assert f"due by {due}" in capsys.readouterr().out
    run(VERBS, ["obligations", where, where, "--json"])
    assert json.loads(capsys.readouterr().out)[0]["review"]["due"] == due


def test_an_older_entry_proves_where_the_newest_does_not_fit(tmp_path: Path) -> None:
    """A document with gaps proves nothing, and does not hide the whole one before it."""
    desk = DatedDesk(tmp_path / "desk")
    loop = desk.loop()

    def entered_document(kind: str, missing: int) -> int:
        payload = {"document": kind, "missing": missing}
        draft = Draft(system="desk", kind="document.made", subject="sha256:d", actor=loop.machine,
                      payload=payload)  # fmt: skip
        return loop.ledger.record(draft)[0].seq

    charter = load_system(desk.root).charter
    whole = entered_document("datasheet", 0)
    entered_document("model-card", 0)
    entered_document("datasheet", 3)
    found = cover(desk.root, charter, desk.loop(), on="2026-11-22", catalogue="eu-ai-act")
    assert found.proofs["data_sheet"].seq == whole
