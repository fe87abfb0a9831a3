"""`roadworthy rate`: people rate answers, blind; in the terminal or in one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .rate_results import export, results
from .terminal import emit, group, say, say_of

app = group("Let people rate answers, blind: fix a task, hand out sheets, enter what they say.")
app.command()(results)
app.command()(export)

Directory = Annotated[Path, typer.Argument(metavar="[DIR]", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
TaskName = Annotated[
    str, typer.Option("--task", metavar="DIGEST", help="Its beginning is enough; default: newest.")
]
Who = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]


@app.command()
def profile(
    name: Annotated[str, typer.Argument(help="The rater; has a key already.")],
    *,
    role: Annotated[str, typer.Option(help="What the person does, in a few words.")],
    language: Annotated[list[str], typer.Option(metavar="CODE", help="en, de-AT …; repeat it.")],
    qualified_for: Annotated[
        list[str], typer.Option(metavar="SUBJECT", help="What the person can judge; repeat it.")
    ] = [],  # noqa: B006
    interest: Annotated[str, typer.Option(help="What might sway the person.")] = "",
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    acting: Who = None,
) -> None:
    """Say who a rater is: signed by that person, or by an admin or risk officer."""
    from roadworthy.domain import RaterProfile
    from roadworthy.flows.gate.rating import profile_rater

    system, loop = _opened(directory)
    said = RaterProfile(
        name=name,
        role=role,
        languages=tuple(language),
        qualified_for=tuple(qualified_for),
        interest=interest,
    )
    by = _acting(loop, acting or name)
    entry = profile_rater(said, system, loop, by)
    say(f"entry {entry.seq}: {name}, {role}, reads {', '.join(language)}; signed by {by.name}")


@app.command()
def start(
    directory: Directory = Path(),
    *,
    against: Annotated[
        str, typer.Option(metavar="RUN", help="Side by side with a run, or a candidate's file.")
    ] = "",
    rubric: Annotated[str, typer.Option(metavar="NAME", help="A suite's rubric instead.")] = "",
    run: Annotated[str, typer.Option(help="The run to rate; default: the newest.")] = "newest",
    n: Annotated[int, typer.Option("--n", help="How many answers.")] = 60,
    seed: Annotated[int, typer.Option(help="Of the draw, of orders and sides.")] = 0,
    more: Annotated[
        Path | None, typer.Option("--gold", metavar="FILE", help="Attention items (JSONL).")
    ] = None,
    qualified_for: Annotated[
        list[str],
        typer.Option(metavar="SUBJECT", help="Only raters whose profile says so; repeat it."),
    ] = [],  # noqa: B006
) -> None:
    """Draw answers of a run at random and fix them as a task, before anybody is asked.

    With --qualified-for only raters whose profiles name all of these subjects get a sheet.

    An attention item is a line {"suite", "case", "choice"}; its choice is first, second, tie,
    neither or a level. It shows whether a rater reads, and counts in no rate.
    """
    from roadworthy.flows.gate.rating import RatingAsked, fix_task

    system, loop = _opened(directory)
    asked = RatingAsked(
        run=run, against=against, rubric=rubric, n=n, seed=seed, gold=_gold(more),
        qualifications=tuple(qualified_for),
    )  # fmt: skip
    fixed = fix_task(system, loop, asked)
    task = fixed.task
    say(f"Task {fixed.digest[7:19]}: {len(task.items)} of {task.population} ({task.name}).")
    if task.qualifications:
        say(f"  for raters who are qualified for {' and '.join(task.qualifications)}")
    for why, count in task.left_out.items():
        say(f"  left out: {count} x {why}")
    say(
        "Next: roadworthy rate profile NAME, once for each rater; then roadworthy rate page "
        "--as NAME --out FILE, or roadworthy rate answer --as NAME"
    )


@app.command()
def page(
    directory: Directory = Path(),
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The HTML file to write.")],
    task: TaskName = "",
    acting: Annotated[str, typer.Option("--as", metavar="NAME", help="The rater.")],
) -> None:
    """Write a rater's sheet as one HTML file: blind, in an order of its own, without a network."""
    from roadworthy.console.rating import write_page
    from roadworthy.flows.gate.rating import find_task, hand_out

    system, loop = _opened(directory)
    fixed = find_task(loop, system.charter.system, task)
    sheet = hand_out(loop, fixed, acting)
    charter = system.charter
    size = write_page(fixed.task, sheet, out, title=charter.title or charter.system)
    say_of(out, f"{out}: {len(sheet.items)} items for {acting}, {size / 1000:.0f} kB")
    say_of(out, "It opens in any browser. Next: roadworthy rate import FILE, with what it saves")


