"""What reporters wrote about an answer. Tenants' words stay in the journal, never in the ledger.

What enters: a report or an incident. What leaves: notes as they were written, by whom. What
never happens here: a note taken for anything but a stranger's text.
"""

from __future__ import annotations

from msgspec import Struct, structs

from roadworthy.domain import Incident, Report
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import told
from roadworthy.manifests import Workspace


class Note(Struct, frozen=True, kw_only=True):
    """One person's or tenant's words."""

    observation: str
    time: str
    reporter: str
    text: str = ""
    label: str = ""
    """What would have been right."""


def note_of(report: Report, workspace: Workspace) -> str:
    """The words of a report; empty when it has none or its segment is gone."""
    for record in told(workspace.journal, report.observation):
        said = record.outcome
        if said is not None and (said.time, said.reporter) == (report.time, report.reporter):
            return said.note
    return ""


def notes_on(incident: Incident, loop: Loop) -> list[Note]:
    """Everything that was written about an incident's answers, oldest first."""
    notes = [note for each in incident.observations for note in notes_about(each, loop)]
    return sorted(notes, key=lambda note: note.time)


def notes_about(observation: str, loop: Loop) -> list[Note]:
    """Everything that was said of one answer: in the journal, and by people in the ledger."""
    said = [record.outcome for record in told(loop.workspace.journal, observation)]
    heard = [(each.time, each.reporter, each.note, each.label) for each in said if each is not None]
    for kind in ("violation.recorded", "outcome.added"):
        for entry in loop.ledger.entries(kind=kind, subject=observation):
            given = {name: str(text) for name, text in entry.payload.items()}
            time, reporter = given.get("found_at", entry.time), given.get("reporter", entry.actor)
            heard.append((time, reporter, given.get("note", ""), given.get("label", "")))
    notes: dict[tuple[str, str], Note] = {}
    for time, reporter, text, label in heard:
        known = notes.get(
            (time, reporter), Note(observation=observation, time=time, reporter=reporter)
        )
        notes[time, reporter] = structs.replace(
            known, text=known.text or text, label=known.label or label
        )
    return [note for _, note in sorted(notes.items()) if note.text or note.label]
