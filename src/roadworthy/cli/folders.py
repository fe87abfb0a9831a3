"""Files and folders as they were typed: the system's folder as a command's last word, a file.

`--dir` names the folder too, for those who learned it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

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


def several_folders(given: Sequence[Path] | None) -> list[Path]:
    """The folders that were meant, each once, however often and by whatever way it was named."""
    found: dict[Path, Path] = {}
    for folder in given or [Path()]:
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def titles(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Names of systems as headings: with the folder where two are called the same."""
    return [
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]


def fitted_file(directory: Path, out: str, kind: Literal["calibration", "reference"]) -> Path:
    """Where a verb writes what it fitted: a JSON file in the system's folder, new or of its kind.

    Raises UsageError of any other.
    """
    from roadworthy.flows.workspace.own_files import is_calibration, is_reference, require_own

    is_ours = is_calibration if kind == "calibration" else is_reference

    file = directory / out
    if Path(out).suffix != ".json" or not file.resolve().is_relative_to(directory.resolve()):
        fix = f"--out {kind}.json"
        raise UsageError(f"--out {out!r} is no JSON file in {directory}", fix=fix)
    require_own(file, is_ours, kind=kind)
    return file


def require_file(path: Path, fix: str) -> None:
    """Raise UsageError unless a file lies there, saying whether nothing does or a folder."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file", fix=fix)
    if not path.exists():
        raise UsageError(f"{path} does not exist", fix=fix)
    if not path.is_file():
        raise UsageError(f"{path} is no plain file", fix=fix)
