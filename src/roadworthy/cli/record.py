"""`roadworthy record`: evidence that was made elsewhere becomes an entry by its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import Draft, UsageError, sha256

from .folders import require_file
from .terminal import emit, say

_MOST = 1 << 30
"""Bytes of a file that is read whole to be hashed; larger evidence is given by its digest list."""


def command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="training, contract, dpia …")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    note: Annotated[str, typer.Option(help="What it shows, in a sentence.")] = "",
    system: Annotated[str, typer.Option(help="The system it is about; default: all.")] = "",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Enter what people made elsewhere: the ledger keeps its digest, name and who vouches for it.

    The document stays where it is; keep it, because only its digest is recorded.
    """
    from roadworthy.ledger import sign_draft
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    if not kind.replace("_", "").replace(".", "").replace("-", "").isalnum() or not kind.isascii():
        raise UsageError(f"{kind!r} is no kind", fix="a word such as training, contract or dpia")
    require_file(file, "give a document up to 1 GB")
    if file.stat().st_size > _MOST:
        raise UsageError(f"{file} is too large to be recorded", fix="give a document up to 1 GB")
    data = file.read_bytes()
    workspace = standing_workspace(directory)
    who, signer, key = acting_person(workspace, acting)
    loop = loop_of(workspace)
    draft = Draft(
        system=system,
        kind="evidence.recorded",
        subject=sha256(data),
        actor=f"person:{key.key_id}",
        payload={"kind": kind, "file": file.name, "bytes": len(data), "note": note},
    )
    (entry,) = loop.ledger.record(sign_draft(draft, signer))
    if json:
        emit({"seq": entry.seq, "subject": entry.subject, "digest": entry.digest, "by": who})
        return
    say(f"entry {entry.seq}: {kind} {file.name} ({entry.subject[:19]}…), signed by {who}")
