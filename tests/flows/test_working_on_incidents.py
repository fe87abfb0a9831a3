"""An incident that no never event opened: worked on, learned from, closed by a gate that ran it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk
from doubles.past_answers import PastAnswers
from roadworthy.domain import (
    AccessError,
    Draft,
    Incident,
    RefusedError,
    UndecidedError,
    UsageError,
    Verdict,
    format_instant,
    plain,
)
from roadworthy.flows.entries.owed import owed_by
from roadworthy.flows.incidents.care import (
    Sent,
    Statement,
    acknowledge,
    add_cause,
    assign,
    classify,
    finish_action,
    grade,
    note,
    record_sent,
    set_action,
    without_cases,
)
from roadworthy.flows.incidents.closing import close
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.incidents.learning import find_incident, promote
from roadworthy.flows.incidents.opening import ByHand, open_by_hand
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting, add_person
from roadworthy.incidents import Demand
from roadworthy.manifests import load_system
from roadworthy.release import pin

LETTER = "the roof leaks into the kitchen, and my dog is wet"
AWARE = "2026-11-20T10:00:00.000000Z"


class Room:
    """A desk with an incident that a person opened, and people."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root)
        loop = self.desk.loop()
        for name, role in (("dora", "reviewer"), ("bob", "risk_officer"), ("eve", "auditor")):
            add_person(loop, name=name, roles=[role])  # type: ignore[list-item]
        self.past = PastAnswers(LETTER, {"language": "en"})
        said = ByHand(title="letters were lost", severity="high")
        self.id = open_by_hand(said, self.loop, system="desk", by=self.by("dora")).id

    @property
    def loop(self) -> Loop:
        return self.desk.loop()

    @property
    def found(self) -> Incident:
        return find_incident(self.loop, self.id)

    def by(self, name: str) -> Acting:
        loop = self.loop
        key = next(key for key in loop.trust.keys if key.name == name)
        return Acting(name=name, signer=loop.keyring.signer(name), key=key)

    def learn(self, *answers: str, action: str = "hold") -> None:
        promote(
            self.found, {each: Demand(action=action) for each in answers},  # type: ignore[arg-type]
            self.loop, root=self.desk.root, past=self.past,
            signers=[self.loop.keyring.signer("dora")],
        )  # fmt: skip

    def close(self) -> Incident:
        return close(self.found, self.loop, signer=self.loop.keyring.signer("dora"))

    def statement(self, *harms: str, aware: str = AWARE) -> Statement:
        return Statement(harms=harms, aware_at=aware, reason="a customer wrote")  # type: ignore[arg-type]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "desk")


async def test_it_closes_only_with_a_gate_that_ran_what_a_person_chose(room: Room) -> None:
    with pytest.raises(UndecidedError, match="no case yet"):
        room.close()
    room.learn("obs-1")
    assert (await room.desk.inspect()).decision is Verdict.FAIL, "it was answered, and must be held"
    with pytest.raises(RefusedError):
        room.close()
    room.desk.patterns('"injured", "leaks into the kitchen, and"')
    assert (await room.desk.inspect()).decision is Verdict.PASS
    assert room.close().state == "closed"


async def test_a_gate_of_before_the_promotion_closes_nothing(room: Room) -> None:
    room.desk.patterns('"injured", "leaks into the kitchen, and"')
    await room.desk.inspect()
    room.learn("obs-1")
    with pytest.raises(UndecidedError, match="no gate has run its cases"):
        room.close()


async def test_what_is_promised_is_done_before_it_closes(room: Room) -> None:
    room.desk.patterns('"injured", "leaks into the kitchen, and"')
    room.learn("obs-1")
    await room.desk.inspect()
    after = set_action(
        room.found, room.loop, room.by("bob"), text="a second look", owner="Cleo", due="2026-12-01"
    )
    with pytest.raises(UndecidedError, match="actions are not done"):
        room.close()
    finish_action(room.found, room.loop, room.by("bob"), action=after.actions[0].id)
    classify(room.found, room.loop, [room.by("bob")], room.statement("health"))
    with pytest.raises(UndecidedError, match="nobody was told"):
        room.close()
    now = format_instant(room.loop.clock.now())
    lacking = Sent(to="authority", stage="initial", sent_at=now, missing=("harm",))
    record_sent(room.found, room.loop, room.by("bob"), lacking)
    with pytest.raises(UndecidedError, match="the complete one is owed: to the authority"):
        room.close()
    sent = Sent(to="authority", stage="follow_up", sent_at=now, reference="AZ 7")
    record_sent(room.found, room.loop, room.by("bob"), sent)
    assert room.close().state == "closed"


async def test_an_incident_that_no_case_can_show_takes_two_people_and_a_later_gate(
    room: Room,
) -> None:
    await room.desk.inspect()
    with pytest.raises(AccessError):
        without_cases(room.found, room.loop, [room.by("dora")], reason="the line was cut")
    people = [room.by("dora"), room.by("bob")]
    with pytest.raises(UsageError):
        without_cases(room.found, room.loop, people, reason=" ")
    without_cases(room.found, room.loop, people, reason="the line was cut")
    with pytest.raises(UndecidedError):
        room.close()
    await room.desk.inspect()
    assert room.close().state == "closed"


