"""A claim by somebody who may not act: seen, and acted on when a person says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.domain import AccessError, Observation, Outcome, Report, UsageError
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.control.reporting import accept, find_report, reject, reports_of
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.workspace.people import add_person
from roadworthy.ledger import require_signature
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


async def claimed(answers: Answers, seen: Observation, event: str = "insults") -> Report:
    said = answers.says(seen, event, reporter="tenant:acme", note="it said: you fool")
    await answers.learn(said, kind="report")
    answers.control().round()
    return list(reports_of(answers.loop).values())[-1]


def by(answers: Answers, name: str, seen: Observation, event: str) -> Outcome:
    return answers.says(seen, event, reporter=f"person:{answers.acting(name).key.key_id}")


async def test_a_claim_waits_in_the_ledger_and_stops_nothing(answers: Answers) -> None:
    seen = await answers.leave()
    report = await claimed(answers, seen)
    assert (report.state, report.observation, report.never_event, report.reporter) == (
        "waiting", seen.id, "insults", "tenant:acme",
    )  # fmt: skip
    assert answers.kills() == () and not incidents_of(answers.loop)
    (entry,) = answers.loop.ledger.entries(kind="outcome.reported")
    assert "you fool" not in str(entry.payload), "a tenant's words stay in the journal"


async def test_a_claim_repeated_while_it_waits_is_one_report(answers: Answers) -> None:
    seen = await answers.leave()
    for _ in range(3):
        report = await claimed(answers, seen)
    assert list(reports_of(answers.loop)) == [report.id]
    reject(report, answers.loop, by=answers.acting("bob"), reason="it was a quotation")
    answers.control().round()  # reads all three once more
    assert [each.state for each in reports_of(answers.loop).values()] == ["rejected"]
    assert (await claimed(answers, seen)).state == "waiting", "made again after it was settled"


async def test_an_accepted_claim_is_a_violation_with_all_that_follows(answers: Answers) -> None:
    seen = await answers.leave()
    report = await claimed(answers, seen)
    violation = answers.violation(seen, by(answers, "bob", seen, "insults"))
    incident = accept(report, answers.loop, by=answers.acting("bob"), violation=violation)
    assert incident is not None and incident.state == "contained"
    assert [flag.id for flag in answers.kills()] == list(incident.kills) == answers.entered()
    assert find_report(answers.loop, report.id).state == "accepted"
    (entry,) = answers.loop.ledger.entries(kind="report.accepted")
    require_signature(entry, answers.loop.trust, at=entry.time)
    with pytest.raises(UsageError, match="was accepted"):
        reject(find_report(answers.loop, report.id), answers.loop, by=answers.acting("bob"),
               reason="no")  # fmt: skip


async def test_what_a_reviewer_found_meanwhile_does_not_wait_any_more(answers: Answers) -> None:
    seen = await answers.leave()
    report = await claimed(answers, seen)
    on_violation(answers.violation(seen, by(answers, "dan", seen, "insults")), answers.loop)
    assert find_report(answers.loop, report.id).state == "accepted"


async def test_a_claim_is_settled_only_by_who_may_and_with_a_reason(answers: Answers) -> None:
    seen = await answers.leave()
    report = await claimed(answers, seen)
    add_person(answers.loop, name="eve", roles=["engineer"], by=answers.acting("ann"))
    answers.loop = loop_of(answers.loop.workspace)
    violation = answers.violation(seen, by(answers, "eve", seen, "insults"))
    with pytest.raises(AccessError, match="engineer"):
        accept(report, answers.loop, by=answers.acting("eve"), violation=violation)
    with pytest.raises(AccessError, match="engineer"):
        reject(report, answers.loop, by=answers.acting("eve"), reason="no")
    with pytest.raises(UsageError, match="needs a reason"):
        reject(report, answers.loop, by=answers.acting("bob"), reason=" ")
    assert find_report(answers.loop, report.id).state == "waiting" and answers.kills() == ()


async def test_a_reviewers_report_that_cannot_be_acted_on_waits_and_does_not_vanish(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "no-such-event"))
    answers.control().round()
    (report,) = reports_of(answers.loop).values()
    assert (report.state, report.never_event) == ("waiting", "no-such-event")
