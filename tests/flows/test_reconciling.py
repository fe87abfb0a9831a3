"""The control process's round: once, however often; nothing lost when it was away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doubles.answers_that_left import Answers
from doubles.ledgers import cut
from doubles.live_system import write_live_system
from roadworthy.cli.acting import find_acting
from roadworthy.domain import (
    EvidenceError,
    JournalSettings,
    KillFlag,
    Observation,
    Outcome,
    Witness,
    sha256,
)
from roadworthy.flows.brakes.stopping import lift, set_kill
from roadworthy.flows.control.not_looked import NOT_LOOKED
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import Spool, Vault, open_master_key
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy_verify import load_heads, verify_path

AT = "2026-11-21T20:00:00.000000Z"


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def a_control(loop: Loop) -> Control:
    root = str(loop.workspace.root.parent)
    return Control(Plan(workspace=str(loop.workspace.root), roots={"": root}))


def a_spool(loop: Loop) -> Spool:
    vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
    return Spool(
        loop.workspace.journal,
        worker="w1",
        vault=vault,
        clock=loop.clock,
        settings=JournalSettings(),
        min_free_bytes=0,
    )


def seen(loop: Loop, output: str, **changes: object) -> Observation:
    values: dict[str, object] = {
        "id": new_id(),
        "time": AT,
        "system": "letters",
        "release": read_table(loop.workspace.routing).routes["letters"].live,
        "stage": "live",
        "tenant": "acme",
        "output_digest": sha256(output.encode()),
    }
    return Observation(**(values | changes))  # type: ignore[arg-type]


async def left(loop: Loop, output: str, *outcomes: Outcome, **changes: object) -> Observation:
    """An answer that left, and what was learned about it."""
    observation, spool = seen(loop, output, **changes), a_spool(loop)
    spool.start()
    await spool.close(observation, Witness(input="dear desk", output=output))
    for outcome in outcomes:
        about = Outcome(
            observation=observation.id,
            time=AT,
            reporter=outcome.reporter,
            never_event=outcome.never_event,
        )
        kind = "report" if outcome.reporter == "tenant:acme" else "outcome"
        await spool.learn(about, kind=kind)  # type: ignore[arg-type]
    await spool.aclose()
    return observation


def kinds(loop: Loop) -> list[str]:
    return [e.kind for e in loop.ledger.entries() if not e.kind.startswith(("rel", "per", "run"))]


async def test_what_was_read_is_kept_and_not_read_again(loop: Loop) -> None:
    await left(loop, "a person will call you")
    first = a_control(loop)
    assert first.round() == 3
    assert a_control(loop).round() == 3  # it died before it kept how far it came
    first.keep()
    assert a_control(loop).round() == 0


async def test_a_late_rule_kills_records_and_opens_once(loop: Loop) -> None:
    observation = await left(loop, "you will get 900 euro")
    a_control(loop).round()
    (flag,) = read_table(loop.workspace.routing).kills
    assert (flag.scope, flag.value, flag.observation) == ("tenant", "acme", observation.id)
    (incident,) = incidents_of(loop).values()
    assert incident.observations == (observation.id,)
    before = loop.ledger.size()
    a_control(loop).round()
    assert loop.ledger.size() == before
    assert len(read_table(loop.workspace.routing).kills) == 1


async def test_a_lifted_kill_is_not_set_again_by_a_restart(loop: Loop) -> None:
    await left(loop, "you will get 900 euro")
    a_control(loop).round()
    people = [found for name in ("cleo", "dan") if (found := find_acting(loop.workspace, name))]
    Answers(loop).learned()
    lift(["tenant:acme"], loop, people=people, reason="mended")
    a_control(loop).round()
    assert read_table(loop.workspace.routing).kills == ()


async def test_an_answer_that_breaks_nothing_is_let_be(loop: Loop) -> None:
    await left(loop, "a person will call you")
    reads = "A person will read your letter."
    await left(loop, reads, action="blocked", endpoint="answer")
    assert a_control(loop).round() == 6
    assert read_table(loop.workspace.routing).kills == ()
    assert kinds(loop).count("journal.sealed") == 2


async def test_a_sealed_segment_has_its_proof_beside_it_which_bears_witness(loop: Loop) -> None:
    await left(loop, "a person will call you")
    a_control(loop).round()
    (proof,) = loop.workspace.journal.glob("*.seal.json")
    report = verify_path(proof, trust=loop.workspace.trust)
    assert report.ok and report.details["entry"]["kind"] == "journal.sealed"
    assert report.details["entry"]["subject"] + ".seal.json" == proof.name
    table = read_table(loop.workspace.routing)
    assert table.checkpoint == loop.ledger.newest_checkpoint()

    proof.unlink()
    a_control(loop).round()
    assert proof.exists(), "a process that was killed in between has one made by the next"

    (head,) = load_heads(proof)
    shutil.rmtree(loop.workspace.releases)
    loop.workspace.routing.unlink()
    cut(loop.workspace.root, head.size - 1)
    report = verify_path(loop.workspace.root, trust=loop.workspace.trust)
    assert report.state == "tampered" and f"carried by journal/{proof.name}" in report.fault


async def test_a_reviewers_violation_is_recorded_and_a_claim_waits(loop: Loop) -> None:
    reviewer = Outcome(observation="", time="", reporter="tenant:reviewers", never_event="insults")
    claim = Outcome(observation="", time="", reporter="tenant:acme", never_event="insults")
    observation = await left(loop, "fine", claim, reviewer)
    a_control(loop).round()
    a_control(loop).round()
    said = kinds(loop)
    assert said.count("violation.recorded") == 1
    assert said.count("outcome.reported") == 1
    (flag,) = read_table(loop.workspace.routing).kills
    assert flag.observation == observation.id and flag.by == "tenant:reviewers"


async def test_an_erased_text_is_not_looked_at_and_stops_nothing(loop: Loop) -> None:
    await left(loop, "you will get 900 euro")
    vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
    vault.erase(tenant="acme")
    a_control(loop).round()
    assert read_table(loop.workspace.routing).kills == ()


async def test_texts_erased_before_a_late_rule_looked_are_entered_once(loop: Loop) -> None:
    gone = await left(loop, "you will get 900 euro")
    await left(loop, "A person will read your letter.", action="blocked", endpoint="answer")
    cut = await left(loop, "you will A person will read", action="blocked", endpoint="answer")
    vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
    vault.erase(tenant="acme")
    a_control(loop).round()
    a_control(loop).round()
    entered = [
        (entry.subject, entry.payload["never_event"])
        for entry in loop.ledger.entries(kind=NOT_LOOKED)
    ]
    events = ("promises-money", "insults")
    assert entered == [(each.id, event) for each in (gone, cut) for event in events]


async def test_a_release_that_cannot_be_read_is_entered_once_and_no_silence(loop: Loop) -> None:
    """Which late rules it had is known to nobody, so that none looked at its answers."""
    workspace = loop.workspace
    route = read_table(workspace.routing).routes["letters"]
    (workspace.root / route.path).rename(workspace.root / "aside")
    await left(loop, "", release="sha256:" + "0" * 64)
    first = await left(loop, "you will get 900 euro")
    await left(loop, "you will get 800 euro")
    a_control(loop).round()
    a_control(loop).round()
    entered = [
        (entry.subject, entry.payload["observation"])
        for entry in loop.ledger.entries(kind=NOT_LOOKED)
    ]
    assert entered == [(route.live, first.id)]


async def test_an_unknown_never_event_does_not_stop_the_round(loop: Loop) -> None:
    nonsense = Outcome(observation="", time="", reporter="tenant:reviewers", never_event="nope")
    await left(loop, "fine", nonsense)
    await left(loop, "you will get 900 euro")
    a_control(loop).round()
    assert len(read_table(loop.workspace.routing).kills) == 1


async def test_a_kill_while_nobody_recorded_is_entered(loop: Loop) -> None:
    flag = KillFlag(
        id="kill-x", scope="tenant", value="acme", system="letters", reason="r", by="x", at=AT
    )
    set_kill(flag, loop)
    control = a_control(loop)
    control.round()
    control.round()
    assert kinds(loop).count("kill.set") == 1


async def test_a_damaged_table_fails_the_round_and_a_mended_one_goes_on(loop: Loop) -> None:
    control = a_control(loop)
    good = loop.workspace.routing.read_bytes()
    await left(loop, "you will get 900 euro")
    loop.workspace.routing.write_bytes(b"{")
    with pytest.raises(EvidenceError):
        control.round()
    loop.workspace.routing.write_bytes(good)
    control.round()
    assert len(read_table(loop.workspace.routing).kills) == 1
    assert len(incidents_of(loop)) == 1
