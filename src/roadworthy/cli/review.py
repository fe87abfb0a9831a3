"""`roadworthy review`: answers that were held, or drawn at random, and what people decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import HeldAnswer, UsageError

from .exits import Exit
from .terminal import emit, group, printable, same_system, say, table

app = group("Answers that were held: list, show, assign, judge and decide them.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `review list` or the answer names it.")]


@app.command("list")
def list_(
    directory: Directory = Path(),
    *,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those past their time; exit code 4 if any is.")
    ] = False,
    system: Annotated[str, typer.Option(help="Of this system.")] = "",
    assigned: Annotated[
        str, typer.Option(metavar="NAME", help="Of this person; `nobody`: not assigned yet.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    json: Json = False,
) -> None:
    """What waits for a person, the one whose time ends first at the top. No text is shown."""
    from roadworthy.flows.reviews.queue import queue

    desk = _desk(directory)
    items = queue(*desk) if desk is not None else []
    items = [
        each
        for each in items
        if (everything or each.state != "decided")
        and (each.overdue or not overdue)
        and system in ("", each.system)
        and assigned in ("", each.assigned or "nobody")
    ]
    if json:
        emit([_as_json(each) for each in items])
    elif not items:
        say("Nothing is past its time." if overdue else "Nothing waits for a person.")
    else:
        _say_items(items, directory)
    if overdue and items:
        raise typer.Exit(Exit.UNDECIDED)


@app.command()
def show(review: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False) -> None:
    """One held answer with its texts; the ledger says first who read them.

    Where reviews are blind, the machine's answer is shown after your own judgement only.
    """
    from roadworthy.flows.reviews.reading import read

    desk, by = _acting(directory, as_)
    seen = read(review, *desk, by=by)
    if json:
        emit({"item": _as_json(seen.item), **seen.words})
        return
    _say_item(seen.item)
    for name, text in seen.words.items():
        if text:
            say(f"{name:>10}  {printable(str(text))}")
    _say_next(seen.item, directory, judged=seen.judged)


@app.command()
def assign(
    review: Id,
    directory: Directory = Path(),
    *,
    person: Annotated[str, typer.Option("--to", metavar="NAME", help="Who is to look.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Say who is to look. Anybody who may review still may."""
    from roadworthy.flows.reviews.reviewing import assign as assign_item

    desk, by = _acting(directory, as_)
    item = assign_item(review, *desk, to=person, by=by)
    emit(_as_json(item)) if json else say(f"{item.id} is {printable(item.assigned)}'s to look at.")


