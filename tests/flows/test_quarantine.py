from __future__ import annotations

from pathlib import Path

import pytest

from doubles.set_clock import SetClock
from doubles.wavering_desk import WaveringDesk, a_letter
from roadworthy.domain import ManifestError, Verdict
from roadworthy.manifests import load_system
from roadworthy.policy import to_markdown


def verdicts(decision):
    return {item.name: item for item in decision.slos}


@pytest.fixture
def desk(tmp_path: Path) -> WaveringDesk:
    return WaveringDesk(tmp_path, a_letter("odd"))


async def test_a_flaky_case_counts_as_long_as_nobody_answers_for_it(desk):
    decision = await desk.inspect()
    assert verdicts(decision)["accuracy"].verdict is Verdict.FAIL
    assert decision.quarantined == ()


async def test_the_run_names_flaky_cases_with_their_counts(desk):
    done = await desk.evaluate()
    (flaky,) = done.summary.flaky_cases
    assert (flaky.suite, flaky.case, flaky.passed, flaky.asked, flaky.owner) == (
        "main", "odd", 2, 4, ""
    )  # fmt: skip
    desk.hold("odd")
    again = await desk.evaluate()
    assert again.summary.flaky_cases[0].owner == "Ada"


async def test_a_quarantined_case_is_neither_a_pass_nor_a_failure_and_is_shown(desk):
    desk.hold("odd")
    decision = await desk.inspect()
    judged = verdicts(decision)["accuracy"]
    assert judged.verdict is Verdict.PASS
    assert (judged.n, judged.rows) == (80, 320)
    (shown,) = decision.quarantined
    assert (shown.case, shown.owner, shown.until) == ("odd", "Ada", "2099-12-31")
    told = next(note for note in decision.notes if "quarantine" in note)
    assert told.startswith("1 case is in quarantine and judged neither way: odd (2 of 4 passed;")
    assert "1 case is in quarantine" in to_markdown(decision)


async def test_a_case_that_always_fails_is_not_flaky_and_counts(tmp_path):
    desk = WaveringDesk(tmp_path, a_letter("bad", "a tyre, wrong"))
    desk.hold("bad")
    decision = await desk.inspect()
    assert verdicts(decision)["accuracy"].verdict is Verdict.FAIL
    assert any("did not waver in this run" in note for note in decision.notes)


async def test_quarantine_after_the_run_asks_for_another(desk):
    await desk.inspect()
    desk.hold("odd")
    decision = desk.gate()
    assert decision.decision is Verdict.FAIL
    assert any("quarantine.yaml changed after the run" in reason for reason in decision.reasons)


async def test_an_expired_quarantine_closes_the_gate(desk):
    desk.hold("odd", until="2020-01-31")
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert decision.quarantined == ()
    assert any("the quarantine of main/odd ended on 2020-01-31" in r for r in decision.reasons)
    assert verdicts(decision)["accuracy"].verdict is Verdict.FAIL


async def test_a_never_event_of_a_quarantined_case_counts(tmp_path):
    desk = WaveringDesk(tmp_path, a_letter("odd"))
    desk.patterns('"wavers"')
    charter = (tmp_path / "charter.yaml").read_text()
    late = charter.replace("action: hold", "inline: false")
    desk.write("charter.yaml", late)
    desk.hold("odd")
    decision = await desk.inspect()
    assert verdicts(decision)["never_event_violations"].verdict is Verdict.FAIL
    assert verdicts(decision)["accuracy"].n == 80


@pytest.mark.parametrize("tag", ["never:hurt-alone", "incident:i-1"])
def test_never_events_and_incidents_cannot_be_put_in_quarantine(tmp_path, tag):
    desk = WaveringDesk(tmp_path, a_letter("odd", tags=[tag]))
    desk.hold("odd")
    with pytest.raises(ManifestError, match="`odd` cannot be put in quarantine"):
        load_system(tmp_path)


async def test_quarantine_is_for_the_few(tmp_path):
    letters = [a_letter(f"odd{n}") for n in range(6)]
    desk = WaveringDesk(tmp_path, *letters)
    desk.hold(*(str(each["id"]) for each in letters))
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert any("6 cases are in quarantine, more than 5%" in r for r in decision.reasons)


def test_check_names_an_expired_quarantine(desk):
    from roadworthy.flows.gate.checking import note_expired
    from roadworthy.manifests import read_folder

    desk.hold("odd", until="2020-01-31")
    reading = read_folder(desk.root)
    note_expired(reading, SetClock("2020-02-01T00:00:00Z"))
    (fault,) = [one for one in reading.folder.faults() if one.severity == "error"]
    assert (fault.file, fault.line) == ("quarantine.yaml", 2)
    assert "ended on 2020-01-31" in fault.message
    reading = read_folder(desk.root)
    note_expired(reading, SetClock("2020-01-31T23:59:59Z"))
    assert not [one for one in reading.folder.faults() if one.severity == "error"]
