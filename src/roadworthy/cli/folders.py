"""The system's folder of a command that is about something else first: as its last word.

`--dir` says the same, for those who learned it before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

Trailing = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="The system's folder.  [default: .]", show_default=False),
]
Named = Annotated[Path | None, typer.Option("--dir", metavar="DIR", hidden=True)]


def one_folder(trailing: Path | None, named: Path | None) -> Path:
    """The folder that was meant. Raises UsageError when two were given."""
    if trailing is not None and named is not None and trailing.resolve() != named.resolve():
        raise UsageError(f"two folders were given: {trailing} and {named}", fix="give one")
    return trailing or named or Path()
