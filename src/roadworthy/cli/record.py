"""`roadworthy record`: evidence that was made elsewhere becomes an entry by its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import UsageError, sha256

from .folders import require_file
from .terminal import emit, printable, say, table

_MOST = 1 << 30
"""Bytes of a file that is read whole to be hashed; larger evidence is given by its digest list."""


def command(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="training_record, dpia_record …")
    ] = None,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The document.")] = None,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds, and end.")] = False,
    note: Annotated[str, typer.Option(help="What it shows, in a sentence.")] = "",
    system: Annotated[str, typer.Option(help="The system it is about; default: all.")] = "",
    candidate: Annotated[
        str, typer.Option(metavar="FILE", help="The candidate that you say it is about.")
    ] = "",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Enter what people made elsewhere: the ledger keeps its digest, name and who vouches for it.

    KIND is a kind of evidence that a duty or the lifecycle asks for; `record --kinds [DIR]` lists
    them, with those of the folder's own catalogues. One that counts for a release needs
    --candidate. The document stays where it is; keep it, because only its digest is recorded.
    The same file in the same words by the same person is entered once. An auditor records nothing.
    """
    from roadworthy.flows.papers.recording import (
        Document,
        known_kinds,
        record_evidence,
        require_kind,
    )
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    if kinds:
        _list(known_kinds(Path(kind) if kind else directory), json=json)
        return
    if kind is None or file is None:
        raise UsageError("KIND and FILE are missing", fix="roadworthy record KIND FILE [DIR]")
    require_kind(kind, known_kinds(directory), candidate=candidate)
    data = _read(file)
    workspace = standing_workspace(directory)
    who, signer, key = acting_person(workspace, acting)
    own, about = _about(directory, system, candidate)
    found = Document(
        kind=kind, file=file.name, digest=sha256(data), bytes=len(data), note=note,
        system=system or (own if about else ""), candidate=about,
    )  # fmt: skip
    by = Acting(name=who, signer=signer, key=key)
    _tell(record_evidence(found, loop_of(workspace), by, own=own), found, who, json=json)


def _tell(done: Any, found: Any, who: str, *, json: bool) -> None:
    entry = done.entry
    if json:
        emit({"seq": entry.seq, "subject": entry.subject, "digest": entry.digest, "by": who,
              "entered_before": done.repeated})  # fmt: skip
        return
    said = f"{found.kind} {printable(found.file)} ({entry.subject[:19]}…), signed by {who}"
    if done.repeated:
        say(f"entry {entry.seq} says it already: {said}; nothing was entered")
        say("Whoever vouches for it anew says so: --note TEXT", "yellow")
        return
    say(f"entry {entry.seq}: {said}")


def _read(file: Path) -> bytes:
    """The document's bytes. Raises UsageError where it is none that the ledger could name."""
    require_file(file, "give a document up to 1 GB")
    if file.stat().st_size > _MOST:
        raise UsageError(f"{file} is too large to be recorded", fix="give a document up to 1 GB")
    if not file.name.isprintable():  # a line's end in it, or bytes that are no UTF-8
        raise UsageError(
            f"the name {file.name!r} has signs that nobody can read, or is no UTF-8",
            fix="give the file another name: it stands in the ledger and in papers",
        )
    data = file.read_bytes()
    if not data.strip():
        raise UsageError(f"{file} is empty: it shows nothing", fix="give the document itself")
    return data


def _about(directory: Path, system: str, candidate: str) -> tuple[str, str]:
    """The folder's system where one of both is named, and the digest of the candidate."""
    from roadworthy.manifests import CHARTER, load_charter, load_system
    from roadworthy.release import pin

    if candidate:
        found = load_system(directory, candidate=candidate)
        return found.charter.system, pin(found).candidate_digest
    there = bool(system) and (directory / CHARTER).is_file()
    return (load_charter(directory).system if there else ""), ""


def _list(kinds: dict[str, Any], *, json: bool) -> None:
    rows = sorted(kinds.values(), key=lambda one: one.id)
    if json:
        emit([{"kind": one.id, "title": one.title, "of": one.of, "least": one.least}
              for one in rows])  # fmt: skip
        return
    table(("kind", "what", "about"), [(one.id, printable(one.title), one.of) for one in rows])
    say("What is about a release needs --candidate FILE.")
