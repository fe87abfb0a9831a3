"""A damaged file of standings: the engine goes on from the ledger, forgets nothing, and says so."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import EvidenceError
from roadworthy.flows.mitigation.mitigations import lift
from roadworthy.flows.rollouts.standings import aside_path, read_standings, standings_path
from roadworthy.flows.workspace.loop import Loop
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.objectives import Objectives


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def damage(loop: Loop) -> None:
    path = standings_path(loop.workspace)
    path.write_bytes(path.read_bytes()[:40])


async def test_a_breach_is_taken_up_again_once(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=40, facets={"supplier": "S-9"}))
    engine.round()
    (found,) = engine.mitigations
    before = engine.standing(part="supplier=S-9")
    damage(loop)
    engine.start()
    engine.round()
    again = engine.standing(part="supplier=S-9")
    assert (again.mitigation, again.breached_at) == (found.id, before.breached_at)
    assert engine.mitigations == (found,)
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1
    assert aside_path(loop.workspace).exists()


async def test_what_a_person_lifted_does_not_breach_again(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=40))
    engine.round()
    (found,) = engine.mitigations
    loop.clock.ahead_s = 1.0  # type: ignore[attr-defined]
    lift(loop, found.id, signer=loop.keyring.signer("cleo"), reason="mended")
    damage(loop)
    engine.start()
    engine.rounds(2, every_s=31.0)
    assert engine.mitigations == ()
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1


async def test_what_nobody_saw_is_not_clean(loop: Loop) -> None:
    """It fails closed: windows without a failure are counted from when it is looked at again."""
    auto = slo(recover="auto after 1 clean windows", action_on_breach="degrade_to_safe_mode")
    engine = Engine(loop, auto)
    await leave(loop, answers(loop, 60, bad=40))
    engine.round()
    damage(loop)
    loop.clock.ahead_s += 7200.0  # type: ignore[attr-defined]
    engine.start()
    engine.round()
    assert engine.mitigations
    engine.rounds(2, every_s=1900)
    assert not engine.mitigations
    damage(loop)
    engine.start()
    engine.round()
    assert engine.standing().settled and not engine.mitigations


def test_it_is_said_until_a_person_has_looked(loop: Loop) -> None:
    standings_path(loop.workspace).write_text("{half")
    engine = Objectives(loop.workspace)
    engine.round()
    assert "damaged" in engine.fault, "/readyz says it"
    assert read_standings(loop.workspace).at, "it judges all the same"
    engine.round()
    assert "damaged" in engine.fault
    aside_path(loop.workspace).unlink()
    engine.round()
    assert engine.fault == ""


def test_a_ledger_that_cannot_be_read_either_is_no_clean_slate(loop: Loop) -> None:
    standings_path(loop.workspace).write_text("{half")
    store = loop.ledger.store

    class Shut(type(store)):  # type: ignore[misc]
        def find(self, *_: object, **__: object) -> object:
            raise EvidenceError("the ledger is damaged")

    store.__class__ = Shut
    with pytest.raises(EvidenceError, match="the ledger is damaged"):
        Engine(loop, slo())
    assert standings_path(loop.workspace).exists() and not aside_path(loop.workspace).exists()
