"""Emergency rails: two people add and lift them, the ledger keeps them, they end by themselves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.emergency import a_rail, asked_rail, people_of
from doubles.live_system import CHAT, write_live_system
from doubles.set_clock import SetClock
from roadworthy.domain import (
    AccessError,
    EvidenceError,
    RoutingTable,
    UsageError,
    format_instant,
    parse_instant,
)
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.incidents.opening import ByHand, open_by_hand
from roadworthy.flows.mitigation.emergency import (
    add_rail,
    entered_rails,
    keep_rails,
    lift_rail,
    standing_rails,
)
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.ledger import require_signature
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def later(loop: Loop, hours: float) -> Loop:
    """The same workspace, seen later."""
    clock = SetClock(format_instant(loop.clock.now() + dt.timedelta(hours=hours)))
    return structs.replace(loop, clock=clock)


def kinds(loop: Loop) -> list[str]:
    return [each.kind for each in loop.ledger.entries() if each.kind.startswith("emergency.")]


def soon(loop: Loop) -> str:
    return format_instant(loop.clock.now() + dt.timedelta(seconds=9))


def test_two_people_sign_it_and_it_stands_before_its_entry(loop: Loop) -> None:
    rail, unrecorded = add_rail(asked_rail(), loop, people_of(loop, "bob", "cleo"))
    assert not unrecorded and read_table(loop.workspace.routing).emergencies == (rail,)
    assert kinds(loop) == ["emergency.set_approved", "emergency.set"]
    entries = [e for e in loop.ledger.entries(subject=rail.id)]
    signers = {require_signature(each, loop.trust, at=each.time) for each in entries}
    assert signers == set(rail.people) and len(signers) == 2
    assert entries[-1].payload["people"] == ["bob", "cleo"]
    assert entered_rails(loop) == [rail] == standing_rails(loop)


@pytest.mark.parametrize("names", [("bob",), ("bob", "bob"), ("bob", "ann"), ("bob", "eve")])
def test_one_person_or_one_who_does_not_operate_adds_none(
    loop: Loop, names: tuple[str, ...]
) -> None:
    people = people_of(loop, *(name for name in names if name != "eve"))
    if names == ("bob", "ann"):
        assert add_rail(asked_rail(), loop, people)[0].people  # an admin operates, too
        return
    with pytest.raises(AccessError, match="2 people together; there is 1"):
        add_rail(asked_rail(), loop, people)
    assert not read_table(loop.workspace.routing).emergencies and not kinds(loop)


def test_a_charter_may_ask_for_more_people(tmp_path: Path) -> None:
    charter = str(CHAT["charter.yaml"]).replace(
        "{release: 1, resume: 2}", "{release: 1, resume: 2, emergency_rail: 3}"
    )
    loop = loop_of(
        write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"charter.yaml": charter}).workspace
    )
    with pytest.raises(AccessError, match="3 people together; there is 2"):
        add_rail(asked_rail(), loop, people_of(loop, "bob", "cleo"))
    add_rail(asked_rail(), loop, people_of(loop, "bob", "cleo", "dan"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lasts_s": 72 * 3600 + 1}, "72 hours at most"),
        ({"lasts_s": 0}, "72 hours at most"),
        ({"reason": " "}, "needs a reason"),
        ({"name": "Über"}, "no name of a rail"),
        ({"detector": "cel", "options": {"expression": "true"}}, "Invalid enum value 'cel'"),
        ({"detector": "http"}, "Invalid enum value 'http'"),
        ({"action": "flag"}, "Invalid enum value 'flag'"),
        ({"action": "replace"}, "Invalid enum value 'replace'"),
        ({"options": {"words": []}}, "has no words"),
        ({"detector": "pattern", "options": {"patterns": ["("]}}, "is not RE2"),
        ({"detector": "pattern", "options": {"patterns": ["a*"]}}, "matches the empty text"),
        (
            {"action": "redact", "options": {"words": ["x"], "kind": "it is granted"}},
            "stand in answers",
        ),
        (
            {
                "action": "redact",
                "detector": "pattern",
                "options": {"patterns": {"it is granted": "x"}},
            },
            "stand in answers",
        ),
    ],
)
def test_what_cannot_tighten_or_be_built_is_refused(
    loop: Loop, wrong: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        add_rail(asked_rail(**wrong), loop, people_of(loop, "bob", "cleo"))
    assert not read_table(loop.workspace.routing).emergencies and not kinds(loop)


def test_one_of_its_name_stands_already(loop: Loop) -> None:
    people = people_of(loop, "bob", "cleo")
    add_rail(asked_rail(), loop, people)
    with pytest.raises(UsageError, match="stands"):
        add_rail(asked_rail(), loop, people)
    add_rail(asked_rail("other"), loop, people)


def test_it_opens_an_incident_with_an_item_and_the_next_of_its_name_joins(loop: Loop) -> None:
    people = people_of(loop, "bob", "cleo")
    rail, _ = add_rail(asked_rail(), loop, people)
    (incident,) = incidents_of(loop).values()
    assert incident.mitigations == (rail.id,) and incident.state == "contained"
    assert incident.release == read_table(loop.workspace.routing).routes["letters"].live
    (item,) = incident.open_actions
    assert "a release must carry the rail `stop-it`, or it ends at" in item.text
    assert (item.owner, item.due) == ("bob", rail.until[:10])
    lift_rail("stop-it", loop, people=people, reason="a release carries it")
    again, _ = add_rail(asked_rail(), loop, people)
    (incident,) = incidents_of(loop).values()
    assert incident.mitigations == (rail.id, again.id) and len(incident.open_actions) == 2
    assert any("was lifted by bob and cleo" in line[1] for line in incident.timeline)


def test_it_joins_the_incident_that_is_named(loop: Loop) -> None:
    bob, cleo = people_of(loop, "bob", "cleo")
    said = ByHand(title="a word leaks", severity="low")
    opened = open_by_hand(said, loop, system="letters", by=bob)
    rail, _ = add_rail(asked_rail(incident=opened.id), loop, [bob, cleo])
    (incident,) = incidents_of(loop).values()
    assert (incident.id, incident.mitigations) == (opened.id, (rail.id,))
    assert incident.state == "contained"
    with pytest.raises(UsageError, match="inc-none"):
        add_rail(asked_rail("b", incident="inc-none"), loop, [bob, cleo])
    assert read_table(loop.workspace.routing).emergencies == (rail,)


def test_two_people_lift_it_and_one_does_not(loop: Loop) -> None:
    bob, cleo = people_of(loop, "bob", "cleo")
    rail, _ = add_rail(asked_rail(), loop, [bob, cleo])
    with pytest.raises(AccessError, match="2 people together"):
        lift_rail("stop-it", loop, people=[bob], reason="enough")
    assert read_table(loop.workspace.routing).emergencies == (rail,)
    with pytest.raises(UsageError, match="no emergency rail"):
        lift_rail("another", loop, people=[bob, cleo], reason="enough")
    lift_rail(rail.id, loop, people=[bob, cleo], reason="enough")
    assert not read_table(loop.workspace.routing).emergencies
    assert kinds(loop)[-2:] == ["emergency.lift_approved", "emergency.lifted"]


def test_its_end_is_entered_once_and_said_in_its_incident(loop: Loop) -> None:
    rail, _ = add_rail(asked_rail(lasts_s=3600), loop, people_of(loop, "bob", "cleo"))
    assert keep_rails(loop, before=soon(loop)) == []
    after = later(loop, 2)
    assert standing_rails(after) == []
    assert any("has ended" in words for words in keep_rails(after, before=soon(after)))
    assert keep_rails(after, before=soon(after)) == []
    assert kinds(loop)[-1] == "emergency.expired"
    assert not read_table(loop.workspace.routing).emergencies
    (incident,) = incidents_of(after).values()
    assert any("a release carries it, or nothing looks" in line[1] for line in incident.timeline)
    assert incident.open_actions and parse_instant(rail.until)


def test_one_that_nobody_could_enter_is_entered_by_the_machine(loop: Loop) -> None:
    people = people_of(loop, "bob", "cleo")

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(loop.ledger, name)

        def record(self, *drafts: object) -> None:
            raise EvidenceError("the disk is full")

    broken = structs.replace(loop, ledger=Full())
    rail, why = add_rail(asked_rail(), broken, people)
    assert "the disk is full" in why and not kinds(loop)
    assert read_table(loop.workspace.routing).emergencies == (rail,) and standing_rails(loop)
    assert keep_rails(loop, before=rail.at) == []  # whoever added it is about to
    assert keep_rails(loop, before=soon(loop)) == [f"{rail.id} stood without an entry; entered now"]
    assert kinds(loop) == ["emergency.set"] and incidents_of(loop)


@pytest.mark.parametrize("edit", ["gone", "weaker"])
def test_one_that_was_edited_out_of_the_table_is_put_back(loop: Loop, edit: str) -> None:
    rail, _ = add_rail(asked_rail(), loop, people_of(loop, "bob", "cleo"))
    weaker = structs.replace(rail, options={"words": ["harmless"]})
    left = () if edit == "gone" else (structs.replace(weaker, digest=weaker.own_digest()),)

    def change(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, emergencies=left)

    publish(loop.workspace, change, loop.clock)
    assert any("it is set again" in words for words in keep_rails(loop, before=soon(loop)))
    assert read_table(loop.workspace.routing).emergencies == (rail,)
    assert kinds(loop)[-1] == "emergency.put_back"


@pytest.mark.parametrize("wrong", [{"digest": "sha256:0"}, {"people": ("a",)}, {"until": "never"}])
def test_a_damaged_one_that_nobody_set_is_not_entered_as_set(
    loop: Loop, wrong: dict[str, Any]
) -> None:
    """It stops its scope as long as it is there; whoever puts the table back is not overruled."""
    forged = a_rail(**{key: value for key, value in wrong.items() if key != "digest"})
    if "digest" in wrong:
        forged = structs.replace(forged, **wrong)

    def change(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, emergencies=(forged,))

    publish(loop.workspace, change, loop.clock)
    assert keep_rails(loop, before=soon(loop)) == []
    assert not kinds(loop) and not incidents_of(loop)
    assert read_table(loop.workspace.routing).emergencies == (forged,)


def test_one_that_was_lifted_and_is_put_into_the_table_again_goes(loop: Loop) -> None:
    people = people_of(loop, "bob", "cleo")
    rail, _ = add_rail(asked_rail(), loop, people)
    lift_rail("stop-it", loop, people=people, reason="enough")

    def change(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, emergencies=(rail,))

    publish(loop.workspace, change, loop.clock)
    keep_rails(loop, before=soon(loop))
    assert not read_table(loop.workspace.routing).emergencies
