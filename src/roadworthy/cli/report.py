"""`roadworthy report`: one run as one HTML file that opens anywhere and needs no network."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    run: Annotated[str, typer.Option(help="A run's id; default: the newest.")] = "newest",
    against: Annotated[
        str, typer.Option(help="Another run's id or a candidate's file; default: the gate's.")
    ] = "",
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    out: Annotated[Path, typer.Option(help="The file to write.")],
    without_texts: Annotated[
        bool, typer.Option("--without-texts", help="Leave out inputs, outputs and other texts.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Write a run as one self-contained HTML file: decision, objectives, slices, every case.

    The file opens without a server or a network, loads nothing and runs no script but its own.
    It shows what the gate decided on this run and decides nothing itself: exit code 0 when it was
    written.
    """
    from roadworthy.console.report.page import write_report
    from roadworthy.domain import UndecidedError
    from roadworthy.flows.gate.inspection import NO_RUN, inspect
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace
    from .terminal import emit, say_of

    # Cases live until the process ends, as in `eval`, and rows die by their counts: what is left
    # to look for is a few cycles of the template's.
    gc.set_threshold(2_000_000, 20, 20)
    system = load_system(directory, candidate=candidate)
    gc.freeze()
    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        raise UndecidedError(NO_RUN, fix=f"roadworthy eval {directory}")
    with inspect(system, loop, run=run, against=against) as inspection:
        written = write_report(inspection, out, texts=not without_texts)
        decision = inspection.judged.decision
        verdict = str(decision.decision) if decision is not None else ""
        told = inspection.run.run
    if json:
        emit(
            {
                "out": str(written.path),
                "run": told,
                "decision": verdict or None,
                "cases": written.cases,
                "rows": written.rows,
                "bytes": written.bytes,
                "digest": written.digest,
                "texts": not without_texts,
            }
        )
        return
    gated = f"gate: {verdict}" if verdict else "the gate has not decided on it"
    counted = f"{written.cases} cases, {written.rows} answers, {written.bytes / 1e6:.1f} MB"
    say_of(out, f"{out}: {told} ({gated}), {counted}")
