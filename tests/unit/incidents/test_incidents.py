"""Incidents: states by the table, cases redacted."""

from __future__ import annotations

import pytest

from roadworthy.domain import (
    GENESIS,
    TRANSITIONS,
    Asked,
    Entry,
    Finding,
    NeverEvent,
    Observation,
    PatternRule,
    Rule,
    TransitionError,
    next_state,
    plain,
)
from roadworthy.incidents import case_from, demand_of, fold, open_incident, redact

EVENT = NeverEvent(
    id="injury", statement="An injury is never routed alone.", action="hold",
    rule=Rule(pattern=PatternRule(patterns=["hurt"], on="input")),
)  # fmt: skip


SEEN = Observation(
    id="obs-1", time="2026-01-01T00:00:00.000000Z", system="desk", release="sha256:r", stage="live"
)


def opened(kill: str = "kill-1"):  # type: ignore[no-untyped-def]
    return open_incident(
        event=EVENT, observation=SEEN,
        at="2026-01-01T00:00:00.000000Z", aware_at="2026-01-01T00:00:00.000000Z", kills=(kill,),
    )  # fmt: skip


def entry(seq: int, kind: str, subject: str, payload: dict[str, object]) -> Entry:
    return Entry(
        seq=seq, time=f"2026-01-01T00:00:0{seq}.000000Z", system="desk", kind=kind, subject=subject,
        actor="machine:k", payload=payload, payload_digest="", prev=GENESIS, digest="",
    )  # fmt: skip


def test_the_states_are_what_the_entries_add_up_to() -> None:
    incident = opened()
    entries = [
        entry(1, "incident.opened", incident.id, {"incident": plain(incident)}),
        entry(2, "incident.observed", incident.id, {"observation": "obs-2"}),
        entry(3, "incident.promoted", incident.id, {"cases": ["c-1"]}),
        entry(4, "incident.closed", incident.id, {"gate": "sha256:g"}),
    ]
    assert fold(entries[:1])[incident.id].state == "contained"
    done = fold(entries)[incident.id]
    assert (done.state, done.observations, done.cases, done.gate) == (
        "closed", ("obs-1", "obs-2"), ("c-1",), "sha256:g",
    )  # fmt: skip


def test_an_incident_that_was_never_promoted_cannot_close() -> None:
    incident = opened()
    entries = [
        entry(1, "incident.opened", incident.id, {"incident": plain(incident)}),
        entry(2, "incident.closed", incident.id, {"gate": "sha256:g"}),
    ]
    with pytest.raises(TransitionError):
        fold(entries)


def test_every_arrow_that_is_not_in_the_table_is_refused() -> None:
    for state, arrows in TRANSITIONS.items():
        for verb in ("contain", "promote", "close", "reopen"):
            if verb in arrows:
                assert next_state(state, verb) == arrows[verb]
            else:
                with pytest.raises(TransitionError):
                    next_state(state, verb)


def test_redaction_replaces_spans_and_merges_overlaps() -> None:
    text = "call 0171 555 or mail a@b.de now"
    findings = [
        Finding(kind="phone", start=5, end=13),
        Finding(kind="digits", start=5, end=9),
        Finding(kind="email", start=22, end=28),
    ]
    assert redact(text, findings) == "call <PHONE> or mail <EMAIL> now"


def test_a_case_expects_what_the_event_demands_and_names_its_incident() -> None:
    incident = opened()
    case = case_from(
        incident, demand_of(EVENT), number=1, asked=Asked(input="I fell"), facets={"language": "en"}
    )
    assert case.id == f"{incident.id}-1"
    assert case.expect.action == "hold"
    assert f"incident:{incident.id}" in case.tags
    assert "never:injury" in case.tags
