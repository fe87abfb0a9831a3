"""`roadworthy incident promote`: its answers become cases that every gate runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Incident, PinnedAction, UsageError

from .incident_acts import tell
from .terminal import emit, same_system, say

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Answers = Annotated[
    list[str] | None,
    typer.Option(metavar="OBSERVATION", help="Of a broken objective: what becomes a case."),
]
Expect = Annotated[PinnedAction | None, typer.Option(help="What must become of those answers.")]
Without = Annotated[
    bool, typer.Option("--without-cases", help="No case can show it; two people say why.")
]
People = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="NAME", help="Who acts; two, where a case is changed."),
]


def promote(
    incident: Id,
    directory: Directory = Path(),
    *,
    answer: Answers = None,
    expect: Expect = None,
    label: Annotated[str, typer.Option(help="Their right label, with --expect answer.")] = "",
    without_cases: Without = False,
    reason: Annotated[str, typer.Option(help="Why a case is changed, or none can be.")] = "",
    as_: People = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Turn its observations into redacted cases of suites/incidents, and pin them.

    Of a broken objective a person chooses: --answer OBSERVATION --expect block|hold|answer.

    A case that says something else than was pinned, or than the answer's own input, is pinned as
    it is now when two people sign that and say why: the only way to change one. More cases are
    added to the suite by anybody.
    """
    from roadworthy.flows.incidents.learning import find_incident
    from roadworthy.flows.incidents.learning import promote as promote_incident
    from roadworthy.wiring.road import Road

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    found = find_incident(loop, incident)
    named: Sequence[str | None] = as_ or [None]
    people = [acting_person(loop.workspace, name) for name in dict.fromkeys(named)]
    if without_cases:
        tell(_left_out(found, loop, people, reason), json, "Entered.")
        return
    road = Road(loop, deployment)
    promoted = promote_incident(
        found,
        _asks(found, road, answer or [], expect, label),
        loop,
        root=directory,
        past=road,
        signers=[signer for _, signer, _ in people],
        reason=reason,
    )
    _say(found.id, promoted, directory, json=json)


def _say(incident: str, promoted: Any, directory: Path, *, json: bool) -> None:
    import msgspec

    if json:
        emit(
            {
                "incident": incident,
                "cases": [case.id for case in promoted.cases],
                "suite": "incidents",
                "changed": msgspec.to_builtins(promoted.changed),
            }
        )
        return
    for case in promoted.cases:
        said = promoted.changed.get(case.id)
        anew = f"; changed by two people: {', '.join(said.fields)}" if said else ""
        say(f"case {case.id}: expects `{case.expect.action}`{anew}")
    here = same_system(directory)
    say(
        f"Next: read {directory}/suites/incidents.jsonl, then roadworthy eval{here} and gate{here}."
    )


def _left_out(found: Incident, loop: Any, people: Sequence[Any], reason: str) -> Incident:
    """Two people say that no case can show it."""
    from roadworthy.flows.incidents.care import without_cases
    from roadworthy.flows.workspace.people import Acting

    acting = [Acting(name=name, signer=signer, key=key) for name, signer, key in people]
    return without_cases(found, loop, acting, reason=reason)


def _asks(
    found: Incident, road: Any, answers: list[str], expect: PinnedAction | None, label: str
) -> Any:
    """What its answers demand: its never event does, or a person."""
    from roadworthy.incidents import Demand

    if found.never_event and not answers:
        return road.event(found.system, found.release, found.never_event)
    if found.never_event:
        raise UsageError(
            f"never event `{found.never_event}` demands what becomes of its answers",
            fix="leave --answer out",
        )
    if answers and expect is None:
        raise UsageError("what must become of them?", fix="--expect block|hold|answer")
    return {each: Demand(action=expect or "block", label=label) for each in answers}
