"""Learn: an incident becomes cases, and closes only with a gate that ran them.

promote  1 the incident's inputs, unsealed   2 redacted and minimised   3 into suites/incidents
close    1 a PASS after the promotion   2 whose run asked every case   3 signed by a person
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from roadworthy.domain import (
    Bar,
    Case,
    Draft,
    Entry,
    EvidenceError,
    Finding,
    Incident,
    NeverEvent,
    RefusedError,
    SuiteFile,
    UndecidedError,
    UsageError,
)
from roadworthy.incidents import case_from, fold, redact
from roadworthy.ledger import Ed25519Signer, sign_draft

from .loop import Loop

SUITE = "incidents"
"""The suite that incidents grow; `roadworthy init` need not know it."""

Unseal = Callable[[str], tuple[str, dict[str, str]]]
"""Observation id -> (input text, facets). Raises EvidenceError when it is gone."""
Look = Callable[[str], Sequence[Finding]]
"""Text -> what must be redacted in it."""


def incidents_of(loop: Loop, system: str = "") -> dict[str, Incident]:
    """Every incident, by id, in its present state."""
    return fold(loop.ledger.entries(system=system))


def find_incident(loop: Loop, incident_id: str) -> Incident:
    """One incident. Raises UsageError when there is none of that id."""
    incidents = incidents_of(loop)
    if incident_id not in incidents:
        known = ", ".join(incidents) or "none"
        raise UsageError(f"there is no incident {incident_id!r}", fix=f"there are: {known}")
    return incidents[incident_id]


def promote(
    incident: Incident,
    event: NeverEvent,
    loop: Loop,
    *,
    root: Path,
    unseal: Unseal,
    look: Look,
    signer: Ed25519Signer,
) -> list[Case]:
    """Turn the incident's observations into cases of suite `incidents`; returns the new ones."""
    # 1 the incident's inputs
    cases = []
    for number, observation in enumerate(incident.observations, start=1):
        text, facets = unseal(observation)
        # 2 redacted and minimised
        clean = redact(text, look(text))
        cases.append(case_from(incident, event, number=number, text=clean, facets=facets))
    if not cases:
        raise EvidenceError(f"incident {incident.id} has no observation to learn from")
    # 3 into the suite, then the record
    new = _add_cases(root / "suites", cases)
    if new or incident.state != "promoted":
        drafted = Draft(
            system=incident.system,
            kind="incident.promoted",
            subject=incident.id,
            actor=f"person:{signer.key_id}",
            payload={"cases": [case.id for case in cases], "suite": SUITE},
        )
        loop.ledger.record(sign_draft(drafted, signer))
    return cases


def _add_cases(folder: Path, cases: Sequence[Case]) -> list[Case]:
    """Append what the suite has not yet; whole files are written beside and renamed."""
    folder.mkdir(exist_ok=True)
    lines = folder / f"{SUITE}.jsonl"
    kept = lines.read_bytes() if lines.exists() else b""
    known = {msgspec.json.decode(line)["id"] for line in kept.splitlines() if line.strip()}
    new = [case for case in cases if case.id not in known]
    if new:
        if kept and not kept.endswith(b"\n"):
            kept += b"\n"
        body = b"".join(msgspec.json.encode(_written(case)) + b"\n" for case in new)
        _replace(lines, kept + body)
    suite = folder / f"{SUITE}.yaml"
    if not suite.exists():
        file = SuiteFile(
            name=SUITE,
            description="Cases that incidents became. Never delete one to go green.",
            cases=[lines.name],
        )
        _replace(suite, msgspec.yaml.encode(_written(file)))
    return new


def _written(value: object) -> dict[str, object]:
    """A file's struct without the fields that only say their default."""
    built = msgspec.to_builtins(value)
    return {key: item for key, item in built.items() if item not in ("", [], {}, None)}


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def close(incident: Incident, loop: Loop, *, signer: Ed25519Signer) -> Incident:
    """Close an incident with the gate that proves it learned, signed by a person.

    Raises RefusedError when a later gate failed on it, UndecidedError when none has run its
    cases yet, TransitionError when it was never promoted.
    """
    decision = _proof(incident, loop)
    drafted = Draft(
        system=incident.system,
        kind="incident.closed",
        subject=incident.id,
        actor=f"person:{signer.key_id}",
        payload={"gate": str(decision.payload["digest"]), "candidate": decision.subject},
    )
    loop.ledger.record(sign_draft(drafted, signer))
    return find_incident(loop, incident.id)


def _proof(incident: Incident, loop: Loop) -> Entry:
    """The first PASS after the promotion whose run asked every case of the incident."""
    if incident.state != "promoted":
        raise UndecidedError(
            f"incident {incident.id} is {incident.state}: it has no cases yet",
            fix=f"roadworthy incident promote {incident.id}",
        )
    promoted = max(
        entry.seq for entry in loop.ledger.entries(kind="incident.promoted", subject=incident.id)
    )
    refused = False
    for entry in loop.ledger.entries(kind="gate.decided", system=incident.system):
        if entry.seq <= promoted or not _asked(loop, entry, incident):
            continue
        if entry.payload["decision"] == "PASS":
            return entry
        refused = True
    if refused:
        raise RefusedError(
            f"incident {incident.id} stays open: no gate that ran its cases has passed",
            fix="change the candidate, then roadworthy eval and gate",
        )
    raise UndecidedError(
        f"incident {incident.id} stays open: no gate has run its cases yet",
        fix="roadworthy eval, then roadworthy gate",
    )


def _asked(loop: Loop, decided: Entry, incident: Incident) -> bool:
    """Whether the run behind a decision asked every case of the incident."""
    bar_digest = str(decided.payload.get("bar", ""))
    if not bar_digest:
        return False
    bar = msgspec.convert(loop.blobs.get_json(bar_digest), Bar, strict=False)
    asked = {case for pin in bar.suites for case in pin.cases}
    return bool(incident.cases) and asked.issuperset(incident.cases)
