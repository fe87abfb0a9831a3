"""`roadworthy deliberate`: open the note with its pre-read; record what people decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import ManifestError, System, UndecidedError

from .terminal import emit, same_system, say


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    record: Annotated[
        bool, typer.Option("--record", help="Enter the finished note, signed by you.")
    ] = False,
    pages: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Publish every deliberation so far as static pages."),
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="On the pages, too: names, personal."),
    ] = None,
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Open deliberation-note.md for the candidate, its pre-read filled in.

    The pre-read says what changed since the live release, what the gate would say, which cases
    flipped, which slices do worst, open incidents, findings, waivers, stale evidence and open
    actions. People write the eight sections below it; run again, only the pre-read is renewed.
    With --record a participant enters the finished note: who was heard, what was decided, who
    disagrees. Exit code 4 while a section, a name or a required voice is missing.

    A note that was recorded is kept; when the review that the charter's `review.cadence` asks for
    is due, the next one is opened about the same candidate.

    --pages writes what was seen, said, decided and signed, month by month, in English and German.
    Names of people who did not sign and personal data stay out unless --show asks for them.
    """
    if pages is not None:
        from .deliberate_pages import publish

        publish(directory, pages, show=show or (), json=json)
        return
    if record:
        _record(directory, candidate, acting, json=json)
    else:
        _open(directory, candidate, json=json)


def _record(directory: Path, candidate: str, acting: str | None, *, json: bool) -> None:
    from roadworthy.flows.papers.preread import SCRIBES, record_note
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.wiring.loop import open_loop

    from .acting import acting_person

    system = _finished(directory, candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    name, signer, key = acting_person(loop.workspace, acting, roles=SCRIBES)
    entry = record_note(system, loop, Acting(name=name, signer=signer, key=key))
    if json:
        emit({"entry": entry.seq, "note": entry.subject, **entry.payload})
        return
    heard = ", ".join(str(one["name"]) for one in entry.payload["participants"])
    say(f"entry {entry.seq}: {entry.payload['decision']}, heard were {heard}; signed by {name}")
    say(f"Next: roadworthy gate{same_system(directory, candidate)}")


def _open(directory: Path, candidate: str, *, json: bool) -> None:
    from roadworthy.flows.papers.preread import open_note
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    opened = open_note(system, loop)
    if json:
        emit({"note": str(opened.path), "kept": opened.kept, "refreshed": opened.refreshed})
        return
    said = "its pre-read is up to date" if opened.refreshed else "opened, with its pre-read"
    say(f"{opened.path}: {said}")
    if opened.kept:
        say(f"the note before it is kept in {opened.kept}")
    say("Next: people write the eight sections, names and a decision; then roadworthy deliberate"
        " --record --as NAME")  # fmt: skip


def _finished(directory: Path, candidate: str) -> System:
    """The system with its note. A note that reads well and is not finished is undecided."""
    from roadworthy.manifests import DELIBERATION, load_deliberation, load_system

    load_deliberation(directory)  # one that cannot be read is a fault like any other
    try:
        return load_system(directory, candidate=candidate)
    except ManifestError as error:
        faults = [fault for fault in error.faults if fault.severity == "error"]
        if any(fault.file != DELIBERATION for fault in faults):
            raise
        said = "; ".join(f"line {fault.line}: {fault.message}" for fault in faults)
        raise UndecidedError(
            f"{DELIBERATION} is not finished: {said}", fix="people write what is missing"
        ) from error
