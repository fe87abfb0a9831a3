"""After an incident nothing is signed, activated or resumed that has not passed its cases."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from doubles.street import Street
from roadworthy.domain import Incident, RefusedError, UndecidedError, Verdict, format_instant
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.brakes.stopping import (
    find_kills,
    manual_flag,
    put_back_kills,
    read_scope,
    record_kill,
    record_unrecorded,
)
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.workspace.routing import brake, read_table
from roadworthy.release import read_bundle
from roadworthy.serving import flags_for
from roadworthy_verify import verify_path


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path / "desk")


async def test_a_release_that_was_judged_before_the_incident_is_not_signed(street: Street) -> None:
    old = await street.live("old")
    other = await street.built("other")
    incident = street.leaks(old)
    with pytest.raises(RefusedError, match=f"incident {incident.id}.*no case yet"):
        street.sign(other)
    street.promote(incident)
    with pytest.raises(RefusedError, match=f"incident {incident.id}.*judged before") as caught:
        street.sign(other)
    assert "roadworthy gate" in caught.value.fix
    kinds = [entry.kind for entry in street.desk.loop().ledger.entries()]
    assert kinds.count("release.approved") == kinds.count("release.signed") == 1


async def test_a_release_that_was_signed_before_the_incident_is_not_activated(
    street: Street,
) -> None:
    old = await street.live("old")
    other = await street.built("other")
    street.sign(other)
    incident = street.leaks(old)
    before = read_table(street.desk.loop().workspace.routing)
    for _ in range(2):
        with pytest.raises(RefusedError, match=incident.id):
            street.activate(other)
        street.promote(incident)
    assert read_table(street.desk.loop().workspace.routing) == before


async def test_the_release_that_leaked_is_not_activated_again(street: Street) -> None:
    old = await street.live("old")
    incident = street.leaks(old)
    with pytest.raises(RefusedError, match="no case yet"):
        street.activate(old)
    street.promote(incident)
    with pytest.raises(RefusedError, match="judged before"):
        street.activate(old)
    street.files("old")
    assert (await street.desk.inspect()).decision is Verdict.FAIL
    with pytest.raises(RefusedError):
        street.activate(old)


async def test_the_next_release_goes_live_once_it_passed_the_case(street: Street) -> None:
    incident = street.leaks(await street.live("old"))
    street.promote(incident)
    await street.live("cured")
    entry = street.desk.loop().ledger.newest(kind="release.activated", system="desk")
    assert entry is not None and entry.payload["owes"] == []
    assert [flag.id for flag in street.resume(incident.id)] == [incident.kill]


async def test_a_kill_stands_until_the_live_release_passed_the_case(street: Street) -> None:
    incident = street.leaks(await street.live("old"))
    for which in (incident.id, incident.kill, "system"):
        with pytest.raises(RefusedError, match=f"incident {incident.id}.*no case yet"):
            street.resume(which)
    street.promote(incident)
    with pytest.raises(RefusedError, match="judged before"):
        street.resume(incident.id)
    cured = await street.built("cured")
    street.sign(cured)
    with pytest.raises(RefusedError):
        street.resume(incident.id)
    ledger = street.desk.loop().ledger
    assert not list(ledger.entries(kind="kill.lifted"))
    assert not list(ledger.entries(kind="kill.lift_approved"))
    street.activate(cured)
    assert street.resume(incident.id)


async def test_an_answer_that_joins_later_is_asked_of_what_passed_before(street: Street) -> None:
    old = await street.live("old")
    incident = street.leaks(old)
    street.promote(incident)
    cured = await street.built("cured")
    street.leaks(old, "0190-obs-000000000002")
    with pytest.raises(RefusedError, match="1 of its answers is no case yet"):
        street.sign(cured)
    street.promote(incident)
    with pytest.raises(RefusedError, match="judged before"):
        street.sign(cured)
    await street.live("cured")


async def test_a_stop_that_is_about_no_incident_is_lifted_by_two_people(street: Street) -> None:
    incident = street.leaks(await street.live("old"))
    loop = street.desk.loop()
    at = format_instant(loop.clock.now())
    drill = manual_flag(
        read_scope("tenant:acme"), system="desk", reason="drill", by="otto", at=at, id="kill-1"
    )
    brake(loop.workspace, [drill], loop.clock)
    assert street.resume("kill-1") == [drill]
    (left,) = read_table(loop.workspace.routing).kills
    assert left.id == incident.kill


async def test_a_stop_whose_violation_nobody_entered_is_not_lifted(street: Street) -> None:
    """What a worker stopped before the control process heard of it: nobody knows what to ask."""
    await street.live("cured")
    loop = street.desk.loop()
    violation = street.desk.violation()
    flags = flags_for(violation.event, violation.observation, violation.outcome, at="2026-11-21")
    brake(loop.workspace, flags, loop.clock)
    with pytest.raises(RefusedError, match="no incident") as caught:
        street.resume("system")
    assert violation.observation.id in caught.value.fix


async def test_what_two_people_dismissed_holds_nothing(street: Street) -> None:
    old = await street.live("old")
    other = await street.built("other")
    incident = street.leaks(old)
    people = [street.desk.acting("ravi"), street.desk.acting("bob")]
    dismiss(incident, street.desk.loop(), people=people, reason="a quotation")
    assert street.resume(incident.id)
    street.sign(other)
    street.activate(other)


async def test_a_release_with_an_incident_is_no_safe_baseline(street: Street) -> None:
    incident = street.leaks(await street.live("old"))
    street.promote(incident)
    cured = await street.built("cured")
    street.sign(cured)
    live = street.activate(cured)
    assert live.baseline == "", "a release that let out what must never leave"
    assert f"{incident.id} (promoted)" in live.why_no_baseline


async def test_in_an_emergency_the_safe_baseline_goes_live_while_what_leaked_is_stopped(
    street: Street,
) -> None:
    old, other = await street.live("old"), await street.live("other")
    incident = street.leaks(other)
    assert street.activate(old).owes == (incident.id,)
    entry = street.desk.loop().ledger.newest(kind="release.activated", system="desk")
    assert entry is not None and entry.payload["owes"] == [incident.id]
    with pytest.raises(RefusedError, match="no case yet"):
        street.resume(incident.id)
    with pytest.raises(RefusedError):
        street.activate(other)


def leaks_to(street: Street, tenant: str, out: Path, number: int) -> Incident:
    """The letter is answered by that release to that tenant, whose stop is the only one."""
    violation = street.desk.violation(f"0190-obs-00000000000{number}")
    seen = structs.replace(violation.observation, release=read_bundle(out)[0], tenant=tenant)
    event = structs.replace(violation.event, scope="tenant")
    violation = structs.replace(violation, observation=seen, event=event)
    return on_violation(violation, street.desk.loop())


async def leaks_again(street: Street) -> tuple[Path, Incident]:
    """A baseline; one later leaked to acme and beta; the next learned, and leaked to gamma."""
    old, other = await street.live("old"), await street.live("other")
    leaks_to(street, "acme", other, 1)
    incident = leaks_to(street, "beta", other, 2)
    assert len(incident.kills) == 2
    street.promote(incident)
    return old, incident


async def test_a_baseline_that_owes_an_incident_waits_for_every_scope_to_be_stopped(
    street: Street,
) -> None:
    """One of two tenants was resumed on the release that learned: the old one would leak to it."""
    old, incident = await leaks_again(street)
    cured = await street.live("cured")
    street.resume("tenant:acme")
    other = leaks_to(street, "gamma", cured, 3)
    loop = street.desk.loop()
    assert {flag.value for flag in read_table(loop.workspace.routing).kills} == {"beta", "gamma"}
    with pytest.raises(RefusedError, match=incident.id):
        street.activate(old)
    again = manual_flag(
        read_scope("tenant:acme"), system="desk", reason="odd", by="otto", at="2026", id="kill-9"
    )
    brake(loop.workspace, [again], loop.clock)
    with pytest.raises(RefusedError):  # the table says so, the ledger does not yet
        street.activate(old)
    record_kill(again, loop, by=None)
    assert street.activate(old).owes == tuple(sorted((incident.id, other.id)))


async def test_a_stop_that_only_the_table_has_makes_no_emergency(street: Street) -> None:
    old, incident = await leaks_again(street)
    cured, loop = await street.live("cured"), street.desk.loop()
    kills = read_table(loop.workspace.routing).kills
    street.resume(incident.id)
    leaks_to(street, "gamma", cured, 3)
    brake(loop.workspace, kills, loop.clock)
    assert len(read_table(loop.workspace.routing).kills) == 3
    with pytest.raises(RefusedError, match=incident.id):
        street.activate(old)


FORGED = {
    "for nothing": {"never_event": ""},
    "for every system": {"system": ""},
    "of another answer": {"never_event": "", "observation": "zz"},
}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
async def test_a_second_flag_of_the_same_id_lifts_nothing(
    street: Street, change: dict[str, str], first: bool
) -> None:
    """The ledger's flag says what was stopped and why, not one that somebody wrote beside it."""
    incident = street.leaks(await street.live("old"))
    loop = street.desk.loop()
    (flag,) = read_table(loop.workspace.routing).kills
    extra = structs.replace(flag, **change)
    kills = (extra, flag) if first else (flag, extra)
    table = read_table(loop.workspace.routing)
    edited = structs.replace(table, version=table.version + 1, kills=kills)
    loop.workspace.routing.write_bytes(msgspec.json.encode(edited))
    for which in (flag.id, "system", incident.id):
        with pytest.raises(RefusedError, match="no case yet"):
            street.resume(which)
    assert find_kills([flag.id], loop) == [flag]
    assert verify_path(loop.workspace.root).exit_code == 5
    assert put_back_kills(loop) == [flag]
    assert read_table(loop.workspace.routing).kills == (flag,)
    assert verify_path(loop.workspace.root).ok


