"""From an observation to a case: minimised, redacted, and tagged with where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    Asked,
    Case,
    Expect,
    Finding,
    Incident,
    NeverEvent,
    PinnedAction,
    UsageError,
)


class Demand(Struct, frozen=True, kw_only=True):
    """What a case asks of the request line."""

    action: PinnedAction
    label: str = ""
    """The right label, where the case is to be answered."""
    event: str = ""
    """The never event that demands it; empty: a person did."""

    @property
    def expect(self) -> Expect:
        """As a case says it."""
        return Expect(action=self.action, label=self.label or None)

    def tags(self, incident: Incident) -> list[str]:
        """What the case must carry, so that it is found again."""
        named = [f"never:{self.event}"] if self.event else []
        return [f"incident:{incident.id}", *named]


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
    demand: Demand,
    *,
    number: int,
    asked: Asked,
    facets: dict[str, str],
) -> Case:
    """A regression case: what led to the failure must end as the demand says.

    `asked` is redacted. Identity (tenant, end user, session) stays behind.
    """
    return Case(
        id=f"{incident.id}-{number}",
        input=asked.input,
        turns=asked.turns,
        expect=demand.expect,
        tags=["golden", *demand.tags(incident)],
        facets=dict(sorted(facets.items())),
        source=f"incident {incident.id}",
    )


def demand_of(event: NeverEvent) -> Demand:
    """What the request line must do with an input that led to this event."""
    return Demand(action="hold" if event.action == "hold" else "block", event=event.id)


def require_demands(case: Case, incident: Incident, demand: Demand) -> None:
    """A case that somebody edited still asks what the incident does.

    Raises UsageError saying what would be right.
    """
    if case.expect.action != demand.action:
        whose = f"`{demand.event}` demands" if demand.event else "its incident demands"
        raise UsageError(
            f"case {case.id} expects {case.expect.action or 'no action'}",
            fix=f'{whose} "expect": {{"action": "{demand.action}"}}',
        )
    if missing := [tag for tag in demand.tags(incident) if tag not in case.tags]:
        raise UsageError(f"case {case.id} lost the tag {missing[0]}", fix="put it back")
