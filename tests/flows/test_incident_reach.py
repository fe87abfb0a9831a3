"""How far an incident reaches is counted from the journal, and its evidence is held."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave, say
from doubles.live_system import write_live_system
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import (
    Incident,
    Outcome,
    RefusedError,
    TextScope,
    format_instant,
)
from roadworthy.flows.follow_up.reach import hold_reach, reach_of
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.journals.erasing import erase_texts
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.journal import Vault, open_master_key
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def by(loop: Loop, name: str) -> Acting:
    key = next(key for key in loop.trust.keys if key.name == name)
    return Acting(name=name, signer=loop.keyring.signer(name), key=key)


def only(loop: Loop) -> Incident:
    (found,) = incidents_of(loop, "letters").values()
    return found


OBJECTIVE = slo(by=["supplier"], action_on_breach="degrade_to_safe_mode")


async def test_it_counts_tenants_slices_people_and_time_and_guesses_nothing(loop: Loop) -> None:
    engine = Engine(loop, OBJECTIVE)
    await leave(loop, answers(loop, 60, bad=40, facets={"supplier": "S-9"}, end_user="u1"))
    await leave(
        loop,
        answers(loop, 30, bad=10, facets={"supplier": "S-9"}, tenant="northwind", end_user="u1"),
    )
    await leave(loop, answers(loop, 100, bad=2, facets={"supplier": "S-1"}))
    await leave(loop, answers(loop, 50, bad=50, facets={"supplier": "S-9"}, stage="probe"))
    await leave(loop, answers(loop, 50, bad=50, facets={"supplier": "S-9"}, release="sha256:o"))
    engine.round()
    counted = reach_of(only(loop), loop, [OBJECTIVE])
    assert (counted.exposed, counted.showing) == (90, 50), "of that slice and release, in traffic"
    assert counted.by_tenant == {"acme": 40, "northwind": 10}
    assert counted.by_slice == {"supplier=S-9": 50}
    assert counted.end_users == 2 and counted.unnamed == 0, "u1 of acme is another than northwind's"
    assert counted.left == 0, "those that failed were replaced"
    assert counted.since <= counted.first <= counted.last < counted.until


async def test_where_no_single_answer_tells_nothing_is_counted_as_showing_it(loop: Loop) -> None:
    drift = slo(name="input_drift", metric="input_drift", target="<= 0.1", incident=True)
    engine = Engine(loop, slo(action_on_breach="alert", severity="high"))
    await leave(loop, answers(loop, 60, bad=40))
    engine.round()
    about = msgspec.structs.replace(only(loop), objective="input_drift")
    counted = reach_of(about, loop, [drift])
    assert (counted.exposed, counted.showing) == (60, None)
    assert "no single answer" in counted.reason
    gone = reach_of(about, loop, [])
    assert gone.showing is None and "not have" in gone.reason


async def test_what_was_learned_later_counts(loop: Loop) -> None:
    objective = slo(name="accuracy", target=">= 0.9", window="1h", severity="high")
    engine = Engine(loop, objective)
    rows = await leave(loop, answers(loop, 60, decision="billing"))
    at = format_instant(loop.clock.now())
    await say(
        loop,
        (
            Outcome(observation=row.id, time=at, reporter="tenant:acme", label="technical")
            for row in rows[:40]
        ),
    )
    engine.round()
    counted = reach_of(only(loop), loop, [objective])
    assert (counted.exposed, counted.showing, counted.left) == (60, 40, 40)


async def test_what_shows_it_and_what_is_frozen_is_not_erased(loop: Loop) -> None:
    vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
    engine = Engine(loop, OBJECTIVE)
    bad = {"facets": {"supplier": "S-9"}, "end_user": vault.pseudonym("acme", "ann")}
    await leave(loop, answers(loop, 60, bad=60, **bad))
    await leave(loop, answers(loop, 1, tenant="northwind"))
    engine.round()
    found = only(loop)
    ann = TextScope(tenant="acme", subject=str(bad["end_user"]))
    with pytest.raises(RefusedError, match=found.id):
        erase_texts(ann, loop, vault, by(loop, "bob"), reason="she asked")
    holds = hold_reach(found, reach_of(found, loop, [OBJECTIVE]), loop, by(loop, "bob"))
    day = format_instant(loop.clock.now())[:10]
    assert [(each.scope.tenant, each.scope.day) for each in holds] == [("acme", day)]
    with pytest.raises(RefusedError, match=holds[0].id):
        erase_texts(TextScope(tenant="acme"), loop, vault, by(loop, "bob"), reason="they left")
    done = erase_texts(TextScope(tenant="northwind"), loop, vault, by(loop, "bob"), reason="x")
    assert done.exchanges == 1