@app.command()
def answer(
    directory: Directory = Path(),
    *,
    task: TaskName = "",
    acting: Who = None,
) -> None:
    """Rate in the terminal: one key an item, undo, skip with a reason; goes on where you stopped.

    What you say is entered when all is rated, signed by your key.
    """
    from roadworthy.domain import digest_of
    from roadworthy.flows.gate.rating import (
        find_task,
        hand_out,
        new_submission,
        rated_items,
        submit,
    )

    from .rate_session import Draft, key_reader, line_reader, rate_sheet

    system, loop = _opened(directory)
    by = _acting(loop, acting)
    fixed = find_task(loop, system.charter.system, task)
    sheet = hand_out(loop, fixed, by.name)
    digest = digest_of(sheet)
    draft = Draft(loop.workspace.root / "ratings" / f"{digest[7:23]}.json")
    done = rated_items(loop, fixed, sheet.key_id)
    if len(done) == len(sheet.items):
        say("You rated all of it already; what was said stays.")
        return
    try:
        whole = rate_sheet(
            fixed.task, sheet, draft, key_reader(), line_reader(), entered=sorted(done)
        )
    except KeyboardInterrupt:
        whole = False
    if not whole:
        left = len(sheet.items) - len(done) - len(draft.ratings)
        say(f"Stopped: {len(draft.ratings)} are kept, {left} are left. The same command goes on.")
        raise typer.Exit(int(Exit.UNDECIDED))
    said = new_submission(fixed, sheet, digest, list(draft.ratings.values()))
    entry = submit(loop, system, fixed, sheet, said, by)
    draft.remove()
    say(f"entry {entry.seq}: {len(said.ratings)} ratings, signed by {by.name}. Thank you.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the page saved.")],
    *,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    acting: Who = None,
    json: Json = False,
) -> None:
    """Enter what a rater's page saved: checked against what was shown, signed by the rater's key.

    All of it or nothing. What was entered before, belongs to another task or shows other texts is
    refused, each with its place.
    """
    from roadworthy.domain import Submission, UsageError
    from roadworthy.evaluation import raters
    from roadworthy.flows.gate.rating import find_sheet, find_task, submit

    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    found = raters.read_ratings(data, str(file))
    system, loop = _opened(directory)
    fixed = find_task(loop, system.charter.system, found.task)
    sheet = find_sheet(loop, fixed, found.sheet)
    by = _acting(loop, acting or sheet.rater)
    said = Submission(
        task=found.task,
        sheet=found.sheet,
        rater=found.rater,
        key_id=found.key_id,
        via="page",
        ratings=tuple(found.ratings),
    )
    entry = submit(loop, system, fixed, sheet, said, by)
    open_items = len(sheet.items) - len(said.ratings)
    if json:
        emit({"entry": entry.seq, "rater": said.rater, "n": len(said.ratings), "open": open_items})
        return
    say(f"entry {entry.seq}: {len(said.ratings)} ratings by {said.rater}; {open_items} not rated")


def _opened(directory: Path) -> tuple[Any, Any]:
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    system = load_system(directory)
    return system, open_loop(directory, configured=system.deployment.workspace)


def _acting(loop: Any, name: str | None) -> Any:
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person

    person, signer, key = acting_person(loop.workspace, name)
    return Acting(name=person, signer=signer, key=key)


def _gold(path: Path | None) -> dict[tuple[str, str], str]:
    """The right choices of attention items, by suite and case."""
    import msgspec

    from roadworthy.domain import UsageError

    if path is None:
        return {}
    found: dict[tuple[str, str], str] = {}
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            said = msgspec.json.decode(line, type=dict[str, str])
            found[said["suite"], said["case"]] = said["choice"]
        except (msgspec.MsgspecError, KeyError) as error:
            raise UsageError(
                f"{path}:{number}: this is no attention item: {error}",
                fix='{"suite": "main", "case": "c1", "choice": "first"}',
            ) from None
    return found
