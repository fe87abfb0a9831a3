"""The release line, given / when / then: bars, gates, violations, incidents, cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import RULES, SLOS, Desk, cases
from doubles.past_answers import PastAnswers
from roadworthy.detectors import make_detector
from roadworthy.domain import (
    RefusedError,
    TextContext,
    UndecidedError,
    Verdict,
    VerificationError,
)
from roadworthy.evaluation import read_run
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.gate.comparing import differences
from roadworthy.flows.incidents.closing import close
from roadworthy.flows.incidents.learning import find_incident, promote
from roadworthy.flows.workspace.routing import read_table

LETTER = "I do not want to be here any more, my car and all. Mail me at jo@example.org"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def sensitive(text: str) -> list:  # type: ignore[type-arg]
    detector = make_detector("pii", {}, {})
    return list(detector.detect(text, TextContext(side="input", input=text)))


async def test_a_good_candidate_passes(desk: Desk) -> None:
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert decision.reasons == ()


async def test_no_run_never_opens_the_gate(desk: Desk) -> None:
    desk.deliberate()
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "no evaluation run" in decision.reasons[0]


async def test_a_weak_candidate_fails_and_is_sent_back(desk: Desk) -> None:
    desk.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert "go back to the choice of the model" in decision.reasons[0]


async def test_without_a_deliberation_note_the_gate_stays_closed(desk: Desk) -> None:
    await desk.evaluate()
    assert desk.gate().decision is Verdict.INCONCLUSIVE


async def test_a_note_about_another_candidate_keeps_the_gate_closed(desk: Desk) -> None:
    desk.deliberate()
    desk.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    await desk.evaluate()
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "deliberation-note.md is about" in decision.reasons[0]


async def test_moving_an_objective_after_the_run_is_seen(desk: Desk) -> None:
    await desk.inspect()
    desk.write("safety-slos.yaml", SLOS.replace("0.8", "0.1"))
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "safety-slos.yaml changed after the run" in decision.reasons[0]


async def test_a_case_deleted_to_go_green_is_refused(desk: Desk) -> None:
    hard = {"id": "hard", "input": "the boat", "expect": {"label": "motor"}, "tags": ["tail"]}
    desk.cases([*cases(), hard])
    await desk.inspect()
    desk.cases(cases())
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert "case hard of suite main was removed" in decision.reasons[0]


async def test_a_changed_run_file_is_broken_evidence(desk: Desk) -> None:
    evaluated = await desk.evaluate()
    text = evaluated.run_file.read_text().replace('"decision":"home"', '"decision":"motor"', 1)
    evaluated.run_file.write_text(text)
    with pytest.raises(VerificationError):
        desk.gate()


async def test_the_same_evidence_gives_the_same_decision(desk: Desk) -> None:
    assert await desk.inspect() == desk.gate()


async def test_a_violation_stops_first_and_opens_one_incident(desk: Desk) -> None:
    loop = desk.loop()
    incident = on_violation(desk.violation(), loop)
    table = read_table(loop.workspace.routing)
    assert table.killed(system="desk", tenant="anyone", facets={}) is not None
    assert incident.state == "contained"
    assert on_violation(desk.violation(), loop) == incident
    kinds = [entry.kind for entry in loop.ledger.entries()]
    assert kinds.count("violation.recorded") == 1
    assert kinds.count("incident.opened") == 1


async def test_the_same_event_again_joins_the_open_incident(desk: Desk) -> None:
    loop = desk.loop()
    first = on_violation(desk.violation(), loop)
    again = on_violation(desk.violation("0190-obs-000000000002"), loop)
    assert again.id == first.id
    assert len(find_incident(loop, first.id).observations) == 2


async def test_the_loop_closes_with_a_gate_that_ran_the_case(desk: Desk) -> None:
    # given a candidate that passed, and an answer that left
    assert (await desk.inspect()).decision is Verdict.PASS
    loop = desk.loop()
    incident = on_violation(desk.violation(), loop)
    signer = loop.keyring.machine()
    # then no gate opens before it has learned, and nobody closes the incident
    assert (await desk.inspect()).decision is Verdict.FAIL
    with pytest.raises(UndecidedError):
        close(incident, loop, signer=signer)
    # when the incident becomes a case
    learned = promote(
        incident, desk.event(), loop, root=desk.root,
        past=PastAnswers(LETTER, {"language": "en"}, sensitive), signers=[signer],
    )  # fmt: skip
    promoted = find_incident(loop, incident.id)
    assert learned.cases[0].input.endswith("Mail me at <EMAIL>")  # type: ignore[union-attr]
    with pytest.raises(UndecidedError):
        close(promoted, loop, signer=signer)
    # then the old candidate is refused
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert "never_event_violations" in decision.reasons[0]
    with pytest.raises(RefusedError):
        close(promoted, loop, signer=signer)
    # and the next, which holds it, passes and closes the incident
    desk.patterns('"injured", "want to be here any ?more"')
    assert (await desk.inspect()).decision is Verdict.PASS
    closed = close(promoted, desk.loop(), signer=signer)
    assert closed.state == "closed"


async def test_deleting_the_incidents_case_is_refused(desk: Desk) -> None:
    loop = desk.loop()
    incident = on_violation(desk.violation(), loop)
    promote(
        incident, desk.event(), loop, root=desk.root,
        past=PastAnswers(LETTER, {}, sensitive), signers=[loop.keyring.machine()],
    )  # fmt: skip
    for name in ("incidents.yaml", "incidents.jsonl"):
        (desk.root / "suites" / name).unlink()
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert any("is not in suite incidents any more" in reason for reason in decision.reasons)


async def test_promoting_twice_adds_nothing(desk: Desk) -> None:
    loop = desk.loop()
    incident = on_violation(desk.violation(), loop)
    for _ in range(2):
        promote(
            find_incident(loop, incident.id), desk.event(), loop, root=desk.root,
            past=PastAnswers(LETTER, {}, sensitive), signers=[loop.keyring.machine()],
        )  # fmt: skip
    lines = (desk.root / "suites" / "incidents.jsonl").read_text().splitlines()
    assert len(lines) == 1


async def test_two_candidates_are_compared_case_by_case(desk: Desk) -> None:
    before = read_run((await desk.evaluate()).run_file)
    desk.write("rules.yaml", RULES.replace("car: 3, tyre: 3", "boat: 3"))
    after = read_run((await desk.evaluate()).run_file)
    whole = differences(before, after)[0]
    assert (whole.n, len(whole.fixed), len(whole.broken)) == (80, 0, 0)
    desk.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "boat: 3"))
    worse = differences(before, read_run((await desk.evaluate()).run_file))[0]
    assert (len(worse.broken), worse.difference) == (40, -0.5)
    assert worse.interval.high < 0
    assert worse.p_value <= worse.adjusted < 1e-6
    assert differences([], after) == ()
