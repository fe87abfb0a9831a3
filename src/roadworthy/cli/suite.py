"""`roadworthy suite`: grow the robustness pack, see what it covers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .suite_borrowing import borrow
from .suite_findings import campaign, triggers
from .suite_proposals import accept, generate, print_proposed, proposed_json, with_writer
from .suite_running import run_outside
from .terminal import emit, group, say, table

app = group("Grow suites: perturbations, attacks, coverage, proposals for a person to accept.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
SuiteName = Annotated[str, typer.Option("--suite", metavar="NAME", help="The suite.")]
CandidateFile = Annotated[str, typer.Option("--candidate", help="The candidate's file.")]


@app.command()
def grow(
    directory: Directory = Path(),
    *,
    suite: SuiteName = "",
    out: Annotated[
        str, typer.Option(metavar="NAME", help="A suite of its own; default: in place.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Another seed, other cases.")] = 0,
    per_case: Annotated[int, typer.Option(help="Variants a case and generator.")] = 1,
    generators: Annotated[
        str, typer.Option(help="Names with commas; default: the suite's, else all.")
    ] = "",
    payloads: Annotated[
        list[Path], typer.Option(metavar="FILE", help="An outside set of attacks.")
    ] = [],  # noqa: B006
    model: Annotated[
        str,
        typer.Option(metavar="FILE", help="Candidate file of a model: paraphrase, translation."),
    ] = "",
    candidate: CandidateFile = "candidate.yaml",
    json: Json = False,
) -> None:
    """Make perturbations and attacks of a suite's cases: the same bytes for the same seed.

    What a model writes (`--model`) waits for a person (`suite accept`). Every variant that could
    not be made is counted with its reason.
    """
    from roadworthy.flows.suites.growing import GrowAsked, grow_suite
    from roadworthy.manifests import load_system

    system = load_system(directory, candidate=candidate)
    asked = GrowAsked(
        suite=suite,
        out=out,
        generators=_names(generators),
        seed=seed,
        per_case=per_case,
        payloads=tuple(payloads),
        has_model=bool(model),
    )
    if model:
        grown, proposed = _grown_by(model, directory, system, asked)
    else:
        grown, proposed = grow_suite(system, asked), None
    if json:
        emit(_growth_json(grown, proposed, seed))
        return
    if grown.growth.cases:
        _print_growth(grown)
    if proposed:
        print_proposed(proposed)


def _grown_by(model: str, directory: Path, system: Any, asked: Any) -> tuple[Any, Any]:
    """Open the model first, so that one that cannot write stops all before the first file."""
    from roadworthy.flows.runs.proposing import Reword, propose_rewordings
    from roadworthy.flows.suites.growing import grow_suite

    async def ask(writer: Any, show: Any) -> tuple[Any, Any]:
        grown = grow_suite(system, asked)
        reword = Reword(
            suite=asked.suite,
            out=asked.out,
            uses=grown.rewording,
            seed=asked.seed,
            per_case=asked.per_case,
        )
        if not reword.uses:
            return grown, None
        return grown, await propose_rewordings(system, reword, writer, show)

    found: tuple[Any, Any] = with_writer(directory, model, asked.seed, ask)
    return found


def _growth_json(grown: Any, proposed: Any, seed: int) -> dict[str, Any]:
    """The stable contract for scripts."""
    return {
        "suite": grown.suite,
        "file": grown.file,
        "seed": seed,
        "bases": grown.bases,
        "cases": len(grown.growth.cases),
        "compared": grown.compared,
        "made": grown.growth.made,
        "skipped": grown.growth.skipped,
        "proposed": proposed_json(proposed) if proposed else None,
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _print_growth(grown: Any) -> None:
    from roadworthy.domain import GENERATORS

    rows = []
    for name, count in grown.growth.made.items():
        reasons = grown.growth.skipped.get(name, {})
        said = "; ".join(f"{n} x {reason}" for reason, n in reasons.items())
        rows.append((name, ", ".join(GENERATORS[name].hazards[:3]), str(count), said or "-"))
    table(("generator", "hazard", "made", "not made"), rows)
    total = len(grown.growth.cases)
    say(f"{total} cases in {grown.file}, of {grown.bases} cases of the suite.")
    if grown.compared:
        say(
            f"{grown.compared} of them are what others are compared with, unchanged or meaningless."
        )
    say(f"Next: roadworthy suite coverage, then roadworthy eval --suite {grown.suite}")


@app.command()
def coverage(
    directory: Directory = Path(),
    *,
    suite: Annotated[list[str], typer.Option(help="A suite; none: all.")] = [],  # noqa: B006
    candidate: CandidateFile = "candidate.yaml",
    json: Json = False,
) -> None:
    """What the suites test: hazard by technique by language, and what nothing tests.

    An empty cell, an untested risk and a never event without a case are named; they change no
    exit code.
    """
    from roadworthy.evaluation import coverage as covering
    from roadworthy.evaluation import surface
    from roadworthy.flows.suites.growing import suite_named
    from roadworthy.manifests import load_system

    system = load_system(directory, candidate=candidate)
    suites = [suite_named(system, name) for name in suite] or list(system.suites)
    cases = [case for each in suites for case in each.cases]
    found = covering.coverage(cases, system.charter, surface.surface_of(system, cases))
    if json:
        import msgspec

        emit({"suites": [each.name for each in suites], **msgspec.to_builtins(found)})
        return
    _print_coverage(found)


def _print_coverage(found: Any) -> None:
    from roadworthy.evaluation import coverage as covering

    languages = list(dict.fromkeys([*found.languages, *(cell.language for cell in found.cells)]))
    counted: dict[tuple[str, str], dict[str, int]] = {}
    for cell in (*found.cells, *found.empty):
        counted.setdefault((cell.hazard, cell.technique), {})[cell.language] = cell.n
    rows = [
        (*key, *(_count(each, language, found.languages) for language in languages))
        for key, each in sorted(counted.items())
    ]
    heads = ["not stated" if one == covering.UNKNOWN else one for one in languages]
    table(("hazard", "technique", *heads), rows, title="Cases by hazard, technique, language")
    say("A number: so many cases. 0: none, and `roadworthy suite grow` can make some.")
    say(".: none, and none is expected. by_hand: written by people, not grown.")
    if found.unstated:
        say(
            f"Language not stated: {found.unstated}. The tag `language:de` or the facet `language` "
            "says it; no text is guessed at."
        )
    tested = found.cases - found.compared
    say(f"{tested} cases that test something, {found.compared} that others are compared with.")
    said = f" in the languages {', '.join(found.languages)}" if found.languages else ""
    say(f"{len(found.empty)} empty cells{said}.")
    for cell in found.empty[:_SHOWN]:
        known = f" in {cell.language}" if cell.language != covering.UNKNOWN else ""
        say(f"  nothing tests {cell.hazard} by {cell.technique}{known}")
    if len(found.empty) > _SHOWN:
        say(f"  and {len(found.empty) - _SHOWN} more: --json names all")
    for risk in found.risks:
        said = f"no case is tagged {', '.join(risk.missing)}" if risk.missing else "names no tags"
        say(f"Risk {risk.id}: {said}.")
    for event in found.never:
        say(f"Never event {event.id}: no case is tagged {event.missing[0]}.")
    if found.unmeasured:
        say(f"Attacks that expect nothing: {', '.join(found.unmeasured)}")


_SHOWN = 12


def _count(each: dict[str, int], language: str, wanted: tuple[str, ...]) -> str:
    """A cell of the table: its count, 0 where it should have some, else a dot."""
    n = each.get(language, 0)
    return str(n) if n or (language in each and language in wanted) else "."


app.command()(generate)
app.command()(accept)
app.command()(triggers)
app.command()(campaign)
app.command()(borrow)
app.command("run-outside")(run_outside)
