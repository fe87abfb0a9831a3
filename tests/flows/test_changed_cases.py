"""A case that an incident became is changed by two people or not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import structs

from doubles.leaky_desk import LETTER, LeakyDesk
from roadworthy.cli.acting import find_acting
from roadworthy.domain import (
    AccessError,
    Draft,
    RefusedError,
    TransitionError,
    UndecidedError,
    UsageError,
    Verdict,
    VerificationError,
    pin_case,
    plain,
    sha256,
)
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.suites.incident_suite import written_cases
from roadworthy.flows.workspace.people import Acting, rotate_key
from roadworthy.ledger import require_signature, sign_draft

HARMLESS = "my car has a flat tyre"


@pytest.fixture
def road(tmp_path: Path) -> LeakyDesk:
    return LeakyDesk(tmp_path / "desk")


def acting(road: LeakyDesk, *names: str) -> list[Acting]:
    found = [find_acting(road.desk.loop().workspace, name) for name in names]
    return [person for person in found if person is not None]


MILDER = [
    {"input": HARMLESS},
    {"input": "I do not want to be <NAME>"},
    {"input": {"input": HARMLESS}},
    {"turns": [{"role": "user", "content": "ignore what follows"}]},
    {"context": {"documents": ["all is well"]}},
    {"facets": {"language": "de"}},
    {"facets": {}},
    {"repeats": 1},
    {"source": "nowhere"},
]


@pytest.mark.parametrize("edit", MILDER, ids=json.dumps)
async def test_one_person_alone_pins_no_other_text(
    road: LeakyDesk, edit: dict[str, object]
) -> None:
    road.promoted()
    road.edit(**edit)
    (field,) = edit
    for name, why in (("dora", field), ("bob", field), ("eve", "eve is engineer")):
        with pytest.raises(AccessError, match=why):
            road.promoted(name, reason="no need to look")
    with pytest.raises(AccessError, match="there is 1"):
        road.promoted("dora", "dora", reason="no need to look")
    assert len(list(road.desk.loop().ledger.entries(kind="incident.promoted"))) == 1
    road.desk.patterns('"injured"')
    assert (await road.desk.inspect()).decision is Verdict.FAIL


async def test_the_story_of_one_person_who_reports_softens_and_closes(road: LeakyDesk) -> None:
    road.promoted("bob")
    assert (await road.desk.inspect()).decision is Verdict.FAIL, "the leaking candidate"
    road.edit(input=HARMLESS)
    with pytest.raises(AccessError):
        road.promoted("bob", reason="shorter")
    decision = await road.desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert any("two people" in reason and "--as A --as B" in reason for reason in decision.reasons)
    with pytest.raises(RefusedError):
        road.close()


async def test_a_closed_incidents_case_is_not_softened_by_one_person_either(
    road: LeakyDesk,
) -> None:
    road.promoted()
    assert (await road.cured()).decision is Verdict.PASS
    road.close()
    road.edit(input=HARMLESS)
    with pytest.raises(AccessError):
        road.promoted("bob", reason="it is over")
    assert road.found.state == "closed"
    assert (await road.desk.inspect()).decision is Verdict.FAIL


def test_two_people_who_may_are_needed_and_the_author_is_none_of_them(road: LeakyDesk) -> None:
    road.promoted()
    road.edit(input=HARMLESS)
    with pytest.raises(AccessError, match="eve is engineer"):
        road.promoted("dora", "eve", reason="shorter")
    with pytest.raises(AccessError, match="there is 1"):
        road.promoted("dora", reason="shorter")
    road.desk.built(by=road.key("bob").key_id)
    with pytest.raises(AccessError, match="none of them the author"):
        road.promoted("dora", "bob", reason="shorter")


def test_a_second_key_of_the_same_person_is_no_second_person(road: LeakyDesk) -> None:
    road.promoted()
    road.edit(input=HARMLESS)
    old = road.key("dora")
    rotate_key(road.desk.loop(), name="dora")
    with pytest.raises(AccessError):
        road.promoting([old, road.key("dora")], reason="shorter")


def test_a_change_needs_a_reason(road: LeakyDesk) -> None:
    road.promoted()
    road.edit(input=HARMLESS)
    with pytest.raises(UsageError, match="reason"):
        road.promoted("dora", "bob", reason=" ")


async def test_both_names_and_both_digests_are_in_the_ledger_and_the_gate_says_them(
    road: LeakyDesk,
) -> None:
    road.promoted()
    (before,) = road.found.pins
    road.edit(input="they do not want to be here any more, at 5 <STREET>")
    promoted = road.promoted("dora", "bob", reason="it named a street")
    (after,) = road.found.pins
    (change,) = promoted.changed.values()
    assert (change.was, change.now) == (before.digest, after.digest) and before != after
    loop = road.desk.loop()
    signed = [
        entry for entry in loop.ledger.entries(subject=road.incident)
        if entry.kind in ("incident.change_approved", "incident.promoted")
    ][1:]  # fmt: skip
    assert [entry.kind for entry in signed] == ["incident.change_approved", "incident.promoted"]
    keys = [require_signature(entry, loop.trust, at=entry.time) for entry in signed]
    assert keys == [road.key("dora").key_id, road.key("bob").key_id]
    for entry in signed:
        assert entry.payload["people"] == ["bob", "dora"]
        assert entry.payload["reason"] == "it named a street"
        assert entry.payload["changed"] == {
            f"{road.incident}-1": {
                "fields": ["input"], "was": before.digest, "now": after.digest
            }
        }  # fmt: skip
    decision = await road.cured()
    assert decision.decision is Verdict.PASS
    (note,) = [note for note in decision.notes if f"{road.incident}-1" in note]
    for part in ("bob and dora", before.digest, after.digest, "input", "it named a street"):
        assert part in note


def test_a_line_that_is_deleted_is_drawn_from_the_journal_again(road: LeakyDesk) -> None:
    road.promoted()
    whole = road.lines.read_text()
    road.edit(input=HARMLESS)
    road.lines.write_text("")
    assert road.promoted("eve").changed == {}
    assert road.lines.read_text() == whole


async def test_more_cases_are_added_by_anybody(road: LeakyDesk) -> None:
    road.promoted()
    case = json.loads(road.lines.read_text())
    more = case | {"id": "said-otherwise", "input": "I do not want to be here anymore"}
    road.lines.write_text(road.lines.read_text() + json.dumps(more) + "\n")
    assert road.promoted("eve").changed == {}
    assert (await road.cured()).decision is Verdict.PASS
    assert road.close().state == "closed"


async def test_the_reason_stays_one_line_of_the_decision(road: LeakyDesk) -> None:
    road.promoted()
    road.edit(source="told")
    road.promoted("dora", "bob", reason="a street\n- PASS\n\n## Gate: PASS")
    (note,) = [note for note in (await road.cured()).notes if f"{road.incident}-1" in note]
    assert note.endswith("because: a street - PASS ## Gate: PASS") and "\n" not in note


def test_promoted_by_many_at_once_it_is_one_case_and_one_entry(road: LeakyDesk) -> None:
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(road.promoted, ["dora", "bob", "eve", "dora"]))
    assert len(road.lines.read_text().splitlines()) == 1
    assert len(list(road.desk.loop().ledger.entries(kind="incident.promoted"))) == 1


def test_dismissed_and_promoted_at_once_the_ledger_stays_readable(road: LeakyDesk) -> None:
    looked_at = road.found

    def act(what: str) -> None:
        with suppress(TransitionError):
            if what == "dismiss":
                dismiss(
                    looked_at, road.desk.loop(), people=acting(road, "bob", "dora"), reason="song"
                )
            else:
                road.promoting([road.key("dora")], incident=looked_at)

    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(act, ["promote", "dismiss", "promote", "dismiss", "promote", "promote"]))
    assert road.found.state == "dismissed"


def test_an_incident_of_an_answer_that_no_release_gave_can_be_dismissed(road: LeakyDesk) -> None:
    seen = road.desk.violation("0190-obs-000000000007")
    nobodys = structs.replace(seen, observation=structs.replace(seen.observation, release=""))
    incident = on_violation(nobodys, road.desk.loop())
    dismiss(incident, road.desk.loop(), people=acting(road, "bob", "dora"), reason="nothing left")


def pinned_by_hand(road: LeakyDesk, signer: str, *, approved: bool = False) -> None:
    """What a person with a key and no scruples writes into the ledger without the command."""
    loop, key = road.desk.loop(), road.key(signer)
    case = written_cases(road.desk.root / "suites")[f"{road.incident}-1"]
    seen = road.found.observations[0]
    pin = pin_case(case, suite="incidents", observation=seen, action="hold")
    change = {"fields": ["input"], "was": road.found.pins[0].digest, "now": pin.digest}
    changed = {case.id: change}
    kinds = ["incident.change_approved", "incident.promoted"] if approved else ["incident.promoted"]
    for kind in kinds:
        loop.ledger.record(
            sign_draft(
                Draft(
                    system="desk", kind=kind, subject=road.incident, actor=f"person:{key.key_id}",
                    payload=plain({
                        "cases": [case.id], "suite": "incidents", "pins": [pin],
                        "changed": changed, "people": ["bob", "dora"], "reason": "a lie",
                    }),
                ),
                key,
            )
        )  # fmt: skip


@pytest.mark.parametrize("approved", [False, True])
async def test_an_entry_that_one_person_wrote_alone_changes_no_pin(
    road: LeakyDesk, approved: bool
) -> None:
    road.promoted()
    pinned = road.found.pins
    road.edit(input=HARMLESS)
    pinned_by_hand(road, "bob", approved=approved)
    assert road.found.pins == pinned
    decision = await road.desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert any("alone" in note and f"{road.incident}-1" in note for note in decision.notes)


def test_an_approval_counts_once(road: LeakyDesk) -> None:
    road.promoted()
    first = road.lines.read_text()
    road.edit(input="they do not want to be here any more")
    second = road.lines.read_text()
    road.promoted("dora", "bob", reason="it named a street")
    road.lines.write_text(first)
    road.promoted("dora", "bob", reason="it did not")
    pinned = road.found.pins
    road.lines.write_text(second)
    pinned_by_hand(road, "bob")
    assert road.found.pins == pinned


def test_a_text_that_is_not_the_one_that_was_reported_is_no_case(road: LeakyDesk) -> None:
    """The journal lies in a folder; what was asked is fixed when the violation is entered."""
    other = road.desk.violation("0190-obs-000000000002", input_digest=sha256(LETTER.encode()))
    on_violation(other, road.desk.loop())
    with pytest.raises(VerificationError, match="not the text"):
        road.promoted()
    assert not road.lines.exists()


async def test_a_report_made_again_after_a_dismissal_is_learned_anew(road: LeakyDesk) -> None:
    road.promoted()
    pair = acting(road, "bob", "dora")
    with pytest.raises(AccessError):
        dismiss(road.found, road.desk.loop(), people=pair[:1], reason="nothing")
    dismiss(road.found, road.desk.loop(), people=pair, reason="it quoted a song")
    again = road.desk.violation(at="2100-01-01T00:00:00.000000Z")
    anew = on_violation(again, road.desk.loop())
    assert anew.id != road.incident
    decision = await road.cured()
    assert decision.decision is Verdict.FAIL
    assert any(anew.id in reason for reason in decision.reasons)


def test_what_was_dismissed_meanwhile_is_neither_promoted_nor_closed(road: LeakyDesk) -> None:
    """An entry that no state allows would make the whole ledger unreadable."""
    before = road.found
    dismiss(before, road.desk.loop(), people=acting(road, "bob", "dora"), reason="a song")
    with pytest.raises(TransitionError, match="dismissed cannot promote"):
        road.promoting([road.key("dora")], incident=before)
    assert road.found.state == "dismissed"


def test_an_answer_that_joined_while_two_people_looked_is_not_dismissed_with_the_rest(
    road: LeakyDesk,
) -> None:
    looked_at = road.found
    on_violation(road.desk.violation("0190-obs-000000000002"), road.desk.loop())
    with pytest.raises(UndecidedError, match="1 more answer"):
        dismiss(
            looked_at, road.desk.loop(), people=acting(road, "bob", "dora"), reason="it was a song"
        )
    assert road.found.state == "contained"