async def test_a_flag_taken_for_another_that_nobody_entered_yet_does_not_lift_it(
    street: Street,
) -> None:
    """Two flags of one id, neither in the ledger: both stand, and each is asked."""
    await street.live("old")
    loop, violation = street.desk.loop(), street.desk.violation()
    (flag,) = flags_for(violation.event, violation.observation, violation.outcome, at="2026-11-21")
    brake(loop.workspace, [flag], loop.clock)
    table = read_table(loop.workspace.routing)
    kills = (*table.kills, structs.replace(flag, never_event=""))
    edited = structs.replace(table, version=table.version + 1, kills=kills)
    loop.workspace.routing.write_bytes(msgspec.json.encode(edited))
    with pytest.raises(RefusedError, match="no incident"):
        street.resume(flag.id)
    assert flag in read_table(loop.workspace.routing).kills
    assert len(record_unrecorded(loop)) == 2
    with pytest.raises(RefusedError, match="no incident"):
        street.resume(flag.id)
    assert put_back_kills(loop) == []
    assert verify_path(loop.workspace.root).ok


async def test_what_leaked_is_answered_again_so_no_unproven_baseline_goes_live(
    street: Street,
) -> None:
    old, other = await street.live("old"), await street.live("other")
    incident = street.leaks(other)
    street.promote(incident)
    await street.live("cured")
    street.resume(incident.id)
    with pytest.raises(RefusedError, match="judged before"):
        street.activate(old)


async def test_another_name_of_the_system_signs_nothing_that_has_not_learned(
    street: Street,
) -> None:
    old = await street.live("old")
    street.files("other")
    charter = (street.desk.root / "charter.yaml").read_text()
    street.desk.write("charter.yaml", charter.replace("system: desk", "system: other-desk"))
    assert (await street.desk.inspect()).decision is Verdict.PASS
    out = street.desk.root.parent / "renamed.tar"
    street.desk.build(out, "ana")
    incident = street.leaks(old)
    with pytest.raises(RefusedError, match=incident.id):
        street.sign(out)


async def test_without_a_gate_nothing_changes(street: Street) -> None:
    """The incident is not what an unjudged candidate hears of first."""
    street.leaks(await street.live("old"))
    street.files("other")
    out = street.desk.root.parent / "other.tar"
    street.desk.build(out, "ana")
    with pytest.raises(UndecidedError, match="has not judged"):
        street.sign(out)
