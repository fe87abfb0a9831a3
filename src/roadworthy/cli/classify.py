"""`roadworthy classify`: which class a system has, which duties, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Catalogue, Classification

from .exits import Exit
from .terminal import emit, printable, same_system, say, table

_SHOWN = 8
"""Open questions that are printed."""
_COLOURS = {"prohibited": "red", "undecided": "yellow"}


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Facts, YAML or JSON; stands alone.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask what is open; keep the answers in facts.yaml.")
    ] = False,
    catalogue: Annotated[str, typer.Option(help="By which catalogue.")] = "eu-ai-act",
    on: Annotated[str, typer.Option(metavar="DAY", help="By the law of this day.")] = "",
    record: Annotated[
        bool, typer.Option("--record", help="Enter answers and result, signed by you.")
    ] = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say what a system is by the law, which duties it has now, and which come when.

    Answers come from --answers, else from facts.yaml, else from the charter's `facts`. What nobody
    answered is unknown, never no; only an exemption that nobody claims does not apply. Exit code 3
    for a prohibited practice, 4 while something that decides is not answered.
    """
    from roadworthy.flows.law.answers import catalogues_of
    from roadworthy.flows.law.assure import assure, record_classification
    from roadworthy.flows.law.incident_facts import NOTHING, happened
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.manifests import load_charter
    from roadworthy.wiring.loop import open_loop, standing_loop

    from .acting import acting_person, standing_workspace
    from .classify_asking import ask_open
    from .days import day_of

    charter = load_charter(directory)
    loop = open_loop(directory) if record else None
    reading = loop or standing_loop(standing_workspace(directory))
    day = day_of(on, charter.time_zone)
    if ask:
        ask_open(directory, charter, catalogue=catalogue, on=day, given=answers)
    known = happened(reading, charter.system) if reading is not None else NOTHING
    assured = assure(directory, charter, on=day, given=answers, catalogue=catalogue, known=known)
    found = assured.classification
    entry = None
    if loop is not None:
        name, signer, key = acting_person(loop.workspace, acting)
        entry = record_classification(assured, loop, Acting(name=name, signer=signer, key=key))
    if json:
        emit(_as_json(found, answers=assured.answers, entry=entry.seq if entry else None))
    else:
        texts = catalogues_of(directory, catalogue)
        _say(found, texts, assured.answers)
        if entry is not None:
            say(f"entry {entry.seq}: classified as {found.risk_class or 'no class'}")
        _say_next(found, directory, recorded=entry is not None, own=assured.own)
    if found.risk_class == "prohibited":
        raise typer.Exit(Exit.REFUSED)
    if found.risk_class == "undecided" or found.blocked_by or found.open_questions:
        raise typer.Exit(Exit.UNDECIDED)


def _as_json(found: Classification, *, answers: str, entry: int | None) -> dict[str, Any]:
    return {
        "catalogue": found.catalogue,
        "version": found.version,
        "on": found.on,
        "answers": answers,
        "roles": list(found.roles),
        "class": found.risk_class,
        "later": [{"class": one.risk_class, "from": one.since} for one in found.later],
        "duties": [one.id for one in found.now],
        "coming": [
            {
                "id": one.id,
                "from": one.since,
                "why": one.why,
                "date_confidence": one.confidence,
                "formal_from": one.formal_from,
            }
            for one in sorted(found.coming, key=lambda one: one.since or "")
        ],
        "undecided": [{"id": one.id, "needs": list(one.needs)} for one in found.undecided],
        "blocked_by": list(found.blocked_by),
        "questions": list(found.open_questions),
        "steps": [
            {"title": step.title, "finding": step.finding, "cite": step.cite}
            for step in found.steps
        ],
        "not_asked_by_the_catalogue": list(found.unknown_names),
        "entry": entry,
    }


def _say(found: Classification, catalogues: list[Catalogue], answers: str) -> None:
    questions = {fact.id: fact for one in catalogues for fact in one.facts}
    duties = {duty.id: duty for duty in catalogues[-1].obligations}
    say(f"{catalogues[-1].title}, state {catalogues[-1].state}, on {found.on}; answers: {answers}")
    say(f"roles: {', '.join(found.roles) or 'nobody said'}")
    if found.roles == ("deployer",):
        say("  As deployer alone, somebody else is its provider: whoever builds it, or has it")
        say("  built, and offers it or puts it to use under their own name (Art. 3(3)).")
    for step in found.steps:
        say(f"  {step.title}: {step.finding} ({step.cite})")
    colour = _COLOURS.get(found.risk_class, "")
    if found.risk_class:
        say(f"class: {found.risk_class}", colour)
    for later in found.later:
        say(f"class from {later.since} on: {later.risk_class}", _COLOURS.get(later.risk_class, ""))
    if found.blocked_by and found.risk_class != "prohibited":
        say("Nothing is permitted by this yet: Article 5 is not answered whole.", "yellow")
    table(
        ("duty", "article", "what", "from"),
        [
            (one.id, duties[one.id].article, duties[one.id].title, one.from_in_words)
            for one in (*found.now, *sorted(found.coming, key=lambda one: one.since or ""))
        ],
        title=f"duties now: {len(found.now)}, coming: {len(found.coming)}",
    )
    if found.unknown_names:
        say(f"no question of this catalogue: {printable(', '.join(found.unknown_names))}")
    if found.open_questions:
        asked, waiting = len(found.open_questions), len(found.undecided)
        say(f"questions that come next: {asked}; duties undecided: {waiting}")
    for name in found.open_questions[:_SHOWN]:
        spec = questions.get(name)
        text = f"{spec.question} ({spec.cite})" if spec else "Which roles are held?"
        say(f"  {name}: {text}")


def _say_next(found: Classification, directory: Path, *, recorded: bool, own: bool) -> None:
    if not own:
        say("A look at it as another system. To record it, put the answers into facts.yaml.")
    elif found.open_questions:
        say(f"Next: roadworthy classify{same_system(directory)} --ask")
    elif not recorded:
        say(f"Next: roadworthy classify{same_system(directory)} --record --as NAME")
    else:
        say(f"Next: roadworthy obligations{same_system(directory)}")
