"""A broken objective opens one incident of its cause, however often and wherever it breaks."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.rolled_out import roll_out
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import (
    Incident,
    LegalStatement,
    Observation,
    Route,
    UndecidedError,
    format_instant,
)
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.incidents.learning import find_incident, incidents_of
from roadworthy.flows.mitigation.mitigations import lift
from roadworthy.flows.releasing.safe_baseline import safe_baseline
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.waiting import held
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def known(loop: Loop) -> list[Incident]:
    return list(incidents_of(loop, "letters").values())


async def broken(loop: Loop, engine: Engine, **fields: object) -> list[Observation]:
    rows = list(answers(loop, 60, bad=40, **fields))
    await leave(loop, rows)
    engine.round()
    return rows


async def test_a_mitigation_that_acts_opens_an_incident_that_names_what_shows_it(
    loop: Loop,
) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    rows = await broken(loop, engine, facets={"supplier": "S-9"})
    (found,) = known(loop)
    assert (found.objective, found.parts, found.severity) == (
        "error_rate", ("supplier=S-9",), "medium",
    )  # fmt: skip
    assert found.state == "contained"
    assert found.mitigations == tuple(each.id for each in engine.mitigations)
    wrong = {row.id for row in rows if row.status == "error"}
    assert set(found.evidence) == wrong, "those that counted against it, and no other"
    assert not found.observations, "no gate waits for any of them to be a case"


async def test_the_same_breach_again_joins_the_incident_there_is(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode", window="rolling"))
    for _ in range(3):
        await broken(loop, engine)
        lift(loop, engine.mitigations[0].id, signer=loop.keyring.signer("cleo"), reason="mended")
        engine.round()
    (found,) = known(loop)
    assert len(list(loop.ledger.entries(kind="incident.opened"))) == 1
    breaches = len(list(loop.ledger.entries(kind="objective.breached")))
    assert len(list(loop.ledger.entries(kind="incident.breached"))) == breaches - 1 >= 2
    said = [line[1] for line in found.timeline]
    assert sum("was lifted by a person" in line for line in said) == 3
    assert all(len(line) == 3 for line in found.timeline[2:]), "each says who"


async def test_slices_of_one_objective_share_their_incident_from_the_fifth_on(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    for number in range(12):
        await leave(loop, answers(loop, 60, bad=40, facets={"supplier": f"S-{number}"}))
    engine.round()
    assert len(engine.mitigations) == 12
    assert len(known(loop)) == 5
    assert sum(len(each.parts) for each in known(loop)) == 12, "none is forgotten"
    engine.start()
    engine.round()
    assert len(known(loop)) == 5, "a restart opens none"


@pytest.mark.parametrize(
    ("fields", "opened"),
    [
        ({"action_on_breach": "alert"}, 0),
        ({"action_on_breach": "alert", "severity": "high"}, 1),
        ({"action_on_breach": "alert", "incident": True}, 1),
        ({"action_on_breach": "alert", "severity": "critical", "incident": False}, 0),
        ({"action_on_breach": "hold_rollout"}, 1),
        ({"action_on_breach": "kill_switch"}, 1),
    ],
)
async def test_which_breach_opens_one(loop: Loop, fields: dict[str, object], opened: int) -> None:
    await broken(loop, Engine(loop, slo(**fields)))
    assert len(known(loop)) == opened


async def test_what_had_to_be_done_says_how_bad_it_is_at_least(loop: Loop) -> None:
    await broken(loop, Engine(loop, slo(action_on_breach="kill_switch", severity="low")))
    (found,) = known(loop)
    assert found.severity == "critical", "it stopped the system"
    assert found.kills and not found.mitigations


async def test_a_mitigation_never_waits_for_its_incident(loop: Loop) -> None:
    hurried = msgspec.structs.replace(loop, patience_s=0.05)
    engine = Engine(hurried, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=30))
    with held(loop.workspace.serving / "records.lock", 1.0), pytest.raises(Exception, match="lock"):
        engine.round()
    assert len(engine.mitigations) == 1 and not known(loop)
    engine.start()
    engine.round()
    engine.round()
    assert len(known(loop)) == 1, "entered when it can be, once"


async def test_an_objective_that_ends_a_rollout_opens_one_incident_of_both(
    tmp_path: Path, loop: Loop
) -> None:
    roll_out(tmp_path, loop)
    await broken(loop, Engine(loop, slo(action_on_breach="rollback")))
    (found,) = known(loop)
    assert found.objective == "error_rate" and found.severity == "high"


async def test_a_broken_objective_leaves_a_safe_baseline_and_a_serious_incident_does_not(
    loop: Loop,
) -> None:
    """Else one slow hour would leave nothing to fall back on."""
    await broken(loop, Engine(loop, slo(action_on_breach="degrade_to_safe_mode")))
    (found,) = known(loop)
    old = Route(system="letters", live=found.release, path="releases/old")
    assert safe_baseline(old, "sha256:new", [found]).digest == found.release
    now = format_instant(loop.clock.now())
    said = LegalStatement(harms=("health",), aware_at=now, by="person:b", at=now)
    serious = msgspec.structs.replace(found, legal=said)
    assert safe_baseline(old, "sha256:new", [serious]).digest == ""
    none = msgspec.structs.replace(said, harms=("none",))
    assert safe_baseline(old, "x", [msgspec.structs.replace(found, legal=none)]).digest


async def test_incidents_are_found_without_reading_the_whole_ledger(
    loop: Loop,
) -> None:
    """Incidents are found by their kinds: a ledger of years is not read for each slice."""
    from roadworthy.domain import Draft

    filler = Draft(system="letters", kind="violation.recorded", subject="o", actor=loop.machine,
                   payload={"never_event": "x", "release": "r"})  # fmt: skip
    loop.ledger.record(*[filler] * 3000)
    read: list[str] = []
    entries = type(loop.ledger).entries

    def counted(self: object, *, kind: str = "", subject: str = "", system: str = ""):  # type: ignore[no-untyped-def]
        read.append(kind)
        return entries(self, kind=kind, subject=subject, system=system)  # type: ignore[arg-type]

    type(loop.ledger).entries = counted  # type: ignore[method-assign]
    try:
        known(loop)
    finally:
        type(loop.ledger).entries = entries  # type: ignore[method-assign]
    assert all(kind.startswith("incident.") for kind in read)


async def test_a_breach_that_two_people_called_false_is_another_incident_the_next_time(
    loop: Loop,
) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode", window="rolling"))
    await broken(loop, engine)
    (first,) = known(loop)
    people = [person(loop, "bob"), person(loop, "cleo")]
    dismiss(first, loop, people=people, reason="the meter was wrong")
    lift(loop, engine.mitigations[0].id, signer=loop.keyring.signer("cleo"), reason="mended")
    engine.round()
    await broken(loop, engine)
    dismissed, second = known(loop)
    assert (dismissed.state, second.state) == ("dismissed", "contained")
    assert dismissed.id != second.id and not dismissed.reopened


async def test_two_people_dismiss_no_breach_that_they_did_not_look_at(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    for number in range(5):
        await leave(loop, answers(loop, 9, bad=9, facets={"supplier": f"S-{number}"}))
    engine.round()
    newest = known(loop)[-1]
    await leave(loop, answers(loop, 9, bad=9, facets={"supplier": "S-9"}))
    engine.round()
    people = [person(loop, "bob"), person(loop, "cleo")]
    with pytest.raises(UndecidedError, match="joined"):
        dismiss(newest, loop, people=people, reason="the meter was wrong")
    again = find_incident(loop, newest.id)
    assert again.parts[-1] == "supplier=S-9"
    assert dismiss(again, loop, people=people, reason="it was").state == "dismissed"


def person(loop: Loop, name: str) -> Acting:
    key = next(key for key in loop.trust.keys if key.name == name)
    return Acting(name=name, signer=loop.keyring.signer(name), key=key)


async def test_a_flood_of_breaches_acts_at_once_and_is_entered_round_by_round(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    for number in range(45):
        await leave(loop, answers(loop, 60, bad=40, facets={"supplier": f"S-{number}"}))
    entered = []
    for _ in range(4):
        engine.round()
        assert len(engine.mitigations) == 45, "all act in the first round"
        entered.append(len(list(loop.ledger.entries(kind="objective.breached"))))
    assert entered == [20, 40, 45, 45]
    assert sum(len(each.parts) for each in known(loop)) == 45 and len(known(loop)) == 5
