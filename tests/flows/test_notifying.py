"""People are told at least once, of what is entered, by ids and numbers; nothing waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import (
    EvidenceError,
    Incident,
    Notice,
    NoticeRoute,
    NoticeTarget,
    Notifications,
    TargetState,
    UsageError,
    format_instant,
)
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.incidents.care import (
    Sent,
    Statement,
    acknowledge,
    classify,
    grade,
    record_sent,
)
from roadworthy.flows.incidents.learning import find_incident
from roadworthy.flows.incidents.notifying import (
    GIVEN_UP,
    MOST_WAITING,
    Desk,
    NotTakenError,
    Teller,
    read_state,
    state_path,
)
from roadworthy.flows.incidents.opening import ByHand, open_by_hand
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.incidents import Law, Running, clocks_of
from roadworthy.wiring.loop import loop_of

LAW = Law(roles=("provider",), facts={"risk_class": "high"})
HOOK = {"desk": NoticeTarget(kind="webhook", url="https://example.org/")}


class Receiver:
    """Takes notices, or does not."""

    def __init__(self) -> None:
        self.got: list[Notice] = []
        self.fails: list[Exception] = []

    def send(self, notice: Notice) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.got.append(notice)

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(each.kind, each.verb) for each in self.got]


class Room:
    """A live system, somebody who is told, and a control process that is started at will."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.receiver = Receiver()
        self.settings = Notifications(targets=HOOK)
        self.at: str = ""
        self.start()

    def start(self) -> None:
        desk = Desk(
            target="desk", settings=self.settings, sender=lambda: self.receiver, clocks=self.clocks
        )
        self.teller = Teller(self.loop, desk)

    def clocks(self, incident: Incident) -> Sequence[Running]:
        return clocks_of(incident, LAW, self.at or format_instant(self.loop.clock.now()))

    def round(self, *, later_s: float = 0.0) -> TargetState:
        self.loop.clock.ahead_s += later_s  # type: ignore[attr-defined]
        return self.teller.round()

    def wanting(self, *routes: NoticeRoute) -> None:
        self.settings = Notifications(targets=HOOK, routes=list(routes))
        self.start()

    def by(self, name: str) -> Acting:
        key = next(key for key in self.loop.trust.keys if key.name == name)
        return Acting(name=name, signer=self.loop.keyring.signer(name), key=key)

    def incident(self, severity: str = "high") -> Incident:
        said = ByHand(title="Ann Miller of 3 Mill Lane wrote", severity=severity)  # type: ignore[arg-type]
        return open_by_hand(said, self.loop, system="letters", by=self.by("bob"))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER})
    loop = msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())
    room = Room(loop)
    room.round()
    return room


def test_a_target_that_is_new_is_not_told_of_the_past(tmp_path: Path, room: Room) -> None:
    assert not room.receiver.got and room.teller.round().mark == room.loop.ledger.size()


def test_an_incident_is_told_from_its_begin_to_its_end(room: Room) -> None:
    found = room.incident()
    acknowledge(found, room.loop, room.by("bob"))
    grade(found, room.loop, [room.by("bob")], severity="critical", reason="many")
    room.round()
    assert [each.verb for each in room.receiver.got] == ["opened", "acknowledged", "graded"]
    assert {each.key for each in room.receiver.got} == {found.id}
    graded = room.receiver.got[-1]
    assert (graded.severity, graded.was) == ("critical", "high")
    room.round()
    assert len(room.receiver.got) == 3, "once"


