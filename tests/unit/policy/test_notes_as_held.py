"""A note counts as what it says only if it can have been held so."""

from __future__ import annotations

import datetime as dt

import pytest

from roadworthy.domain import Charter, Deliberation, DeliberationHeader, Endpoint, Use
from roadworthy.domain.charter import Review
from roadworthy.domain.paperwork import FollowUp, Participant
from roadworthy.policy import deliberation_blockers, held_faults

TODAY = dt.date(2026, 11, 23)
CANDIDATE = f"sha256:{'a' * 64}"


def a_note(
    day: str = "2026-11-20", actions: list[FollowUp] | None = None, names: str = "ana ben cem"
) -> Deliberation:
    voices = ["product", "risk", "domain"]
    pairs = zip(names.split(), voices, strict=True)
    people = [Participant(name=name, voice=voice) for name, voice in pairs]
    header = DeliberationHeader(
        candidate=CANDIDATE, date=day, participants=people, decision="ship", actions=actions or []
    )
    return Deliberation(path="deliberation-note.md", header=header, body="")


def charter(voices: list[str]) -> Charter:
    return Charter(
        system="s", title="S", owners={"product": "ana"}, human_goal="g",
        use=Use(intended_purpose="p"), endpoints=[Endpoint(id="main", fallback="f")],
        review=Review(required_voices=voices),
    )  # fmt: skip


def faults(note: Deliberation) -> list[str]:
    return held_faults(note, TODAY, within_days=31)


@pytest.mark.parametrize(
    ("day", "said"),
    [("2099-01-01", "not here yet"), ("1999-01-01", "days ago"), ("soon", "no day"),
     ("2026-10-22", "days ago"), ("2026-11-24", "not here yet")],
)  # fmt: skip
def test_a_note_of_another_time_is_not_of_now(day: str, said: str) -> None:
    (fault,) = faults(a_note(day))
    assert said in fault


@pytest.mark.parametrize("day", ["2026-11-23", "2026-11-01", "2026-10-23"])
def test_a_note_of_this_period_is(day: str) -> None:
    assert faults(a_note(day)) == []


@pytest.mark.parametrize("owner", ["nobody", " Nobody! ", "-", "", "TBD", "niemand", "n/a"])
def test_an_action_of_nobodys_is_none(owner: str) -> None:
    (fault,) = faults(a_note(actions=[FollowUp(what="test it", owner=owner)]))
    assert "owned by nobody" in fault


def test_an_action_that_was_due_before_is_none_unless_it_is_closed() -> None:
    late = FollowUp(what="test it", owner="ana", due="2001-01-01")
    assert "due before the note" in faults(a_note(actions=[late]))[0]
    closed = FollowUp(what="test it", owner="ana", due="2001-01-01", closed_by="ben")
    ahead = FollowUp(what="test it", owner="ana", due="2026-12-01")
    assert faults(a_note(actions=[closed, ahead])) == []


def said(names: str, voices: list[str]) -> str:
    blockers = deliberation_blockers(a_note(names=names), charter(voices), CANDIDATE)
    return " ".join(one.reason for one in blockers)


def test_one_person_is_no_three_voices() -> None:
    voices = ["product", "risk", "domain"]
    assert "ana speaks for each required voice" in said("ana Ana ana", voices)
    assert "speaks for" not in said("ana ben ana", voices)
    assert "speaks for" not in said("ana ana ana", ["product"])
