"""`roadworthy outcome`: say what became of an answer after it left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import PersonRole

from .terminal import emit, group, say

REPORTERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "admin")
"""Who may say that an answer was a violation, and so stop its scope."""

app = group("Say what became of an answer: its true label, a violation, feedback.")

Directory = Annotated[Path, typer.Argument(metavar="[DIR]", help="The system's folder.")]


@app.callback()
def outcome() -> None:
    """Say what became of an answer: its true label, a violation, feedback."""


@app.command()
def add(
    observation: Annotated[str, typer.Argument(help="Id from x-roadworthy-observation.")],
    directory: Directory = Path(),
    *,
    violation: Annotated[str, typer.Option(help="The never event that the answer is.")] = "",
    label: Annotated[str, typer.Option(help="What would have been right.")] = "",
    note: Annotated[str, typer.Option(help="In your words; keep personal data out.")] = "",
    as_: Annotated[str | None, typer.Option("--as", help="Who reports.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Report an answer. A violation stops its scope at once and opens an incident."""
    from roadworthy.domain import Draft, Outcome, UsageError, format_instant, plain
    from roadworthy.flows.road import Violation, find_event, on_violation
    from roadworthy.ledger import require_role, sign_draft
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import place
    from roadworthy.wiring.road import Road

    from .acting import acting_person

    if not (violation or label or note):
        raise UsageError("say what became of it", fix="--violation EVENT, --label LABEL or --note")
    spot = place(directory, standing=True)
    loop = loop_of(spot.workspace)
    _, signer, key = acting_person(loop.workspace, as_, roles=REPORTERS)
    now = format_instant(loop.clock.now())
    require_role(loop.trust, key.key_id, REPORTERS, now)
    road = Road(loop, spot.deployment)
    seen = road.observation(observation)
    said = Outcome(
        observation=observation,
        time=now,
        reporter=f"person:{key.key_id}",
        label=label,
        never_event=violation,
        note=note,
    )
    if not violation:
        drafted = Draft(
            system=seen.system,
            kind="outcome.added",
            subject=observation,
            actor=said.reporter,
            payload=plain({"label": label, "note": note}),
        )
        loop.ledger.record(sign_draft(drafted, signer))
        emit({"observation": observation, "state": "kept"}) if json else say("Kept.")
        return
    event = find_event(road.charter(seen.release), violation)
    incident = on_violation(Violation(outcome=said, observation=seen, event=event), loop)
    if json:
        emit({"observation": observation, "state": "acted", "incident": incident.id,
              "kill": incident.kill})  # fmt: skip
        return
    say(f"Stopped: {incident.kill} ({event.scope}). Incident {incident.id} is open.")
    say(f"Next: roadworthy incident promote {incident.id} {directory}")
