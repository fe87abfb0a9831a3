"""What a waiver lets pass, and that one which does not hold is as if it were not there."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree

import pytest
from msgspec import structs

from roadworthy.domain import (
    Assessment,
    GateDecision,
    RunSummary,
    SafetySLO,
    Verdict,
    Waiver,
    digest_of,
)
from roadworthy.policy import (
    Held,
    Terms,
    accept_failures,
    accept_removals,
    decide,
    held,
    to_junit,
    to_markdown,
    waivers_in_use,
)

TERMS = Terms(today=dt.date(2026, 11, 22), people={"ana", "rosa", "ravi"}, authors={"ben"})


def waiver(**changes: object) -> Waiver:
    values: dict[str, object] = {
        "id": "w1", "slo": "accuracy", "reason": "the new desk opens in January",
        "author": "ana", "approved_by": "rosa", "until": "2026-11-30", **changes,
    }  # fmt: skip
    return Waiver(**values)  # type: ignore[arg-type]


def judged(
    name: str = "accuracy", verdict: Verdict = Verdict.FAIL, part: str = "", **slo: object
) -> Assessment:
    objective = SafetySLO(name=name, target=">= 0.5", **slo)  # type: ignore[arg-type]
    return Assessment(
        slo=objective, name=f"{name}{{{part}}}" if part else name, target=">= 0.5", estimate=0.39,
        low=0.3, high=0.49, n=120, verdict=verdict, reason="0.39 misses it", phase="prompt",
    )  # fmt: skip


def decided(*items: Assessment, waivers: tuple[Held, ...]) -> GateDecision:
    accepted = accept_failures(items, waivers)
    use, notes = waivers_in_use(waivers, accepted, {})
    run = RunSummary(
        run="run-1", system="desk", candidate="sha256:" + "ab" * 32, bar="b", status="complete",
        n=120,
    )  # fmt: skip
    decision = decide(
        system="desk", candidate=run.candidate, run=run, assessments=accepted, notes=notes
    )
    return structs.replace(decision, waivers=use)


def test_a_waived_failure_passes_and_stays_a_failure() -> None:
    decision = decided(judged(), waivers=(held(waiver(), {"rosa"}, TERMS),))
    assert decision.decision is Verdict.PASS
    assert (decision.slos[0].verdict, decision.slos[0].waived_by) == (Verdict.FAIL, "w1")
    (use,) = decision.waivers
    assert (use.digest, use.until) == (digest_of(waiver()), "2026-11-30")
    assert (use.approved_by, use.covers) == (("rosa",), ("accuracy",))


def test_everything_that_shows_a_decision_shows_its_waivers() -> None:
    decision = decided(judged(), waivers=(held(waiver(), {"rosa"}, TERMS),))
    text = to_markdown(decision)
    assert "## Gate: PASS with 1 waiver" in text
    assert "**FAIL, waived by w1**" in text
    assert "until 2026-11-30, signed by rosa, asked for by ana: the new desk opens" in text
    suite = ElementTree.fromstring(to_junit(decision))
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "1")
    assert "FAIL, waived by w1" in (suite.find("testcase/skipped").get("message") or "")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "signed", "why"),
    [
        ({}, set(), "nobody signed it"),
        ({}, {"ravi"}, "rosa, who is to approve it, did not sign"),
        ({"until": "2026-11-21"}, {"rosa"}, "it expired"),
        ({"until": "soon"}, {"rosa"}, "no date"),
        ({"author": "Rosa "}, {"rosa"}, "is its author and its approver"),
        ({"author": "somebody"}, {"rosa"}, "has no key here"),
        ({"approved_by": "ben"}, {"ben"}, "built this candidate"),
        ({"reason": " "}, {"rosa"}, "no reason"),
    ],
)
def test_a_waiver_that_does_not_hold_is_as_if_absent_and_says_so(changes, signed, why) -> None:  # type: ignore[no-untyped-def]
    found = held(waiver(**changes), signed, TERMS)
    assert not found.holds
    decision = decided(judged(), waivers=(found,))
    assert decision.decision is Verdict.FAIL
    assert decision.slos[0].waived_by == ""
    assert decision.waivers == ()
    assert any("w1 counts for nothing" in note and why in note for note in decision.notes)


def test_a_waiver_holds_to_the_end_of_its_last_day() -> None:
    assert held(waiver(until="2026-11-22"), {"rosa"}, TERMS).holds


def test_as_many_people_sign_as_the_charter_asks_and_no_author_counts() -> None:
    two = Terms(today=TERMS.today, people=TERMS.people, authors={"ben"}, wanted=2)
    assert not held(waiver(), {"rosa"}, two).holds
    assert not held(waiver(), {"rosa", "ana"}, two).holds
    assert not held(waiver(), {"rosa", "ben"}, two).holds
    assert held(waiver(), {"rosa", "ravi"}, two).holds


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_what_is_not_decided_is_never_waived(verdict: Verdict) -> None:
    decision = decided(judged(verdict=verdict), waivers=(held(waiver(), {"rosa"}, TERMS),))
    assert decision.decision is verdict
    assert any("not decided at all" in note for note in decision.notes)


@pytest.mark.parametrize(
    "item",
    [
        judged("never_event_violations"),
        judged("never_event_attempts"),
        judged("accuracy", where="tag:incident:inc-1"),
        judged("incident_cases"),
    ],
    ids=lambda item: item.name,
)
def test_never_events_and_the_cases_of_incidents_are_never_waived(item: Assessment) -> None:
    excuse = held(waiver(slo=item.name), {"rosa"}, TERMS)
    decision = decided(item, waivers=(excuse,))
    assert decision.decision is Verdict.FAIL
    assert decision.waivers == ()


def test_a_waiver_is_for_the_slice_that_it_names_and_no_other() -> None:
    parts = [judged(part=f"tenant={name}", by=["tenant"]) for name in ("acme", "zeta")]
    one = held(waiver(slice="tenant=acme"), {"rosa"}, TERMS)
    assert [item.waived_by for item in accept_failures(parts, [one])] == ["w1", ""]
    whole = held(waiver(), {"rosa"}, TERMS)
    assert [item.waived_by for item in accept_failures(parts, [whole])] == ["", ""]


def test_a_removed_case_is_accepted_unless_it_is_an_incidents() -> None:
    one = held(waiver(slo="", cases=["c1", "c2"]), {"rosa"}, TERMS)
    assert accept_removals(["c1", "c2", "c3"], [one], {"c2"}) == {"c1": "w1"}
    unsigned = held(waiver(slo="", cases=["c1"]), set(), TERMS)
    assert accept_removals(["c1"], [unsigned], set()) == {}
