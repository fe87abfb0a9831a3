"""One act, one kill, one entry; another event, another scope or a lift makes it another act."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from doubles.set_clock import SetClock
from roadworthy.domain import (
    Deployment,
    EvidenceError,
    Incident,
    Observation,
    RefusedError,
    UsageError,
    VerificationError,
)
from roadworthy.flows.brakes.road import moment, on_violation, stopped_by
from roadworthy.flows.brakes.stopping import find_kills, record_unrecorded, words_of
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.incidents.learning import find_incident, incidents_of
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.road import Road


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


async def test_a_second_event_of_a_wider_scope_on_the_same_answer_stops_too(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    narrow = on_violation(answers.violation(seen, answers.says(seen, "rude")), answers.loop)
    wide = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    assert [words_of(flag) for flag in answers.kills()] == [
        "slice:jurisdiction=DE", "slice:supplier=S-9", "system",
    ]  # fmt: skip
    assert sorted(answers.entered()) == sorted(flag.id for flag in answers.kills())
    assert wide.state == "contained" and wide.kills == (answers.kills()[-1].id,)
    assert narrow.kills == tuple(flag.id for flag in answers.kills()[:-1])
    payloads = [entry.payload for entry in answers.loop.ledger.entries(kind="kill.set")]
    assert [each["never_event"] for each in payloads] == ["rude", "rude", "insults"]


async def test_worker_control_process_and_command_know_of_one_act_and_enter_it_once(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    said = await answers.learn(answers.says(seen, "insults"))
    violation = answers.violation(seen, said)
    (flag,) = answers.worker_stops(violation)
    answers.control().round()
    on_violation(violation, answers.loop)
    answers.control().round()
    assert record_unrecorded(answers.loop) == []
    assert answers.kills() == (flag,) and answers.entered() == [flag.id]
    assert len(answers.entered("violation.recorded")) == 1


async def test_a_kill_entered_while_its_report_was_late_is_not_entered_again(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    violation = answers.violation(seen, answers.says(seen, "insults"))
    answers.worker_stops(violation)
    assert len(record_unrecorded(answers.loop)) == 1
    incident = on_violation(violation, answers.loop)
    assert len(answers.entered()) == 1 and incident.kills == tuple(answers.entered())


async def test_the_same_violation_reported_twice_is_one_kill(answers: Answers) -> None:
    seen = await answers.leave()
    for _ in range(2):
        violation = answers.violation(seen, await answers.learn(answers.says(seen, "insults")))
        answers.worker_stops(violation)
        answers.control().round()
    assert len(answers.kills()) == len(answers.entered()) == len(incidents_of(answers.loop)) == 1


async def test_reported_again_after_a_lift_is_a_kill_of_its_own_in_the_ledger_too(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    first = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    answers.lift(first.id)
    again = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    (flag,) = answers.kills()
    assert answers.entered() == [first.kill, flag.id] and flag.id != first.kill
    assert answers.entered("kill.lifted") == [first.kill]
    assert again.id == first.id
    assert find_incident(answers.loop, first.id).kills == (first.kill, flag.id)


async def test_a_report_that_the_ledger_knew_of_when_two_people_lifted_sets_nothing_again(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    for _ in range(2):  # the second one is covered by the kill of the first
        await answers.learn(answers.says(seen, "insults"))
    answers.control().round()
    answers.lift("system")
    answers.control().round()  # began anew: it reads both reports once more
    assert answers.kills() == () and len(answers.entered()) == 1


async def test_a_kill_is_not_lifted_before_anybody_entered_what_it_stopped(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    said = await answers.learn(answers.says(seen, "insults"))
    (flag,) = answers.worker_stops(answers.violation(seen, said))
    with pytest.raises(RefusedError, match="no incident yet"):
        answers.lift(flag.id)
    answers.control().round()
    (incident,) = incidents_of(answers.loop).values()
    assert (incident.state, incident.kills) == ("contained", (flag.id,))
    assert answers.lift(flag.id) == [flag]
    answers.control().round()
    assert answers.entered() == answers.entered("kill.lifted") == [flag.id]
    assert answers.kills() == (), "lifted, and not set again"


async def test_a_report_that_nobody_had_entered_when_another_kill_was_lifted_still_stops(
    answers: Answers,
) -> None:
    first, second = await answers.leave(), await answers.leave()
    on_violation(answers.violation(first, answers.says(first, "insults")), answers.loop)
    await answers.learn(answers.says(second, "insults"))
    answers.lift("system")
    answers.control().round()
    (flag,) = answers.kills()
    assert flag.observation == second.id and flag.id in answers.entered()


class NoLedger:
    """A ledger that cannot be opened."""

    def __getattr__(self, name: str) -> Any:
        raise EvidenceError("the ledger cannot be read")


async def test_a_kill_does_not_wait_for_a_ledger_that_cannot_be_read(answers: Answers) -> None:
    seen = await answers.leave()
    violation = answers.violation(seen, answers.says(seen, "insults"))
    with pytest.raises(EvidenceError):
        on_violation(violation, structs.replace(answers.loop, ledger=NoLedger()))
    assert len(answers.kills()) == 1 and stopped_by(violation, answers.loop)


async def test_after_an_incident_is_over_the_same_answer_reported_again_opens_another(
    answers: Answers,
) -> None:
    from roadworthy.flows.incidents.dismissing import dismiss

    seen = await answers.leave()
    first = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    people = [answers.acting("bob"), answers.acting("cleo")]
    dismiss(first, answers.loop, people=people, reason="a joke between friends")
    violation = answers.violation(seen, answers.says(seen, "insults"))
    second = on_violation(violation, answers.loop)
    assert second.id != first.id and second.state == "contained"
    assert on_violation(violation, answers.loop).id == second.id


async def test_an_incidents_id_lifts_all_of_its_kills(answers: Answers) -> None:
    seen, other = await answers.leave(), await answers.leave(facets={"jurisdiction": "FR"})
    incident = on_violation(answers.violation(seen, answers.says(seen, "rude")), answers.loop)
    joined = on_violation(answers.violation(other, answers.says(other, "rude")), answers.loop)
    kept = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    assert joined.id == incident.id
    lifted = answers.lift(incident.id)
    assert {words_of(flag) for flag in lifted} == {
        "slice:jurisdiction=DE", "slice:supplier=S-9", "slice:jurisdiction=FR",
    }  # fmt: skip
    assert [flag.id for flag in answers.kills()] == list(kept.kills)
    assert sorted(answers.entered("kill.lifted")) == sorted(flag.id for flag in lifted)


async def test_one_word_that_means_no_kill_lifts_nothing(answers: Answers) -> None:
    seen = await answers.leave()
    incident = on_violation(answers.violation(seen, answers.says(seen, "rude")), answers.loop)
    first = answers.kills()[0].id
    with pytest.raises(UsageError, match="no kill 'kill-nonsense' stands"):
        answers.lift(first, "kill-nonsense")
    assert len(answers.kills()) == 2
    assert [flag.id for flag in find_kills([first, incident.id], answers.loop)] == [
        flag.id for flag in answers.kills()
    ]
    assert len(answers.lift(first, answers.kills()[1].id)) == 2
    with pytest.raises(UsageError, match=f"no kill of incident {incident.id} stands"):
        answers.lift(incident.id)


async def dismissed(answers: Answers) -> tuple[Observation, Incident]:
    """An answer that was reported, and the incident that two people dismissed."""
    seen = await answers.leave()
    first = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    answers.lift(first.id)
    people = [answers.acting("bob"), answers.acting("cleo")]
    dismiss(first, answers.loop, people=people, reason="a play")
    return seen, first


async def test_a_report_that_is_made_after_the_clock_went_back_still_stops(
    answers: Answers,
) -> None:
    seen, first = await dismissed(answers)
    back = structs.replace(answers.loop, clock=SetClock("2020-01-01T00:00:00+00:00"))
    said = structs.replace(answers.says(seen, "insults"), time=moment(back))
    again = on_violation(answers.violation(seen, said), back)
    (flag,) = answers.kills()
    assert again.id != first.id and again.state == "contained" and again.kills == (flag.id,)


async def test_what_a_worker_stopped_after_the_clock_went_back_is_an_incident(
    answers: Answers,
) -> None:
    seen, first = await dismissed(answers)
    said = structs.replace(answers.says(seen, "insults"), time="2020-01-01T00:00:00.000000Z")
    await answers.learn(said)
    (flag,) = answers.worker_stops(answers.violation(seen, said))
    answers.control().round()
    again = [each for each in incidents_of(answers.loop).values() if each.id != first.id]
    assert [each.kills for each in again] == [(flag.id,)] and again[0].state == "contained"
    answers.control().round()
    assert len(incidents_of(answers.loop)) == 2


async def test_a_release_that_lies_where_another_should_is_not_asked_what_was_forbidden(
    answers: Answers,
) -> None:
    releases = answers.loop.workspace.releases
    (folder,) = releases.iterdir()
    folder.rename(releases / ("0" * 64))
    road = Road(answers.loop, Deployment())
    with pytest.raises(VerificationError, match="holds another release"):
        road.event("letters", "sha256:" + "0" * 64, "rude")
