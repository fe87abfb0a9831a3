"""From an observation to a case: minimised, redacted, and tagged with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Case, Expect, Finding, Incident, NeverEvent


def redact(text: str, findings: Sequence[Finding]) -> str:
    """The text with every found span replaced by its kind (`<IBAN>`); overlaps become one."""
    pieces: list[str] = []
    position = 0
    for finding in sorted(findings, key=lambda item: (item.start, -item.end)):
        if finding.end <= position:
            continue
        pieces.append(text[position : max(finding.start, position)])
        if finding.start >= position:
            pieces.append(f"<{finding.kind.upper()}>")
        position = finding.end
    pieces.append(text[position:])
    return "".join(pieces)


def case_from(
    incident: Incident,
    event: NeverEvent,
    *,
    number: int,
    text: str,
    facets: dict[str, str],
) -> Case:
    """A regression case: the input that led to the violation must be held or blocked.

    `text` is the redacted input. Identity (tenant, end user, session) stays behind.
    """
    return Case(
        id=f"{incident.id}-{number}",
        input=text,
        expect=Expect(action="hold" if event.action == "hold" else "block"),
        tags=["golden", f"incident:{incident.id}", f"never:{event.id}"],
        facets=dict(sorted(facets.items())),
        source=f"incident {incident.id}",
    )