async def test_one_that_broke_again_owes_a_gate_once_more(room: Room) -> None:
    room.desk.patterns('"injured", "leaks into the kitchen, and"')
    room.learn("obs-1")
    await room.desk.inspect()
    room.close()
    loop = room.loop
    again = {"note": "broken again", "parts": [""], "severity": "critical"}
    loop.ledger.record(
        Draft(system="desk", kind="incident.reopened", subject=room.id, actor=loop.machine,
              payload=plain(again))
    )  # fmt: skip
    found = room.found
    assert (found.state, found.reopened, found.severity) == ("open", 1, "critical")
    assert not found.gate and any("broken again" in line[1] for line in found.timeline)
    room.learn()
    with pytest.raises(UndecidedError, match="no gate has run"):
        room.close()
    await room.desk.inspect()
    assert room.close().state == "closed"


async def test_an_open_one_without_cases_keeps_no_release_from_going_live(room: Room) -> None:
    """What is broken is mended by what goes live; only answers that must be cases hold it up."""
    await room.desk.inspect()
    assert owed_by(room.loop, pin(load_system(room.desk.root))) == []
    room.learn("obs-1")
    assert [each.incident.id for each in owed_by(room.loop, pin(load_system(room.desk.root)))] == [
        room.id
    ]


def test_every_word_is_signed_and_says_who_when_and_what(room: Room) -> None:
    acknowledge(room.found, room.loop, room.by("bob"))
    acknowledge(room.found, room.loop, room.by("dora"))
    assign(room.found, room.loop, room.by("bob"), to="dora")
    note(room.found, room.loop, room.by("dora"), text="the mill said so")
    add_cause(room.found, room.loop, room.by("dora"), text="a full disk")
    found = room.found
    bob = f"person:{room.by('bob').key.key_id}"
    assert (found.acknowledged_by, found.assignee) == (bob, "dora"), "who was first stays"
    assert found.causes[0].text == "a full disk"
    lines = found.timeline[1:]
    assert [line[1] for line in lines] == [
        "acknowledged by bob", "assigned to dora by bob", "dora: the mill said so",
        "cause named by dora",
    ]  # fmt: skip
    assert all(line[2].startswith("person:") for line in lines)
    entries = list(room.loop.ledger.entries(subject=room.id))
    assert all("signature" in entry.payload for entry in entries)


def test_who_may_not_decide_says_nothing(room: Room) -> None:
    for act in (acknowledge, lambda *them: note(*them, text="x")):
        with pytest.raises(AccessError):
            act(room.found, room.loop, room.by("eve"))
    with pytest.raises(UsageError, match="no key"):
        assign(room.found, room.loop, room.by("bob"), to="nobody")


def test_one_person_alone_lowers_no_severity_and_sets_no_clock_back(room: Room) -> None:
    bob, dora = room.by("bob"), room.by("dora")
    grade(room.found, room.loop, [bob], severity="critical", reason="many")
    with pytest.raises(AccessError):
        grade(room.found, room.loop, [bob], severity="low", reason="few")
    assert grade(room.found, room.loop, [bob, dora], severity="low", reason="few").severity == "low"
    classify(room.found, room.loop, [bob], room.statement("death", "health"))
    for milder in (
        room.statement("health"),
        room.statement("none"),
        room.statement("death", "health", aware="2026-11-20T11:00:00.000000Z"),
    ):
        with pytest.raises(AccessError):
            classify(room.found, room.loop, [bob], milder)
    earlier = room.statement("death", "health", aware="2026-11-20T09:00:00.000000Z")
    assert classify(room.found, room.loop, [bob], earlier).legal
    after = classify(room.found, room.loop, [bob, dora], room.statement("none"))
    assert after.legal is not None and not after.legal.serious


def test_nobody_is_aware_of_what_is_to_come(room: Room) -> None:
    with pytest.raises(UsageError, match="later than now"):
        classify(
            room.found, room.loop, [room.by("bob")],
            room.statement("health", aware="2199-01-01T00:00:00.000000Z"),
        )  # fmt: skip
    with pytest.raises(UsageError, match="beside no other"):
        classify(room.found, room.loop, [room.by("bob")], room.statement("none", "health"))


async def test_a_case_that_must_be_answered_must_be_answered_right(room: Room) -> None:
    for label, decision in (("motor", Verdict.FAIL), ("home", Verdict.PASS)):
        id_ = open_by_hand(
            ByHand(title=label, severity="low"), room.loop, system="desk", by=room.by("dora")
        ).id
        promote(
            find_incident(room.loop, id_), {f"obs-{label}": Demand(action="answer", label=label)},
            room.loop, root=room.desk.root, past=room.past,
            signers=[room.loop.keyring.signer("dora")],
        )  # fmt: skip
        found = await room.desk.inspect()
        assert found.decision is decision, [each.reason for each in found.slos]
        if decision is Verdict.FAIL:
            assert any("decided otherwise" in each.reason for each in found.slos)
            dismiss_all(room, id_)


def dismiss_all(room: Room, id_: str) -> None:
    """Two people say that this one was none."""
    people = [room.by("dora"), room.by("bob")]
    dismiss(find_incident(room.loop, id_), room.loop, people=people, reason="it is a home claim")
    suite = room.desk.root / "suites" / "incidents.jsonl"
    suite.write_text(suite.read_text().replace('"label":"motor"', '"label":"home"'))
