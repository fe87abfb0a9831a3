"""`roadworthy backup`: one archive of a workspace, consistent while it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, say_of


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The archive to write.")],
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Private keys too; guard the file as you guard them."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Copy ledger, checkpoints, trust, runs, blobs, releases, journal. Private keys stay apart."""
    from roadworthy.domain import format_instant
    from roadworthy.flows.workspace.backing_up import back_up_to
    from roadworthy.wiring.clock import SystemClock

    from .acting import standing_workspace

    now = format_instant(SystemClock().now())
    backup = back_up_to(standing_workspace(directory).root, out, at=now, with_keys=with_keys)
    if json:
        emit({"file": str(out), "files": len(backup.files), "with_keys": with_keys})
        return
    say_of(out, f"{len(backup.files)} files in {out}")
    if not with_keys:
        say_of(
            out, "Private keys are not in it: copy the workspace's keys/ apart, to a safe place."
        )