async def test_a_notice_holds_ids_and_numbers_and_nobodys_words(room: Room) -> None:
    """What a person, a caller or an end user wrote stands in the ledger; none of it is told."""
    room.wanting(NoticeRoute(to=["desk"], kinds=["incident", "kill", "objective", "rollout"]))
    answered = Answers(room.loop)
    seen = await answered.leave(
        "go away", tenant="acme", end_user="ann@example.org", facets={"supplier": "Ann Miller"},
        asked="I am Ann Miller of 3 Mill Lane",
    )  # fmt: skip
    said = answered.says(seen, "rude", reporter="tenant:acme", note="Ann Miller is hurt")
    on_violation(answered.violation(seen, said), room.loop)
    room.incident()
    engine = Engine(room.loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    await leave(room.loop, answers(room.loop, 60, bad=40, facets={"supplier": "Ann Miller"}))
    engine.round()
    room.round()
    assert {kind for kind, _ in room.receiver.said} == {"incident", "kill", "objective"}
    for notice in room.receiver.got:
        told = msgspec.json.encode(notice).decode().lower()
        for word in ("ann", "mill", "hurt", "example.org", "go away", "lane"):
            assert word not in told, (notice, word)


def test_a_notice_that_was_not_taken_is_sent_again_after_a_restart(room: Room) -> None:
    room.receiver.fails = [NotTakenError("down"), NotTakenError("down")]
    room.incident()
    state = room.round()
    assert state.fault == "down" and state.failing_since and len(state.waiting) == 1
    room.start()
    assert room.round().waiting[0].tries == 1, "it is not due yet"
    assert room.round(later_s=6).waiting[0].tries == 2
    assert room.round(later_s=6).waiting, "the second wait is longer"
    after = room.round(later_s=6)
    assert not after.waiting and not after.fault and not after.failing_since
    assert room.receiver.said == [("incident", "opened")]


def test_one_that_was_sent_just_before_a_crash_goes_again_under_the_same_id(room: Room) -> None:
    room.incident()
    before = state_path(room.loop.workspace, "desk").read_bytes()
    room.round()
    state_path(room.loop.workspace, "desk").write_bytes(before)
    room.start()
    room.round()
    first, second = room.receiver.got
    assert first == second


def test_it_is_kept_on_disk_before_anything_is_sent(room: Room) -> None:
    room.incident()

    class Killed:
        def send(self, notice: Notice) -> None:
            kept = read_state(room.loop.workspace, "desk")
            assert [each.notice for each in kept.waiting] == [notice]
            raise KeyboardInterrupt

    room.teller._desk = msgspec.structs.replace(room.teller._desk, sender=Killed)
    with pytest.raises(KeyboardInterrupt):
        room.round()
    room.start()
    room.round()
    assert room.receiver.said == [("incident", "opened")]


def test_what_nobody_took_for_three_days_is_given_up_and_entered(room: Room) -> None:
    room.incident()
    room.receiver.fails = [NotTakenError("down")] * 200
    for _ in range(90):
        state = room.round(later_s=3600)
    assert not state.waiting and state.given_up == 1 and state.fault == "down"
    (entry,) = room.loop.ledger.entries(kind=GIVEN_UP)
    assert entry.payload["target"] == "desk" and int(entry.payload["tries"]) > 50


def test_what_a_receiver_will_never_take_is_entered_and_holds_up_nothing(room: Room) -> None:
    room.incident()
    room.incident("low")
    room.receiver.fails = [NotTakenError("no such form", again=False)]
    state = room.round()
    assert state.given_up == 1 and not state.waiting and len(room.receiver.got) == 1
    assert room.loop.ledger.newest(kind=GIVEN_UP) is not None


def test_a_receiver_is_left_alone_as_long_as_it_asks(room: Room) -> None:
    room.incident()
    room.receiver.fails = [NotTakenError("busy", wait_s=600)]
    room.round()
    assert room.round(later_s=500).waiting
    assert not room.round(later_s=101).waiting


def test_the_end_of_something_is_never_told_before_its_begin(room: Room) -> None:
    """Else a pager would ring for what is over."""
    found = room.incident()
    room.receiver.fails = [NotTakenError("down")]
    room.round()
    acknowledge(found, room.loop, room.by("bob"))
    other = room.incident("low")
    room.round()
    assert [each.key for each in room.receiver.got] == [other.id], "others go on"
    room.round(later_s=6)
    mine = [each.verb for each in room.receiver.got if each.key == found.id]
    assert mine == ["opened", "acknowledged"]


def test_a_clock_that_was_set_back_keeps_no_notice_for_longer_than_ever(room: Room) -> None:
    room.incident()
    room.receiver.fails = [NotTakenError("down")]
    room.loop.clock.ahead_s += 40 * 86_400  # type: ignore[attr-defined]
    room.round()
    assert not room.round(later_s=-40 * 86_400).waiting


def test_a_secret_that_is_missing_loses_no_notice(room: Room) -> None:
    room.incident()

    def nobody() -> Receiver:
        raise UsageError("no credential: HOOK is not set")

    room.teller._desk = msgspec.structs.replace(room.teller._desk, sender=nobody)
    state = room.round()
    assert "HOOK" in state.fault and len(state.waiting) == 1
    room.start()
    assert not room.round(later_s=6).waiting


def test_routes_say_who_is_told_what_from_which_severity_on(room: Room) -> None:
    room.wanting(NoticeRoute(to=["desk"], kinds=["incident"], severity="high", systems=["letters"]))
    room.incident("medium")
    room.incident("critical")
    room.round()
    assert [each.severity for each in room.receiver.got] == ["critical"]
    room.wanting(NoticeRoute(to=["somebody"]))
    room.incident("critical")
    room.wanting(NoticeRoute(to=["desk"], systems=["other"]))
    room.incident("critical")
    assert room.round().waiting == () and len(room.receiver.got) == 1
    fits = Notifications(targets=HOOK, routes=[NoticeRoute(to=["desk"]), NoticeRoute(to=["desk"])])
    room.settings = fits
    room.start()
    room.incident()
    room.round()
    assert len(room.receiver.got) == 2, "two routes, one notice"


def test_legal_clocks_are_told_when_they_begin_when_they_are_nearly_over_and_after(
    room: Room,
) -> None:
    found = room.incident()
    said = Statement(harms=("death",), aware_at="2026-11-20T10:00:00.000000Z", reason="a letter")
    classify(found, room.loop, [room.by("bob")], said)
    for at in ("2027-12-03", "2027-12-03", "2027-12-04"):
        room.at = f"{at}T00:00:00.000000Z"
        room.round(later_s=61)
    verbs = [each.verb for each in room.receiver.got if each.kind == "clock"]
    assert verbs == ["overdue", "overdue"], "both clocks, each once"
    now = format_instant(room.loop.clock.now())
    record_sent(
        find_incident(room.loop, found.id), room.loop, room.by("bob"),
        Sent(to="authority", stage="initial", sent_at=now),
    )  # fmt: skip
    room.start()
    room.round(later_s=61)
    ends = [each for each in room.receiver.got if each.kind == "clock" and each.over]
    assert len(ends) == 2 and {each.verb for each in ends} == {"stopped"}


def test_a_flood_stays_in_the_ledger_until_there_is_room(room: Room) -> None:
    room.receiver.fails = [NotTakenError("down")] * 1_000
    found = room.incident()
    from roadworthy.domain import Draft

    draft = Draft(system="letters", kind="incident.breached", subject=found.id,
                  actor=room.loop.machine, payload={"note": "again", "parts": [""]})  # fmt: skip
    room.loop.ledger.record(*[draft] * (MOST_WAITING + 300))
    for _ in range(6):
        state = room.round()
    assert len(state.waiting) == MOST_WAITING and state.mark < room.loop.ledger.size()
    room.receiver.fails.clear()
    for _ in range(60):
        state = room.round(later_s=30)
    assert not state.waiting and len(room.receiver.got) == MOST_WAITING + 301
    assert len({each.id for each in room.receiver.got}) == MOST_WAITING + 301, "none is lost"


def test_a_file_that_cannot_be_read_is_said_and_nothing_is_taken_for_told(room: Room) -> None:
    state_path(room.loop.workspace, "desk").write_text("{half")
    with pytest.raises(EvidenceError, match="damaged"):
        room.round()
