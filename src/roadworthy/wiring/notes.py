"""What reporters wrote about an answer. Tenants' words stay in the journal, never in the ledger.

What enters: a report or an incident. What leaves: notes as they were written, by whom. What
never happens here: a note taken for anything but a stranger's text.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Incident, Report
from roadworthy.flows.loop import Loop
from roadworthy.journal import told
from roadworthy.manifests import Workspace


class Note(Struct, frozen=True, kw_only=True):
    """One person's or tenant's words."""

    observation: str
    time: str
    reporter: str
    text: str


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
    """Everything that was written about one answer: in the journal, and by people in the ledger."""
    said = [record.outcome for record in told(loop.workspace.journal, observation)]
    notes = {
        (each.time, each.reporter): each.note for each in said if each is not None and each.note
    }
    for kind in ("violation.recorded", "outcome.added"):
        for entry in loop.ledger.entries(kind=kind, subject=observation):
            text = str(entry.payload.get("note") or "")
            time = str(entry.payload.get("found_at") or entry.time)
            if text:
                notes[time, entry.actor] = text
    return [
        Note(observation=observation, time=time, reporter=reporter, text=text)
        for (time, reporter), text in sorted(notes.items())
    ]