@app.command("second-opinion")
def second_opinion(
    review: Id,
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why one person is not enough.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Ask for a second person before it is decided."""
    from roadworthy.flows.reviews.reviewing import ask_second

    desk, by = _acting(directory, as_)
    item = ask_second(review, *desk, reason=reason, by=by)
    emit(_as_json(item)) if json else say(f"{item.id} is decided by {item.needs} people together.")


@app.command()
def judge(
    review: Id,
    directory: Directory = Path(),
    *,
    label: Annotated[str, typer.Option(help="What you say is right.")] = "",
    text: Annotated[str, typer.Option(help="What you would answer, where it is no label.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Your own judgement, before you see the machine's answer (where reviews are blind)."""
    from roadworthy.flows.reviews.reviewing import judge as judge_item

    desk, by = _acting(directory, as_)
    item = judge_item(review, *desk, label=label, text=text, by=by)
    if json:
        emit(_as_json(item))
        return
    here = same_system(directory)
    say(f"Entered. Now see the machine's answer: roadworthy review show {item.id}{here}")


@app.command()
def decide(
    review: Id,
    directory: Directory = Path(),
    *,
    approve: Annotated[
        bool, typer.Option("--approve", help="The machine's answer leaves.")
    ] = False,
    edit: Annotated[str, typer.Option(metavar="TEXT", help="This leaves instead.")] = "",
    edit_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What this file says leaves instead.")
    ] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Nothing leaves.")] = False,
    label: Annotated[str, typer.Option(help="With --refuse: what would have been right.")] = "",
    reason: Annotated[str, typer.Option(help="Why; keep personal data out.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Approve the machine's answer, give another, or refuse. Signed, and final once it is decided.

    Ends with 4 while another person must decide, too.
    """
    from roadworthy.flows.reviews.reviewing import decide as decide_item

    word = _word(approve, edit, edit_file, refuse, label, reason)
    desk, by = _acting(directory, as_)
    item = decide_item(review, *desk, word=word, by=by)
    if json:
        emit(_as_json(item))
    elif item.state == "decided":
        given = _told(item, word.decision)
        say(f"Decided {item.id}: {word.decision}; {given}.")
    elif item.state == "disputed":
        say(f"{item.id} stays open: {' and '.join(item.heard)} do not agree; an arbiter decides.")
    else:
        say(f"Entered. {item.id} stays open: {item.needs} people must agree on it.")
    if item.state != "decided":
        raise typer.Exit(Exit.UNDECIDED)


def _told(item: HeldAnswer, decision: str) -> str:
    """What becomes of an answer that is decided now."""
    if item.why == ("a random sample",):
        return "it left long since; the decision counts in `upheld_rate`"
    return "nothing leaves" if decision == "refuse" else "GET /v1/reviews gives the answer"


def _word(
    approve: bool, edit: str, edit_file: Path | None, refuse: bool, label: str, reason: str
) -> Any:
    """What is decided: one of three. Raises UsageError otherwise."""
    from roadworthy.flows.reviews.reviewing import Word

    ways = [approve, bool(edit), edit_file is not None, refuse]
    if sum(ways) != 1:
        raise UsageError(
            "say one thing", fix="--approve, --edit TEXT, --edit-file FILE or --refuse"
        )
    if edit_file is not None:
        try:
            edit = edit_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{edit_file} cannot be read as UTF-8: {error}") from None
    how = "approve" if approve else "refuse" if refuse else "edit"
    return Word(decision=how, text=edit, label=label, reason=reason)  # type: ignore[arg-type]


def _desk(directory: Path) -> Any:
    """Loop and journal for looking only; None where nothing was ever recorded."""
    from roadworthy.wiring.held_answers import HeldAnswers
    from roadworthy.wiring.loop import standing_loop
    from roadworthy.wiring.places import place

    spot = place(directory, standing=True, create=False)
    loop = standing_loop(spot.workspace)
    return None if loop is None else (loop, HeldAnswers(loop, spot.deployment, root=str(spot.root)))


def _acting(directory: Path, as_: str | None) -> Any:
    """Loop and journal of a command that acts, and who does."""
    from roadworthy.flows.entries.review_entries import REVIEWERS
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.wiring.held_answers import HeldAnswers

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    name, signer, key = acting_person(loop.workspace, as_, roles=REVIEWERS)
    return (loop, HeldAnswers(loop, deployment, root=str(directory))), Acting(
        name=name, signer=signer, key=key
    )


def _say_items(items: list[HeldAnswer], directory: Path) -> None:
    rows = [
        (
            each.id,
            "erased" if each.erased and each.state != "decided" else each.state,
            ("OVERDUE " if each.overdue else "") + each.due[:16],
            each.tenant,
            " ".join(f"{name}={value}" for name, value in sorted(each.facets.items())),
            "; ".join(each.why),
            each.assigned,
        )
        for each in items
    ]
    table(("review", "state", "until (UTC)", "tenant", "slice", "held by", "assigned"), rows)
    if any(each.state != "decided" for each in items):
        say(f"Look with: roadworthy review show ID{same_system(directory)} --as NAME")


def _say_item(item: HeldAnswer) -> None:
    late = ", OVERDUE" if item.overdue else ""
    say(f"{item.id}  {item.state}  until {item.due[:16]}Z{late}")
    facts = {
        "asked by": ", ".join(
            [f"tenant {item.tenant}", *(f"{k}={v}" for k, v in sorted(item.facets.items()))]
        ),
        "held by": "; ".join(item.why),
        "assigned": item.assigned,
        "decided": ", ".join(item.heard) + f" (of {item.needs})" if item.heard else "",
    }
    for name, value in facts.items():
        if value:
            say(f"{name:>10}  {printable(value)}")
    if item.erased:
        say(f"{'texts':>10}  erased: it can be refused, nothing else")
    if item.decided is not None:
        said = item.decided
        say(f"{said.decision} by {said.name}, {said.time[:19]}Z  {printable(said.reason)}")


def _say_next(item: HeldAnswer, directory: Path, *, judged: bool) -> None:
    if item.state == "decided":
        return
    here = same_system(directory)
    if item.blind and not judged and not item.erased:
        say(f"Next: roadworthy review judge {item.id}{here} --label LABEL (or --text TEXT)")
        return
    say(
        f"Next: roadworthy review decide {item.id}{here} --approve | --edit TEXT | --refuse"
        " --reason TEXT"
    )


def _as_json(item: HeldAnswer) -> dict[str, Any]:
    """The item; of its decision neither the sealed text nor what tells it from another."""
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(item)
    if item.decided is not None:
        built["decided"] = {
            name: value
            for name, value in built["decided"].items()
            if name not in ("answer", "mark")
        }
    return built
