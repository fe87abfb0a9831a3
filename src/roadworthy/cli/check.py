"""`roadworthy check`: every file of a system, all faults at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Fault
from roadworthy.manifests import CHARTER, Reading, clauses_of, kept_for_later, read_folder

from .exits import Exit
from .terminal import emit, printable, same_system, say


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    candidate: Annotated[
        str, typer.Option("--candidate", help="Which candidate file is meant.")
    ] = "candidate.yaml",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check every file of a system: file, line, what is wrong, what would be right.

    Catalogues of its own (`catalogues/`) and answers to the law's questions (`facts.yaml`, `facts`
    of the charter) are files of it, too.

    Of a sound contract it also says which output rails collect the whole answer of a stream and
    how much the others hold back. Exit code 0 when nothing is wrong (warnings alone are 0), 1
    otherwise.
    """
    from roadworthy.flows.gate.checking import explain_streams, note_expired
    from roadworthy.flows.law.law_checks import law_faults
    from roadworthy.wiring.clock import SystemClock

    from .check_rails import tell_rails
    from .days import day_of

    reading = read_folder(directory, candidate=candidate)
    note_expired(reading, SystemClock())
    rails = explain_streams(reading)
    faults = reading.folder.faults()
    broken = any(fault.file == CHARTER and fault.severity == "error" for fault in faults)
    charter = None if broken else reading.charter
    day = day_of("", charter.time_zone if charter is not None else "UTC")
    faults = [*faults, *law_faults(directory, charter, on=day)]
    errors = [fault for fault in faults if fault.severity == "error"]
    warnings = [fault for fault in faults if fault.severity == "warning"]
    if as_json:
        emit({"errors": _rows(errors), "warnings": _rows(warnings), "rails": rails})
    else:
        _tell_faulty(directory, errors, warnings)
        _tell_clauses(reading)
        say()
        tell_rails(rails)
        say()
        _tell_next(same_system(directory, candidate), errors, warnings)
    if errors:
        raise typer.Exit(Exit.USER)


def _rows(faults: list[Fault]) -> list[dict[str, Any]]:
    return [
        {"file": one.file, "line": one.line, "message": one.message, "fix": one.fix}
        for one in faults
    ]


def _tell_faulty(directory: Path, errors: list[Fault], warnings: list[Fault]) -> None:
    """Faults by file, then warnings by file."""
    for title, colour, faults in (("fault", "red", errors), ("warning", "yellow", warnings)):
        if faults:
            say(_count(len(faults), title), colour)
            _tell_faults(directory, faults)
            say()


def _tell_next(same: str, errors: list[Fault], warnings: list[Fault]) -> None:
    if errors:
        say(f"Next: correct the {_count(len(errors), 'fault')}, then check again.")
    else:
        warned = f" ({_count(len(warnings), 'warning')})" if warnings else ""
        say(f"The contract holds together{warned}.", "green")
        say(f"Next: roadworthy eval{same}")


def _tell_faults(directory: Path, faults: list[Fault]) -> None:
    file = ""
    for fault in faults:
        if fault.file != file:
            file = fault.file
            say(printable(f"  {directory / file}"))
        say(printable(f"    line {fault.line}: {fault.message}"))
        if fault.fix:
            say(printable(f"        {fault.fix}"))


def _tell_clauses(reading: Reading) -> None:
    say("What stands for the four clauses of the safety contract")
    for clause, stands in clauses_of(reading).items():
        name = clause.replace("_", " ")
        say(f"  {name:<14} {'; '.join(stands) or 'nothing'}", "" if stands else "yellow")
    kept = kept_for_later(reading)
    if kept:
        say("Kept for a later version: loaded and pinned, and nothing acts on it yet")
        for clause, told_later in kept.items():
            say(f"  {clause.replace('_', ' '):<14} {'; '.join(told_later)}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
