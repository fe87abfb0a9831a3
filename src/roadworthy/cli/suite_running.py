"""`roadworthy suite run-outside`: another tool's task, asked of the candidate here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from .aside import standard_output_aside
from .terminal import emit, printable, say

PYTHON_VARIABLE = "ROADWORTHY_OUTSIDE_PYTHON"


def run_outside(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="inspect, lm-eval or garak.")],
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="A task's file or name; of garak, probes.")
    ],
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARG...]", help="Arguments for the tool itself."),
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    limit: Annotated[int, typer.Option(min=0, help="So many cases of the task; 0: all.")] = 0,
    python: Annotated[
        str,
        typer.Option(
            metavar="PATH", help="The interpreter that has the tool.", envvar=PYTHON_VARIABLE
        ),
    ] = "",
    timeout: Annotated[float, typer.Option(min=1, help="Seconds; then it is stopped.")] = 3600,
    most: Annotated[int, typer.Option(min=1, help="So many questions at the most.")] = 10_000,
    budget: Annotated[str, typer.Option(help="Stop once this much is paid, e.g. 2.50.")] = "",
    concurrency: Annotated[int, typer.Option(min=1, help="Questions at a time.")] = 4,
    passed: Annotated[
        list[str], typer.Option("--pass", metavar="NAME", help="A variable the tool may read.")
    ] = [],  # noqa: B006
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Pay for every answer.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Run a task of Inspect AI, lm-eval or garak against the candidate, and enter what it found.

    The tool runs in a process of its own and asks the candidate through rails and prompt, at an
    address that is open on this machine for the time of the run. Its figures are entered as
    "asked here, scored by" the tool, when its file tells of the same answers as were given; no
    objective is judged on them. A crash, a hang or a file of other answers gives no result.
    """
    from roadworthy.flows.runs.running_outside import OutsideAsked

    from .evaluate import amount

    with standard_output_aside():
        asked = OutsideAsked(
            tool=tool,
            task=task,
            more=tuple(more or ()),
            python=python,
            passed=tuple(passed),
            limit=limit,
            concurrency=concurrency,
            seconds=timeout,
            most=most,
            budget=amount(budget),
            cache=not no_cache,
        )
        done = _run(directory, candidate, asked)
    if json:
        emit(_as_json(done))
    else:
        _show(done)


def _show(done: Any) -> None:
    from .import_results import show_found

    for found, entry in done.entries:
        show_found(found, str(entry.payload["trust"]))
        say(f"entry {entry.seq}: {entry.subject[:19]}…")
    paid = f", paid {done.cost}" if done.cost else ""
    say(f"{done.questions} questions asked here, {done.failed} not answered{paid}.")
    if done.begun > 1:
        say(f"This task was begun {done.begun} times for this candidate.")
    for warning in done.warnings:
        say(f"  note: {warning}")
    say(printable(f"Its files and every exchange: {done.folder}"))


def _run(directory: Path, candidate: str, asked: Any) -> Any:
    from roadworthy.flows.runs.running_outside import run_outside as run
    from roadworthy.gateway.outside_door import outside_address
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .evaluate import asking
    from .terms import show_terms

    system = load_system(directory, candidate=candidate)
    show_terms(system.candidate.model)
    os.environ.setdefault("ROADWORTHY_LOCAL_THREADS", str(os.cpu_count() or 1))
    loop = open_loop(directory, configured=system.deployment.workspace)

    def address(desk: Any, model: str) -> Any:
        return outside_address(desk, model, loop.clock)

    return asking(system, loop, lambda deps: run(system, asked, deps, address))


def _as_json(done: Any) -> dict[str, Any]:
    """The stable contract for scripts."""
    from msgspec import to_builtins

    return {
        "imported": [
            {
                "trust": entry.payload["trust"],
                "entry": entry.seq,
                "candidate": entry.payload["candidate"],
                "run": entry.payload["run"],
                "subject": found.subject,
                **to_builtins(found),
            }
            for found, entry in done.entries
        ],
        "questions": done.questions,
        "failed": done.failed,
        "cost": done.cost,
        "begun": done.begun,
        "notes": list(done.warnings),
        "folder": str(done.folder),
    }
