"""The built-in requirement: each pinned case asked as pinned, and met in every repeat."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import (
    Bar,
    Case,
    Expect,
    Incident,
    NeverRecord,
    Observation,
    PinnedCase,
    Suite,
    SuiteFile,
    SuitePin,
    Verdict,
    pin_case,
)
from roadworthy.policy import assess_incident_cases, incident_blockers

AT = "2026-11-21T20:00:00.000000Z"
CASE = Case(id="inc-1-1", input="a letter", expect=Expect(action="hold"), tags=["never:hurt"])
PIN = pin_case(CASE, suite="incidents", observation="obs-1", action="hold")
BLOCKED = pin_case(CASE, suite="incidents", observation="obs-1", action="block")


def incident(pin: PinnedCase = PIN, **more: Any) -> Incident:
    parts: dict[str, Any] = {
        "id": "inc-1", "system": "desk", "severity": "high", "state": "promoted", "title": "t",
        "opened_at": AT, "aware_at": AT, "release": "sha256:r", "observations": ("obs-1",),
        "pins": (pin,),
    }  # fmt: skip
    return Incident(**(parts | more))


def row(action: str = "held", **more: Any) -> Observation:
    parts: dict[str, Any] = {
        "id": "o", "time": AT, "system": "desk", "release": "sha256:c", "stage": "eval",
        "suite": "incidents", "case": CASE.id, "action": action,
    }  # fmt: skip
    return Observation(**(parts | more))


def bar(digest: str = PIN.digest, suite: str = "incidents") -> Bar:
    pins = (SuitePin(name=suite, digest="sha256:s", cases={CASE.id: digest}),)
    return Bar(system="desk", candidate="sha256:c", slos="sha256:o", suites=pins)


def judged(*rows: Observation, pin: PinnedCase = PIN, fixed: Bar | None = None) -> Verdict:
    found = assess_incident_cases([incident(pin)], fixed or bar(pin.digest), rows)
    assert found is not None
    return found.verdict


def test_without_an_incident_nothing_is_asked() -> None:
    assert assess_incident_cases([], bar(), [row()]) is None


@pytest.mark.parametrize(
    ("pin", "action", "verdict"),
    [
        (PIN, "held", Verdict.PASS), (PIN, "blocked", Verdict.FAIL),
        (PIN, "answered", Verdict.FAIL), (PIN, "fallback", Verdict.FAIL),
        (BLOCKED, "blocked", Verdict.PASS), (BLOCKED, "held", Verdict.PASS),
        (BLOCKED, "answered", Verdict.FAIL), (BLOCKED, "killed", Verdict.FAIL),
    ],
)  # fmt: skip
def test_the_case_ends_as_it_must(pin: PinnedCase, action: str, verdict: Verdict) -> None:
    assert judged(row(action), pin=pin) is verdict


def test_one_repeat_of_many_that_misses_fails() -> None:
    assert judged(row(), row(repeat=1), row("answered", repeat=2)) is Verdict.FAIL
    assert judged(row(), row(repeat=1), row(repeat=2)) is Verdict.PASS


def test_an_error_or_a_violation_is_no_success() -> None:
    assert judged(row(status="error")) is Verdict.FAIL
    left = NeverRecord(event="hurt", kind="violation", found_by="late_rule")
    stopped = NeverRecord(event="hurt", kind="attempt", found_by="rail")
    assert judged(row(never=(left,))) is Verdict.FAIL
    assert judged(row(never=(stopped,))) is Verdict.PASS


def test_a_case_that_was_not_asked_as_pinned_is_undecided() -> None:
    assert judged() is Verdict.INCONCLUSIVE
    assert judged(row(), fixed=bar("sha256:other")) is Verdict.INCONCLUSIVE
    assert judged(row(), fixed=bar(suite="main")) is Verdict.INCONCLUSIVE
    assert judged(row(case="another")) is Verdict.INCONCLUSIVE
    assert judged(row(suite="main")) is Verdict.INCONCLUSIVE


def test_a_case_that_several_suites_hold_counts_in_each() -> None:
    shared = row(suite="all", attributes={"suites": ["all", "incidents"]})
    assert judged(shared) is Verdict.PASS


def test_a_dismissed_incident_asks_nothing_and_a_closed_one_does() -> None:
    dismissed, closed = incident(state="dismissed"), incident(state="closed")
    assert assess_incident_cases([dismissed], bar(), [row("answered")]) is None
    assert incident_blockers([dismissed], []) == []
    found = assess_incident_cases([closed], bar(), [row("answered")])
    assert found is not None
    assert found.verdict is Verdict.FAIL
    assert "not in suite incidents any more" in incident_blockers([closed], [])[0].reason


def test_the_suites_must_hold_the_case_as_pinned() -> None:
    file = SuiteFile(name="incidents")
    same = Suite(path="suites/incidents.yaml", file=file, cases=(CASE,))
    assert incident_blockers([incident()], [same]) == []
    softer = Case(id=CASE.id, input=CASE.input, expect=Expect(action="answer"), tags=CASE.tags)
    changed = Suite(path="suites/incidents.yaml", file=file, cases=(softer,))
    assert "(expect)" in incident_blockers([incident()], [changed])[0].reason


def test_an_observation_without_a_case_keeps_the_gate_closed() -> None:
    reason = incident_blockers([incident(pins=())], [])[0].reason
    assert reason == "incident inc-1 has no cases yet: roadworthy incident promote inc-1"
