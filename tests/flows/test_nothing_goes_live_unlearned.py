"""After an incident nothing is signed, activated or resumed that has not passed its cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.street import Street
from roadworthy.domain import RefusedError, UndecidedError, Verdict, format_instant
from roadworthy.flows.dismissing import dismiss
from roadworthy.flows.routing import brake, read_table
from roadworthy.flows.stopping import manual_flag, read_scope
from roadworthy.serving import flags_for


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
