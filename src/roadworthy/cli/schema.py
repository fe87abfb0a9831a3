"""`roadworthy schema`: the JSON Schema of each file, for editors and for people."""

from __future__ import annotations

from typing import Annotated

import typer

from roadworthy.domain import INDICATORS, UsageError
from roadworthy.manifests import KINDS, schema_of

from .terminal import emit, say, table


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which file.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the names.")] = False,
    indicators: Annotated[
        bool, typer.Option("--indicators", help="List what an objective can be about.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print lists as JSON.")] = False,
) -> None:
    """Print the JSON Schema (draft 2020-12) of a file of the contract.

    Editors complete from it: `# yaml-language-server: $schema=charter.schema.json`.
    """
    if indicators:
        _tell_indicators(as_json)
    elif listed:
        if as_json:
            emit([{"name": kind.name, "file": kind.file} for kind in KINDS.values()])
            return
        for kind in KINDS.values():
            say(f"{kind.name:<18} {kind.file:<24} {kind.summary}")
    elif name:
        emit(schema_of(name))
    else:
        raise UsageError("which file's schema?", fix="`roadworthy schema --list` lists the names")


def _tell_indicators(as_json: bool) -> None:
    rows = list(INDICATORS.values())
    if as_json:
        emit(rows)
        return
    table(
        ("indicator", "area", "measured", "what it is"),
        [(one.name, one.area, "yes" if one.measured else "later", one.definition) for one in rows],
    )
