"""`roadworthy matrix`: the lifecycle, phase by phase, each cell with its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from roadworthy.domain import MatrixCell

from .exits import Exit
from .owed import say_review
from .terminal import emit, in_folder, say, table

_COLOURS = {"open": "yellow", "stale": "yellow", "done": "green"}


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    catalogue: Annotated[str, typer.Option(help="Whose class sets the profile.")] = "eu-ai-act",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show each artifact of the lifecycle: what proves it, or what makes it.

    Phases of CRISP-ML(Q), stages of SMACTR. How strict it is follows the system's class. Exit code
    4 while a cell that this profile asks for is open or stale.
    """
    from roadworthy.flows.papers.lifecycle import lifecycle
    from roadworthy.manifests import load_charter, load_system
    from roadworthy.wiring.loop import open_loop

    from .days import day_of

    load_charter(directory)  # a folder that is no system's is named before its files are
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    day = day_of("", system.charter.time_zone)
    found = lifecycle(system, loop, on=day, catalogue=catalogue)
    if json:
        emit(_as_json(system.charter.system, found, directory))
    else:
        say(f"{system.charter.system}: class {found.risk_class}, profile {found.profile}")
        for phase in found.phases:
            rows = [
                (cell.title, cell.status.replace("_", " "), in_folder(_shown(cell), directory))
                for cell in found.cells
                if cell.phase == phase.id
            ]
            title = f"{phase.title} ({', '.join(phase.stages)})"
            table(("artifact", "status", "by, or what is missing"), rows, title=title)
            done = [cell for cell in found.tasks if cell.phase == phase.id]
            for cell in done:
                if cell.status in ("open", "stale"):
                    say(f"  task {cell.status}: {cell.title}: {in_folder(cell.missing, directory)}")
            ended = sum(cell.status == "done" for cell in done)
            say(f"  tasks: {ended} of {len(done)} done")
            say(f"  exit check: {phase.checks['exit']}: {_left(found.exits[phase.id])}")
        say_review(found.review)
        for status in ("done", "stale", "open"):
            number = sum(cell.status == status for cell in found.cells)
            say(f"  {number} {status}", _COLOURS[status])
    if any(cell.status in ("open", "stale") for cell in (*found.cells, *found.tasks)):
        raise typer.Exit(Exit.UNDECIDED)


def _placed(phase: str, cells: Iterable[MatrixCell], directory: Path) -> list[MatrixCell]:
    """The cells of a phase, with commands that can be typed as they stand."""
    return [
        replace(cell, missing=in_folder(cell.missing, directory))
        for cell in cells
        if cell.phase == phase
    ]


def _as_json(system: str, found: Any, directory: Path) -> dict[str, Any]:
    return {
        "system": system,
        "class": found.risk_class,
        "profile": found.profile,
        "review": found.review,
        "phases": [
            {
                "id": phase.id, "title": phase.title, "stages": phase.stages,
                "checks": phase.checks, "exit": found.exits[phase.id],
                "tasks": _placed(phase.id, found.tasks, directory),
                "cells": _placed(phase.id, found.cells, directory),
            }
            for phase in found.phases
        ],
    }  # fmt: skip


def _left(check: Any) -> str:
    """Whether a phase may be left, by its exit check."""
    if not check.asked:
        return "not asked of this profile"
    return "held" if check.held else f"open ({', '.join(check.lacks)})"


def _shown(cell: MatrixCell) -> str:
    if cell.evidence:
        entries = ", ".join(
            f"{one.in_words}{f' until {one.until}' if one.until else ''}" for one in cell.evidence
        )
        return f"{entries}: {cell.missing}" if cell.status == "stale" else entries
    if cell.status in ("done", "not_needed"):
        return cell.file or cell.why
    return cell.missing
