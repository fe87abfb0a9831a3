"""`roadworthy journal export`: sealed segments as Parquet, for whoever asks with SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .terminal import emit, say


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    parquet: Annotated[Path, typer.Option(metavar="OUT", help="The folder of the Parquet files.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Write sealed segments by system and hour, without texts; the same again writes what is new.

    Each file's metadata has its segment, its Merkle root and the entry of the ledger that vouches
    for it. Needs `pip install 'roadworthy[parquet]'`.
    """
    import msgspec

    from roadworthy.flows.journals.exporting import export_journal
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        raise UsageError("nothing was recorded here yet", fix="serve a release first")
    try:
        done = export_journal(loop, parquet)
    except OSError as error:
        raise UsageError(
            f"{error.filename or parquet} cannot be written: {error.strerror}",
            fix="give another folder: --parquet OUT",
        ) from error
    if json:
        emit(msgspec.to_builtins(done))
        return
    say(f"{done.segments} segments, {done.rows} rows in {done.files} files: {parquet}")
    say(f"{done.there} were there already; {done.unsealed} are not sealed yet")
