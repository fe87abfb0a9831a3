"""`roadworthy document`: a document of the lifecycle, filled from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Block, Gap, Language, Paper

from .exits import Exit
from .terminal import emit, in_folder, printable, same_system, say, say_of

_SHOWN = 12


def command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Which; `list` names them.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A new .md, .html or .pdf, or one it wrote.")
    ] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    blocks: Annotated[
        bool, typer.Option("--blocks", help="Write the file with the blocks that people fill.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Enter the document's digest, signed by you.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Exit code 4 while anything in it is missing.")
    ] = False,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    catalogue: Annotated[str, typer.Option(help="Whose duties it tells.")] = "eu-ai-act",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Make a document: each section from evidence, with its source; what is missing is said.

    What people must write stands in documents/KIND.LANGUAGE.md of the folder, in marked blocks;
    --blocks writes that file. What is missing is printed as missing; --complete makes it an error.
    With --complete or --record the whole ledger is verified first: seconds for a million entries.
    --out writes over what this command wrote before, and over nothing that a person changed since.
    """
    from roadworthy.compliance import FORMS, to_markdown

    spoken = _language(language)
    _require_heard(kind, {
        "--blocks": blocks, "--out": out, "--record": record, "--complete": complete,
        "--as": acting, "--json": json,
    })  # fmt: skip
    if kind == "list":
        _list(list(FORMS), spoken, json=json)
        return
    from .document_files import marked, require_new, write_blocks, write_document

    if blocks:
        say(f"{write_blocks(directory, kind, spoken)}: people write between the marks")
        return
    if out is not None:
        require_new(out)
    paper, loop = _made(kind, directory, spoken, candidate=candidate, catalogue=catalogue)
    by = _held(loop, acting, record=record, complete=complete)
    data = marked(to_markdown(paper).encode(), ".md")
    if out is not None:
        data = write_document(out, paper, markdown=data)
    entry = _recorded(paper, data, loop, by) if record else None
    if json:
        emit(_as_json(paper, out, entry))
    elif out is None:
        say(data.decode().removesuffix("\n"))
    else:
        _say(paper, out, directory)
    if complete and paper.gaps:
        raise typer.Exit(Exit.UNDECIDED)


def _made(
    kind: str, directory: Path, language: Language, *, candidate: str, catalogue: str
) -> tuple[Paper, Any]:
    """The document, and the loop that it was made from."""
    from roadworthy.flows.papers.documents import gather, make_document, written_for
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .days import day_of

    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    found = gather(system, loop, on=day_of("", system.charter.time_zone), catalogue=catalogue)
    written = written_for(system, kind, language)
    paper = make_document(kind, found, loop, language=language, written=written)
    return _in_folder(paper, directory), loop


def _held(loop: Any, acting: str | None, *, record: bool, complete: bool) -> Any:
    """Who signs, where somebody does; a claim about the document rests on a ledger that holds.

    Raises before anything is written: VerificationError, AccessError.
    """
    from roadworthy.flows.workspace.intact import require_intact
    from roadworthy.flows.workspace.people import Acting, require_voucher

    from .acting import acting_person

    if record or complete:
        require_intact(loop)  # whoever opened it counted the entries; now they are read
    if not record:
        return None
    name, signer, key = acting_person(loop.workspace, acting)
    by = Acting(name=name, signer=signer, key=key)
    require_voucher(loop, by)
    return by


def _recorded(paper: Paper, data: bytes, loop: Any, by: Any) -> int:
    """The entry with the document's digest."""
    from roadworthy.flows.papers.documents import record_document

    return record_document(paper, data, loop, by).seq


def _as_json(paper: Paper, out: Path | None, entry: int | None) -> dict[str, Any]:
    gaps = [{"what": one.what, "command": one.command, "block": one.block} for one in paper.gaps]
    return {
        "document": paper.kind,
        "language": paper.language,
        "release": paper.release,
        "sections": [section.id for section in paper.sections],
        "owed": {"state": paper.owed.state, "duties": paper.owed.duties},
        "missing": gaps,
        "out": str(out) if out else "",
        "entry": entry,
    }


def _say(paper: Paper, out: Path, directory: Path) -> None:
    from roadworthy.compliance import owed_in_words, said

    say_of(out, f"{out}: {paper.title}, {len(paper.sections)} sections")
    say_of(out, f"  {said('Owed', paper.language)}: {owed_in_words(paper)}")
    for gap in paper.gaps[:_SHOWN]:
        say_of(out, f"  missing: {printable(_told(gap, paper.language))}")
    if len(paper.gaps) > _SHOWN:
        say_of(out, f"  and {len(paper.gaps) - _SHOWN} more")
    if any(gap.block for gap in paper.gaps):
        say_of(out, f"Next: roadworthy document {paper.kind}{same_system(directory)} --blocks")


def _require_heard(kind: str, options: dict[str, object]) -> None:
    """No option is given that would be ignored. Raises UsageError."""
    from roadworthy.domain import UsageError

    given = {name for name, value in options.items() if value}
    if kind == "list":
        does, ignored = "`list` names the documents", given - {"--json"}
    elif "--blocks" in given:
        does, ignored = "--blocks writes the file that people fill", given - {"--blocks"}
    else:
        does = "nobody acts but with --record"
        ignored = given & {"--as"} if "--record" not in given else set()
    if ignored:
        named = ", ".join(name for name in options if name in ignored)
        raise UsageError(f"{does}: not together with {named}", fix="one, then the other")


def _told(gap: Gap, language: Language) -> str:
    """What is missing, and who or what makes it, as the page says it."""
    from roadworthy.compliance import said

    if gap.command:
        return f"{gap.what} ({said('made by', language)}: {gap.command})"
    if gap.block:
        return f"{gap.what} ({said('to be written by a person', language)}: {gap.block})"
    return gap.what


def _in_folder(paper: Paper, directory: Path) -> Paper:
    """The document with commands that can be typed as they stand."""
    from msgspec.structs import replace

    def placed(block: Block) -> Block:
        if not isinstance(block, Gap) or not block.command:
            return block
        command = block.command.replace("document KIND", f"document {paper.kind}")
        return replace(block, command=in_folder(command, directory))

    sections = tuple(
        replace(section, blocks=tuple(placed(block) for block in section.blocks))
        for section in paper.sections
    )
    return replace(paper, sections=sections)


def _list(kinds: list[str], language: Language, *, json: bool) -> None:
    from roadworthy.flows.papers.documents import form_of

    forms = [form_of(kind) for kind in kinds]
    if json:
        emit([{"document": one.document, "title": one.title[language], "basis": one.basis}
              for one in forms])  # fmt: skip
        return
    for one in forms:
        say(f"{one.document}: {one.title[language]} ({one.basis})")


def _language(said: str) -> Language:
    from roadworthy.domain import UsageError

    if said == "en":
        return "en"
    if said == "de":
        return "de"
    raise UsageError(f"documents are not written in {said!r}", fix="en or de")
