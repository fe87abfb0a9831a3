"""Objectives at run time: a breach acts on its slice at once, stands, recovers as it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave, say
from doubles.live_system import write_live_system
from doubles.rolled_out import roll_out
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import (
    AccessError,
    EvidenceError,
    NeverRecord,
    Outcome,
    UsageError,
    Verdict,
    format_instant,
)
from roadworthy.flows.entries.rolling import rollouts_of, under_way
from roadworthy.flows.mitigation.mitigations import lift, put_back_mitigations
from roadworthy.flows.objectives.live_rows import LiveRows
from roadworthy.flows.objectives.watch import LiveRules, SloWatch
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.flows.workspace.waiting import held
from roadworthy.journal import Record, segments
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


async def test_a_breach_degrades_its_slice_and_leaves_the_rest(loop: Loop) -> None:
    objective = slo(by=["supplier"], action_on_breach="degrade_to_safe_mode")
    engine = Engine(loop, objective)
    await leave(loop, answers(loop, 60, bad=40, facets={"supplier": "S-9"}))
    await leave(loop, answers(loop, 200, bad=2, facets={"supplier": "S-1"}))
    engine.round()
    (found,) = engine.mitigations
    assert (found.kind, found.facets) == ("degrade_to_safe_mode", {"supplier": "S-9"})
    table = read_table(loop.workspace.routing)
    asked = {"system": "letters", "tenant": "acme", "endpoint": "answer"}
    assert table.mitigated(**asked, facets={"supplier": "S-9"}) == found
    assert table.mitigated(**asked, facets={"supplier": "S-1"}) is None
    assert engine.standing(part="supplier=S-1").verdict is Verdict.PASS
    entry = loop.ledger.newest(kind="objective.breached", subject=found.id)
    assert entry is not None and entry.payload["part"] == "supplier=S-9"
    engine.round()
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1, "once"


async def test_too_few_answers_decide_nothing(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 3, bad=1))
    engine.round()
    assert engine.standing().verdict is Verdict.INCONCLUSIVE and not engine.mitigations


async def test_a_restart_and_a_gone_window_forget_no_breach(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="route_to_human_review"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (found,) = engine.mitigations
    loop.clock.ahead_s += 7200  # type: ignore[attr-defined]
    engine.start()
    engine.round()
    assert engine.standing().mitigation == found.id and engine.mitigations == (found,)
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1


async def test_it_recovers_by_itself_only_where_it_says_so(loop: Loop) -> None:
    auto = slo(recover="auto after 2 clean windows", action_on_breach="degrade_to_safe_mode")
    engine = Engine(loop, auto)
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    engine.rounds(3, every_s=1800)
    assert engine.mitigations, "the window in which it failed is over, and half a clean one"
    engine.rounds(1, every_s=1800)
    assert engine.mitigations, "one clean window of two"
    engine.rounds(1, every_s=1800)
    assert not engine.mitigations and engine.standing().breached_at == ""
    assert len(list(loop.ledger.entries(kind="objective.recovered"))) == 1
    engine.round()
    assert not engine.mitigations, "what was before does not breach again"
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    assert len(engine.mitigations) == 1, "what comes after does"


async def test_time_in_which_nobody_looked_is_not_clean(loop: Loop) -> None:
    """The control process was down, or the clock jumped ahead."""
    auto = slo(recover="auto after 3 clean windows", action_on_breach="degrade_to_safe_mode")
    engine = Engine(loop, auto)
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    loop.clock.ahead_s += 86_400  # type: ignore[attr-defined]
    engine.start()
    engine.round()
    assert engine.mitigations, "of a day one window was seen"
    engine.rounds(3, every_s=1800)
    assert engine.mitigations
    engine.rounds(2, every_s=1800)
    assert not engine.mitigations


async def test_what_cannot_be_read_keeps_nothing_else_from_being_judged(loop: Loop) -> None:
    """A damaged ledger, a damaged segment: what is known breaches all the same."""
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 2))
    (damaged,) = segments(loop.workspace.journal)
    data = damaged.read_bytes()
    damaged.write_bytes(data[:40] + bytes(40) + data[80:])
    await leave(loop, answers(loop, 60, bad=30))
    with closed_to_readers(loop), pytest.raises(EvidenceError):
        engine.round()
    assert len(engine.mitigations) == 1
    with suppress(EvidenceError):
        engine.round()
    assert engine.standing().entered


@contextmanager
def closed_to_readers(loop: Loop) -> Iterator[None]:
    """A ledger that nobody can read."""
    store = loop.ledger.store
    reading = type(store).size

    def broken(self: object) -> int:
        raise EvidenceError("the ledger is damaged")

    type(store).size = broken  # type: ignore[method-assign]
    try:
        yield
    finally:
        type(store).size = reading  # type: ignore[method-assign]


async def test_what_can_no_longer_be_judged_passes_no_longer(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"]))
    engine.round()
    assert engine.standing().verdict is Verdict.INCONCLUSIVE, "of no answer there is no slice"
    await leave(loop, answers(loop, 200, facets={"supplier": "S-1"}))
    engine.round()
    assert engine.standing(part="supplier=S-1").verdict is Verdict.PASS

    def gone(*_: str) -> LiveRules:
        raise EvidenceError("the release is gone")

    engine.watch = SloWatch(loop, rules=gone, warn=engine.said.append)
    with pytest.raises(EvidenceError):
        engine.round()
    assert engine.standing(part="supplier=S-1").verdict is Verdict.ERROR


async def test_a_ledger_that_is_locked_delays_no_slice(loop: Loop) -> None:
    hurried = msgspec.structs.replace(loop, patience_s=0.5)
    engine = Engine(hurried, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    for supplier in ("S-1", "S-2", "S-3", "S-4"):
        await leave(loop, answers(loop, 60, bad=40, facets={"supplier": supplier}))
    begun = time.monotonic()
    with held(loop.workspace.serving / "records.lock", 1.0), pytest.raises(Exception, match="lock"):
        engine.round()
    assert len(engine.mitigations) == 4 and time.monotonic() - begun < 1.8
    engine.round()
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 4


async def test_a_rollout_gets_no_request_while_its_abort_cannot_be_entered(
    tmp_path: Path, loop: Loop
) -> None:
    roll_out(tmp_path, loop)
    hurried = msgspec.structs.replace(loop, patience_s=0.05)
    engine = Engine(hurried, slo(action_on_breach="rollback"))
    await leave(loop, answers(loop, 60, bad=30))
    with closed_to_readers(loop), pytest.raises(EvidenceError):
        engine.round()
    assert read_table(loop.workspace.routing).routes["letters"].arm is None
    engine.round()
    assert [each.state for each in rollouts_of(loop).values()] == ["aborted"]


async def test_slices_that_name_requests_hide_no_other(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    noise = (msgspec.structs.replace(r, facets={"supplier": r.id}) for r in answers(loop, 300))
    await leave(loop, noise)
    await leave(loop, answers(loop, 60, bad=40, facets={"supplier": "S-9"}))
    engine.round()
    assert engine.standing().verdict is Verdict.ERROR, "it is said"
    assert [each.facets for each in engine.mitigations] == [{"supplier": "S-9"}]


def test_reports_without_end_take_no_memory_without_end(loop: Loop) -> None:
    rows = LiveRows()
    (seen,) = answers(loop, 1, decision="billing")
    rows.take(Record(kind="close", at=seen.time, observation=seen))
    for place in range(1000):
        at = f"2026-11-22T10:00:{place // 100:02}.{place % 100:06}Z"
        said = Outcome(observation=seen.id, time=at, reporter="t", label=f"l{place}")
        rows.take(Record(kind="outcome", at=at, outcome=said))
    (row,) = rows._rows["letters"].values()
    assert len(row.learned) <= 64 and row.known.label == "l999"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("until", ["", "2026-11-22T10:00:00.000006Z"])
@pytest.mark.parametrize("release", ["", "sha256:b"])
def test_a_window_holds_what_a_look_at_each_answer_says(
    loop: Loop, late: bool, until: str, release: str
) -> None:
    rows, since, kept = LiveRows(), "2026-11-22T10:00:00.000003Z", []
    for place, seen in enumerate(answers(loop, 10)):
        at = f"2026-11-22T10:00:00.{(place * 7) % 10:06}Z"
        one = msgspec.structs.replace(seen, time=at, release=f"sha256:{'ab'[place % 2]}")
        rows.take(Record(kind="close", at=at, observation=one))
        said = Outcome(observation=one.id, time=at[:-2] + "5Z", reporter="t", label="x")
        if place % 3:
            rows.take(Record(kind="outcome", at=at, outcome=said))
        when = (said.time if place % 3 else "") if late else at
        if since <= when and (not until or when < until) and release in ("", one.release):
            kept.append((one.id, "x" if place % 3 else ""))
    found = rows.window("letters", release=release, since=since, until=until, late=late)
    assert [(each.id, each.label) for each in found] == kept and kept
    assert not list(rows.window("parcels", release=release, since="", late=late))


async def test_a_person_lifts_it_with_a_reason(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode", window="rolling"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (found,) = engine.mitigations
    with pytest.raises(UsageError, match="reason"):
        lift(loop, found.id, signer=loop.keyring.signer("cleo"), reason=" ")
    with pytest.raises(AccessError):
        lift(loop, found.id, signer=loop.keyring.signer("bob"), reason="mended")
    with pytest.raises(UsageError, match="no mitigation"):
        lift(loop, "mitigation-none", signer=loop.keyring.signer("cleo"), reason="mended")
    lift(loop, found.id, signer=loop.keyring.signer("cleo"), reason="mended")
    for _ in range(2):
        engine.round()
        assert not engine.mitigations and not engine.standing().breached_at
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (again,) = engine.mitigations
    assert again.id != found.id


async def test_one_that_was_edited_away_is_put_back(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (found,) = engine.mitigations
    publish(
        loop.workspace, lambda table: msgspec.structs.replace(table, mitigations=()), loop.clock
    )
    assert [each.id for each in put_back_mitigations(loop)] == [found.id]
    assert engine.mitigations == (found,)


async def test_one_that_was_edited_to_cover_nobody_is_put_back(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (found,) = engine.mitigations
    nobody = msgspec.structs.replace(found, facets={"supplier": "nobody"})
    publish(loop.workspace, lambda t: msgspec.structs.replace(t, mitigations=(nobody,)), loop.clock)
    engine.round()
    assert engine.mitigations == (found,)


async def test_what_was_lifted_before_a_crash_leaves_the_table(loop: Loop) -> None:
    """Entered, and killed before the table was written: nobody could lift it once more."""
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode", window="rolling"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    before = engine.mitigations
    lift(loop, before[0].id, signer=loop.keyring.signer("cleo"), reason="mended")
    publish(loop.workspace, lambda t: msgspec.structs.replace(t, mitigations=before), loop.clock)
    engine.start()
    engine.round()
    assert not engine.mitigations


HOSTILE = "S-1,tenant=northwind"


@pytest.mark.parametrize("supplier", [HOSTILE, "a=b", "", "S\\,1", ","])
async def test_a_caller_names_no_other_slice_than_its_own(loop: Loop, supplier: str) -> None:
    objective = slo(by=["supplier"], action_on_breach="degrade_to_safe_mode")
    engine = Engine(loop, objective)
    facets = {"supplier": supplier} if supplier else {}
    await leave(loop, answers(loop, 60, bad=40, facets=facets))
    engine.round()
    assert len(engine.mitigations) == 1
    table = read_table(loop.workspace.routing)
    asked = {"system": "letters", "endpoint": "answer"}
    assert table.mitigated(**asked, tenant="acme", facets=facets) is not None
    other = {"supplier": "S-1"}
    assert table.mitigated(**asked, tenant="northwind", facets=other) is None


async def test_slices_that_no_request_carries_are_mitigated_with_the_rest(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["decision"], action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=40, decision="billing"))
    engine.round()
    table = read_table(loop.workspace.routing)
    assert table.mitigated(system="letters", tenant="acme", endpoint="answer", facets={})


@pytest.mark.parametrize("by", ["endpoint", "supplier"])
async def test_a_slice_that_no_flag_can_tell_stops_the_system(loop: Loop, by: str) -> None:
    engine = Engine(loop, slo(action_on_breach="kill_switch", by=[by], scope="slice"))
    await leave(loop, answers(loop, 60, bad=30, endpoint="answer"))
    engine.round()
    table = read_table(loop.workspace.routing)
    assert table.killed(system="letters", tenant="acme", facets={}) is not None


async def test_the_table_comes_first_and_the_entry_when_it_can_be_made(loop: Loop) -> None:
    hurried = msgspec.structs.replace(loop, patience_s=0.05)
    engine = Engine(hurried, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=30))
    with held(loop.workspace.serving / "records.lock", 1.0), pytest.raises(Exception, match="lock"):
        engine.round()
    assert len(engine.mitigations) == 1 and not engine.standing().entered
    engine.start()  # killed between the two
    engine.round()
    assert len(engine.mitigations) == 1 and engine.standing().entered
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1


async def test_a_kill_switch_stops_the_scope_and_is_in_the_ledger(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="kill_switch", by=["tenant"], scope="tenant"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    (flag,) = read_table(loop.workspace.routing).kills
    assert (flag.scope, flag.value, flag.system) == ("tenant", "acme", "letters")
    assert loop.ledger.newest(kind="kill.set", subject=flag.id) is not None


async def test_a_violation_is_stopped_by_its_event_and_not_once_more(loop: Loop) -> None:
    """Two people lift one kill; the objective says that it is breached, and adds no second."""
    violations = slo(
        name="never_event_violations", target="== 0", window="rolling",
        action_on_breach="kill_switch",
    )  # fmt: skip
    engine = Engine(loop, violations)
    never = (NeverRecord(event="insults", kind="violation", found_by="late_rule:insults"),)
    await leave(loop, answers(loop, 1, never=never))
    engine.round()
    standing = engine.standing("never_event_violations")
    assert standing.verdict is Verdict.FAIL and standing.breached_at and standing.entered
    assert not read_table(loop.workspace.routing).kills


async def test_a_rollout_is_held_or_aborted(tmp_path: Path, loop: Loop) -> None:
    roll_out(tmp_path, loop)
    engine = Engine(loop, slo(action_on_breach="hold_rollout"))
    await leave(loop, answers(loop, 60, bad=30))
    engine.round()
    assert under_way(loop)["letters"].state == "paused"
    Engine(loop, slo(name="errors", metric="error_rate", action_on_breach="rollback")).round()
    assert [each.state for each in rollouts_of(loop).values()] == ["aborted"]
    assert engine.mitigations[-1].kind == "rollback"


async def test_labels_count_when_they_come(loop: Loop) -> None:
    objective = slo(name="accuracy", target=">= 0.9", window="1h")
    engine = Engine(loop, objective)
    rows = await leave(loop, answers(loop, 60, decision="billing"))
    engine.round()
    assert engine.standing("accuracy").verdict is Verdict.INCONCLUSIVE
    loop.clock.ahead_s += 7200  # type: ignore[attr-defined]
    at = format_instant(loop.clock.now())
    await say(
        loop,
        (
            Outcome(observation=row.id, time=at, reporter="tenant:acme", label="technical")
            for row in rows
        ),
    )
    engine.round()
    assert engine.standing("accuracy").verdict is Verdict.FAIL


async def test_a_relative_target_looks_at_the_window_before(loop: Loop) -> None:
    objective = slo(target="<= 2 x previous 1h", window="1h")
    engine = Engine(loop, objective)
    await leave(loop, answers(loop, 300, bad=15))
    loop.clock.ahead_s += 3600  # type: ignore[attr-defined]
    await leave(loop, answers(loop, 300, bad=120))
    engine.round()
    assert engine.standing().verdict is Verdict.FAIL


async def test_a_facet_that_names_requests_is_an_error_and_no_explosion(loop: Loop) -> None:
    engine = Engine(loop, slo(by=["supplier"], action_on_breach="degrade_to_safe_mode"))
    rows = answers(loop, 300)
    await leave(
        loop,
        (msgspec.structs.replace(row, facets={"supplier": row.id}) for row in rows),
    )
    engine.round()
    assert engine.standing().verdict is Verdict.ERROR and not engine.mitigations


async def test_probes_shadows_and_other_releases_are_no_traffic(loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="degrade_to_safe_mode"))
    await leave(loop, answers(loop, 60, bad=60, stage="probe"))
    await leave(loop, answers(loop, 60, bad=60, stage="shadow"))
    await leave(loop, answers(loop, 60, bad=60, release="sha256:other"))
    engine.round()
    assert engine.standing().n == 0 and not engine.mitigations
