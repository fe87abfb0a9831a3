"""One person stops, two lift; a kill never waits for the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.live_system import write_live_system
from roadworthy.cli.acting import find_acting
from roadworthy.domain import AccessError, KillFlag, UsageError
from roadworthy.flows.brakes.stopping import (
    lift,
    manual_flag,
    read_scope,
    record_kill,
    record_unrecorded,
    set_kill,
    words_of,
)
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting, add_person, revoke_person
from roadworthy.flows.workspace.routing import read_table
from roadworthy.ledger import require_signature
from roadworthy.wiring.loop import loop_of

AT = "2026-11-21T20:00:00.000000Z"


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def acting(loop: Loop, name: str) -> Acting:
    found = find_acting(loop.workspace, name)
    assert found is not None
    return found


def a_flag(loop: Loop, text: str = "tenant:acme") -> KillFlag:
    flag = manual_flag(
        read_scope(text), system="letters", reason="drill", by="operator", at=AT, id="kill-1"
    )
    set_kill(flag, loop)
    return flag


@pytest.mark.parametrize(
    "text", ["", "systems", "tenant:", "tenant", "slice:", "slice:a", "slice:=b", "slice:a=", "x:y"]
)
def test_a_scope_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a scope"):
        read_scope(text)


@pytest.mark.parametrize("text", ["system", "tenant:acme", "slice:a=b", "slice:a=b=c"])
def test_a_scope_reads_back_as_typed(loop: Loop, text: str) -> None:
    assert words_of(a_flag(loop, text)) == text


def test_a_kill_is_signed_by_the_person_and_recorded_once(loop: Loop) -> None:
    flag = a_flag(loop)
    record_kill(flag, loop, by=acting(loop, "dan"))
    (entry,) = loop.ledger.entries(kind="kill.set")
    key_id = require_signature(entry, loop.trust, at=entry.time)
    assert entry.actor == f"person:{key_id}"
    assert record_unrecorded(loop) == []


def test_a_kill_that_was_not_recorded_is_entered_later(loop: Loop) -> None:
    flag = a_flag(loop)
    assert record_unrecorded(loop) == [flag]
    assert record_unrecorded(loop) == []
    (entry,) = loop.ledger.entries(kind="kill.set")
    assert entry.subject == flag.id


@pytest.mark.parametrize("which", ["kill-1", "tenant:acme"])
def test_two_people_lift_and_both_sign(loop: Loop, which: str) -> None:
    flag = a_flag(loop)
    people = [acting(loop, "bob"), acting(loop, "cleo")]
    assert lift([which], loop, people=people, reason="mended") == [flag]
    assert read_table(loop.workspace.routing).kills == ()
    entries = [entry for entry in loop.ledger.entries() if entry.kind.startswith("kill.lift")]
    signers = {require_signature(entry, loop.trust, at=entry.time) for entry in entries}
    assert signers == {person.key.key_id for person in people}
    assert entries[-1].kind == "kill.lifted"


def test_one_person_twice_lifts_nothing(loop: Loop) -> None:
    a_flag(loop)
    with pytest.raises(AccessError, match="people together"):
        lift(["kill-1"], loop, people=[acting(loop, "bob")] * 2, reason="mended")
    assert len(read_table(loop.workspace.routing).kills) == 1


def test_a_person_without_the_role_lifts_nothing(loop: Loop) -> None:
    a_flag(loop)
    add_person(loop, name="eve", roles=["engineer"], by=acting(loop, "ann"))
    people = [acting(loop, "bob"), acting(loop, "eve")]
    with pytest.raises(AccessError, match="engineer"):
        lift(["kill-1"], loop, people=people, reason="mended")
    assert len(read_table(loop.workspace.routing).kills) == 1


def test_a_revoked_key_lifts_nothing(loop: Loop) -> None:
    a_flag(loop)
    people = [acting(loop, "bob"), acting(loop, "cleo")]
    revoke_person(loop, name="cleo", reason="left", by=acting(loop, "ann"))
    with pytest.raises(AccessError, match="not valid"):
        lift(["kill-1"], loop, people=people, reason="mended")
    assert len(read_table(loop.workspace.routing).kills) == 1
    assert not list(loop.ledger.entries(kind="kill.lifted"))


def test_a_lift_without_a_reason_or_a_kill_is_refused(loop: Loop) -> None:
    a_flag(loop)
    people = [acting(loop, "bob"), acting(loop, "cleo")]
    with pytest.raises(UsageError, match="reason"):
        lift(["kill-1"], loop, people=people, reason=" ")
    with pytest.raises(UsageError, match="no kill 'kill-2'") as caught:
        lift(["kill-2"], loop, people=people, reason="mended")
    assert "kill-1 (tenant:acme)" in caught.value.fix
