"""What `roadworthy incident` says beside the facts: notes, what stands, what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roadworthy.domain import Incident

from .terminal import printable, say


def say_waiting(loop: Any, directory: Path) -> None:
    """One line when reports wait for a person."""
    from roadworthy.flows.reporting import reports_of

    waiting = sum(each.state == "waiting" for each in reports_of(loop).values())
    if waiting:
        what = "1 report waits" if waiting == 1 else f"{waiting} reports wait"
        say(f"{what} for a person: roadworthy outcome list {directory} --waiting")


def say_more(incident: Incident, loop: Any, directory: Path) -> None:
    """Notes, what its kills stop now, the next step."""
    from roadworthy.flows.routing import read_table
    from roadworthy.flows.stopping import kills_of, words_of
    from roadworthy.wiring.notes import notes_on

    for note in notes_on(incident, loop):
        who = _who(note.reporter, loop)
        say(f"{who} wrote ({note.time[:19]}Z): {printable(note.text)}")
    if incident.reason:
        say(f"dismissed: {printable(incident.reason)}")
    stands = kills_of(incident, read_table(loop.workspace.routing))
    if stands:
        say(f"still stopped: {', '.join(f'{words_of(flag)} ({flag.id})' for flag in stands)}")
    elif incident.kills or incident.kill:
        say("its kills are lifted")
    for step in next_steps(incident, directory, stopped=bool(stands)):
        say(step)


def next_steps(incident: Incident, directory: Path, *, stopped: bool) -> list[str]:
    """What a person does next, as commands to type."""
    name = f"{incident.id} {directory}"
    steps = []
    if incident.state in ("open", "contained"):
        steps.append(f"Next: roadworthy incident promote {name}")
    elif incident.state == "promoted":
        steps.append(
            f"Next: roadworthy eval {directory}, then gate; when it passes, "
            f"roadworthy incident close {name}"
        )
    if incident.state in ("open", "contained", "promoted"):
        steps.append(
            f"If the report is false: roadworthy incident dismiss {name} --reason TEXT "
            "--as A --as B"
        )
    if stopped:
        steps.append(f"To lift its kills: roadworthy resume {name} --as A --as B --reason TEXT")
    return steps


def _who(reporter: str, loop: Any) -> str:
    kind, _, name = reporter.partition(":")
    key = loop.trust.find(name) if kind == "person" else None
    return key.name if key is not None else printable(reporter)
