"""`roadworthy suite generate` and `accept`: what a model writes waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import PersonRole

from .aside import standard_output_aside
from .exits import Exit
from .terminal import emit, say, table, warn

ACCEPTERS: tuple[PersonRole, ...] = ("reviewer", "engineer", "risk_officer", "admin")
"""Who may say that a case is one."""

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def generate(
    directory: Directory = Path(),
    *,
    documents: Annotated[Path, typer.Option("--from", metavar="PATH", help="Documents.")],
    model: Annotated[str, typer.Option(metavar="FILE", help="Candidate file of the writer.")],
    out: Annotated[str, typer.Option(metavar="NAME", help="The suite.")] = "documents",
    count: Annotated[int, typer.Option(help="Passages to ask about.")] = 50,
    seed: Annotated[int, typer.Option(help="Another seed, other passages.")] = 0,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    json: Json = False,
) -> None:
    """Write question-answer cases from documents, by a pinned model, for a person to accept.

    The passage's place and the sentence that holds the answer are kept. What the passage does not
    hold is dropped. Nothing counts before `suite accept`.
    """
    from roadworthy.flows.runs.proposing import FromDocuments, propose_questions
    from roadworthy.manifests import load_system

    system = load_system(directory, candidate=candidate)
    asked = FromDocuments(documents=documents, suite=out, count=count, seed=seed)

    def ask(writer: Any, show: Any) -> Coroutine[Any, Any, Any]:
        return propose_questions(system, asked, writer, show)

    found = with_writer(directory, model, seed, ask)
    if json:
        emit(proposed_json(found))
        return
    print_proposed(found)


def with_writer(
    directory: Path, model: str, seed: int, ask: Callable[[Any, Any], Coroutine[Any, Any, Any]]
) -> Any:
    """Open the writer, ask, close it."""
    import asyncio

    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop
    from roadworthy.wiring.writer import open_writer

    from .terminal import progress
    from .terms import show_terms

    system = load_system(directory, candidate=model)
    show_terms(system.candidate.model)
    loop = open_loop(directory, configured=system.deployment.workspace)

    async def run() -> Any:
        writer = open_writer(directory, model, loop, seed=seed)
        with ExitStack() as stack:
            shown: list[Any] = []

            def show(done: int, total: int) -> None:
                if not shown:
                    shown.append(stack.enter_context(progress(total, "Asking")))
                shown[0](done)

            try:
                return await ask(writer, show)
            finally:
                await writer.aclose()

    with standard_output_aside():
        return asyncio.run(run())


def proposed_json(found: Any) -> dict[str, Any]:
    """The stable contract for scripts."""
    return {
        "suite": found.suite,
        "file": found.file,
        "asked": found.asked,
        "proposed": [one.case.id for one in found.added],
        "standing": found.standing,
        "dropped": found.dropped,
        "unread": found.unread,
    }


def print_proposed(found: Any) -> None:
    """What was proposed, what was dropped and why."""
    if found.dropped:
        rows = [(reason, str(n)) for reason, n in sorted(found.dropped.items())]
        table(("dropped because", "answers"), rows)
    for file, reason in found.unread.items():
        warn(f"{file} was not read: {reason}")
    say(f"The model was asked {found.asked} times; {len(found.added)} cases wait in {found.file}.")
    if found.standing:
        say(f"{found.standing} stood already, as proposals or cases.")
    say(f"They count nowhere. Read them, then: roadworthy suite accept --suite {found.suite}")


def accept(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Cases.")] = None,
    *,
    suite: Annotated[str, typer.Option("--suite", metavar="NAME", help="The suite.")],
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    every: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    reject: Annotated[
        str, typer.Option(metavar="REASON", help="Reject them instead, and say why.")
    ] = "",
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Make cases of proposals, signed by a person; without ids, list what waits (exit code 4).

    A proposal may be edited in its file first; the entry says which were.
    """
    from roadworthy.manifests import load_system

    system = load_system(directory, candidate=candidate)
    if not ids and not every:
        _list(Path(system.root), suite, json=json)
        return
    from roadworthy.domain import format_instant
    from roadworthy.flows.suites.accepting import Settle, settle
    from roadworthy.ledger import require_role
    from roadworthy.wiring.loop import open_loop

    from .acting import find_acting

    loop = open_loop(directory, configured=system.deployment.workspace)
    by = find_acting(loop.workspace, acting, roles=ACCEPTERS)
    if by is None:
        from roadworthy.domain import UsageError

        raise UsageError(
            "nobody has a key in this workspace", fix="roadworthy people add NAME --role reviewer"
        )
    require_role(loop.trust, by.key.key_id, ACCEPTERS, format_instant(loop.clock.now()))
    asked = Settle(suite=suite, ids=tuple(ids or ()), every=every, reject=reject)
    done = settle(system, asked, loop, by)
    if json:
        emit(
            {
                "entry": done.entry.seq,
                "cases": list(done.cases),
                "edited": list(done.edited),
                "file": done.file,
                "waiting": done.waiting,
                "by": by.name,
            }
        )
        return
    verb = "rejected" if reject else f"accepted into {done.file}"
    say(f"entry {done.entry.seq}: {len(done.cases)} cases {verb}, signed by {by.name}")
    if done.edited:
        say(f"Edited by a person before: {', '.join(done.edited)}")
    say(f"{done.waiting} still wait.")


def _list(root: Path, suite: str, *, json: bool) -> None:
    """What waits, and exit code 4 while anything does."""
    from roadworthy.flows.suites.proposals import proposals_path, read_proposals

    waiting = [
        one for one in read_proposals(proposals_path(root, suite)) if one.state == "proposed"
    ]
    if json:
        emit([{"id": one.case.id, "source": one.case.source} for one in waiting])
    elif not waiting:
        say("Nothing waits.")
    for one in [] if json else waiting:
        say(f"{one.case.id}  {one.case.source}")
        say(f"  input:  {_short(one.case.input)}")
        say(f"  expect: {_short(one.case.expect.text or one.case.expect.label or '')}")
        if quote := one.case.origin.get("quote"):
            say(f"  quote:  {_short(quote)}")
    raise typer.Exit(int(Exit.UNDECIDED if waiting else Exit.DONE))


def _short(value: object) -> str:
    """A text of a file for a terminal: one line, nothing that steers it."""
    text = "".join(one if one.isprintable() else " " for one in str(value))
    return text if len(text) <= 160 else f"{text[:159]}…"
