"""`roadworthy restore`: puts a backup back, after it was verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, say


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")],
    *,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys that you trust.")
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="Even where the workspace holds newer evidence.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check every digest, verify the ledger, then replace the workspace; the old one is kept.

    Stop `serve` first. Exit code 5 when the backup does not verify, 1 when the file is no backup;
    then nothing was changed.
    """
    from roadworthy.domain import UsageError
    from roadworthy.ledger import restore

    from .acting import workspace_of
    from .verify import trusted_keys

    if not file.is_file():
        raise UsageError(f"{file} does not exist", fix="give the archive that backup wrote")
    directory.mkdir(parents=True, exist_ok=True)
    root = workspace_of(directory).root
    report = restore(file, root, trust=trusted_keys(trust), older=older)
    head = report.details["complete_up_to"]
    if json:
        emit({"workspace": str(root), "entries": report.details["entries"], "complete_up_to": head})
        return
    say(f"restored {report.details['entries']} entries to {root}")
    say(f"complete up to checkpoint {head['size']} of {head['time']}")
