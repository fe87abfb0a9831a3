"""What `roadworthy incident` says beside the facts: notes, what stands, what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roadworthy.domain import OVER, Incident

from .stops import lifting, named
from .terminal import printable, same_system, say


def say_waiting(loop: Any, directory: Path) -> None:
    """One line when reports wait for a person."""
    from roadworthy.flows.control.reporting import reports_of

    waiting = sum(each.state == "waiting" for each in reports_of(loop).values())
    if waiting:
        what = "1 report waits" if waiting == 1 else f"{waiting} reports wait"
        say(f"{what} for a person: roadworthy outcome list{same_system(directory)} --waiting")


def say_more(incident: Incident, loop: Any, directory: Path) -> None:
    """Notes, what its kills stop now, the next step."""
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.incidents import kills_of
    from roadworthy.wiring.notes import notes_on

    from .incident_report import due_words, legal_clocks

    for note in notes_on(incident, loop):
        say_note(note, loop)
    for cause in incident.causes:
        say(f"cause ({who_of(cause.by, loop)}, {cause.at[:19]}Z): {printable(cause.text)}")
    for action in incident.actions:
        state = f"done {action.done_at[:19]}Z" if action.done_at else f"due {action.due}"
        say(f"action {action.id} ({printable(action.owner)}, {state}): {printable(action.text)}")
    for sent in incident.reports:
        number = f", {printable(sent.reference)}" if sent.reference else ""
        say(f"{sent.stage} report to the {sent.to} sent {sent.sent_at[:19]}Z{number}")
    legal = legal_clocks(loop, directory)
    words = due_words(incident, legal)
    why = legal.why_none(incident) if incident.legal is not None else ""
    if words or why:
        say(f"to report: {printable(why or words)}")
    if incident.reason:
        say(f"dismissed: {printable(incident.reason)}")
    stands = kills_of(incident, read_table(loop.workspace.routing).kills)
    if stands:
        say(f"still stopped: {named(stands)}")
    elif incident.kills or incident.kill:
        say("its kills are lifted")
    for step in next_steps(incident, directory, stopped=bool(stands)):
        say(step)


def next_steps(incident: Incident, directory: Path, *, stopped: bool) -> list[str]:
    """What a person does next, as commands to type."""
    here = same_system(directory)
    name = f"{incident.id}{here}"
    steps = []
    if incident.state in ("open", "contained"):
        chosen = "" if incident.never_event else " --answer OBSERVATION --expect block|hold|answer"
        steps.append(f"Next: roadworthy incident promote {name}{chosen}")
    if incident.legal is None and incident.state not in OVER:
        steps.append(
            "Nobody has said what it led to: roadworthy incident classify "
            f"{name} --harm KIND --aware INSTANT --reason TEXT"
        )
    elif incident.state == "promoted":
        steps.append(
            f"Next: roadworthy eval{here}, then gate; when it passes, "
            f"roadworthy incident close {name}"
        )
    if incident.state in ("open", "contained", "promoted"):
        steps.append(
            f"If the report is false: roadworthy incident dismiss {name} --reason TEXT "
            "--as A --as B"
        )
    if stopped:
        steps.append(f"To lift its kills: {lifting([incident.id], directory)}")
    return steps


def say_note(note: Any, loop: Any) -> None:
    """What somebody wrote of an answer, and what would have been right."""
    who, at = who_of(note.reporter, loop), f"({note.time[:19]}Z)"
    if note.text:
        say(f"{who} wrote {at}: {printable(note.text)}")
    if note.label:
        say(f"{who} named the right answer {at}: {printable(note.label)}")


def who_of(actor: str, loop: Any) -> str:
    """Who that is: a person's name with the key that signed, else the actor as it is written."""
    kind, _, key_id = actor.partition(":")
    key = loop.trust.find(key_id) if kind == "person" else None
    return f"{key.name} ({key_id})" if key is not None else printable(actor)
