"""From an observation to a case: minimised, redacted, and tagged with where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from roadworthy.domain import Asked, Case, Expect, Finding, Incident, NeverEvent, UsageError


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


def redacted(asked: Asked, sensitive: Callable[[str], Sequence[Finding]]) -> Asked:
    """What was asked, every text in it redacted, and every number that is somebody's."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value, sensitive(value))
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [clean(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = sensitive(str(value))
            return redact(str(value), found) if found else value
        return value

    return Asked(input=clean(asked.input), turns=clean(asked.turns))


def case_from(
    incident: Incident,
    event: NeverEvent,
    *,
    number: int,
    asked: Asked,
    facets: dict[str, str],
) -> Case:
    """A regression case: what led to the violation must be held or blocked.

    `asked` is redacted. Identity (tenant, end user, session) stays behind.
    """
    return Case(
        id=f"{incident.id}-{number}",
        input=asked.input,
        turns=asked.turns,
        expect=Expect(action=demanded(event)),
        tags=["golden", f"incident:{incident.id}", f"never:{event.id}"],
        facets=dict(sorted(facets.items())),
        source=f"incident {incident.id}",
    )


def demanded(event: NeverEvent) -> Literal["hold", "block"]:
    """What the request line must do with an input that led to this event."""
    return "hold" if event.action == "hold" else "block"


def require_demands(case: Case, incident: Incident, event: NeverEvent) -> None:
    """A case that somebody edited still asks what the incident does.

    Raises UsageError saying what would be right.
    """
    tags = [f"incident:{incident.id}", f"never:{event.id}"]
    if case.expect.action != demanded(event):
        raise UsageError(
            f"case {case.id} expects {case.expect.action or 'no action'}",
            fix=f'`{event.id}` demands "expect": {{"action": "{demanded(event)}"}}',
        )
    if missing := [tag for tag in tags if tag not in case.tags]:
        raise UsageError(f"case {case.id} lost the tag {missing[0]}", fix="put it back")
