"""A false report has an honest way out: two people, a reason, and the incident stays to be seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.desk import Desk
from doubles.live_system import write_live_system
from doubles.past_answers import PastAnswers
from roadworthy.cli.acting import find_acting
from roadworthy.domain import AccessError, TransitionError, UsageError, Verdict
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.incidents.dismissing import dismiss
from roadworthy.flows.incidents.learning import find_incident, promote
from roadworthy.flows.workspace.people import Acting, add_person
from roadworthy.ledger import require_signature
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


async def test_two_people_dismiss_both_sign_and_the_kill_stands(answers: Answers) -> None:
    seen = await answers.leave()
    incident = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    people = [answers.acting("bob"), answers.acting("cleo")]
    done = dismiss(incident, answers.loop, people=people, reason="it quoted a play")
    assert (done.state, done.reason) == ("dismissed", "it quoted a play")
    about = list(answers.loop.ledger.entries(subject=incident.id))
    signed = [entry for entry in about if "dismiss" in entry.kind]
    signers = {require_signature(each, answers.loop.trust, at=each.time) for each in signed}
    assert signers == {person.key.key_id for person in people}
    assert [entry.kind for entry in about] == [
        "incident.opened", "incident.dismissal_approved", "incident.dismissed",
    ]  # fmt: skip
    assert len(answers.kills()) == 1, "a stop is lifted by resume, nowhere else"
    with pytest.raises(TransitionError, match="dismissed cannot dismiss"):
        dismiss(done, answers.loop, people=people, reason="again")


@pytest.mark.parametrize(
    ("names", "why"), [(["bob"], "there is 1"), (["bob", "bob"], "there is 1"),
                       (["ann", "bob"], "none of them the author"), (["bob", "eve"], "engineer")]
)  # fmt: skip
async def test_nobody_dismisses_alone_nor_what_he_built_himself(
    answers: Answers, names: list[str], why: str
) -> None:
    seen = await answers.leave()
    incident = on_violation(answers.violation(seen, answers.says(seen, "insults")), answers.loop)
    add_person(answers.loop, name="eve", roles=["engineer"], by=answers.acting("ann"))
    loop = loop_of(answers.loop.workspace)
    with pytest.raises(AccessError, match=why):
        dismiss(incident, loop, people=[answers.acting(name) for name in names], reason="no")
    assert find_incident(loop, incident.id).state == "contained"


async def test_a_rule_is_not_overruled_without_saying_why_it_is_wrong(answers: Answers) -> None:
    await answers.leave("you will get 900 euro")
    answers.control().round()
    (subject,) = answers.entered("incident.opened")
    incident = find_incident(answers.loop, subject)
    people = [answers.acting("bob"), answers.acting("cleo")]
    with pytest.raises(UsageError, match="needs a reason"):
        dismiss(incident, answers.loop, people=people, reason=" ")
    with pytest.raises(UsageError, match="a rule is not overruled"):
        dismiss(incident, answers.loop, people=people, reason="harmless")
    wrong = "it means euro that the customer paid"
    dismiss(incident, answers.loop, people=people, reason="harmless", rule_was_wrong=wrong)
    (entry,) = answers.loop.ledger.entries(kind="incident.dismissed")
    assert entry.payload["rule_was_wrong"] == wrong
    answers.control().round()  # it began anew and reads the answer once more
    assert answers.entered("incident.opened") == [incident.id]


class FalseAlarm:
    """A desk with a passing candidate, and an incident that is none."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root)
        for name, role in (("bob", "risk_officer"), ("dora", "reviewer")):
            add_person(self.desk.loop(), name=name, roles=[role])  # type: ignore[list-item]
        self.desk.built()
        self.incident = on_violation(self.desk.violation(), self.desk.loop()).id

    def people(self) -> list[Acting]:
        workspace = self.desk.loop().workspace
        found = [find_acting(workspace, name) for name in ("bob", "dora")]
        return [person for person in found if person is not None]

    def dismiss(self) -> None:
        loop = self.desk.loop()
        dismiss(
            find_incident(loop, self.incident), loop, people=self.people(), reason="a room, please"
        )


async def test_the_gate_waits_for_a_false_report_until_it_is_dismissed(tmp_path: Path) -> None:
    alarm = FalseAlarm(tmp_path / "desk")
    assert (await alarm.desk.inspect()).decision is Verdict.FAIL
    alarm.dismiss()
    assert alarm.desk.gate().decision is Verdict.PASS


async def test_a_dismissed_incidents_case_may_say_what_is_right(tmp_path: Path) -> None:
    alarm = FalseAlarm(tmp_path / "desk")
    loop = alarm.desk.loop()
    promote(
        find_incident(loop, alarm.incident), alarm.desk.event(), loop, root=alarm.desk.root,
        past=PastAnswers("my car needs a room, please", {"language": "en"}),
        signers=[loop.keyring.signer("dora")],
    )  # fmt: skip
    assert (await alarm.desk.inspect()).decision is Verdict.FAIL
    alarm.dismiss()
    lines = alarm.desk.root / "suites" / "incidents.jsonl"
    case = json.loads(lines.read_text()) | {"expect": {"action": "answer", "label": "motor"}}
    lines.write_text(json.dumps(case) + "\n")
    decision = await alarm.desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    found = find_incident(alarm.desk.loop(), alarm.incident)
    assert found.cases and found.required == ()
