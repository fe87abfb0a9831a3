"""`roadworthy sentinel`: does a hosted model still answer as it did behind its name?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Model, UsageError


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    suite: Annotated[str, typer.Option(help="Its cases; none: those tagged `golden`.")] = "",
    repeats: Annotated[
        int, typer.Option(help="How often each is asked for the baseline.", min=2, max=100)
    ] = 3,
    alpha: Annotated[
        float | None,
        typer.Option(help="False alarms over all looks together, as a share; 0.01 unless said."),
    ] = None,
    within: Annotated[
        float, typer.Option(help="Called the same where no larger share can have changed.")
    ] = 0.1,
    renew: Annotated[
        bool, typer.Option("--renew", help="Enter new first answers; a person does, with --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, with --renew.")] = "",
    as_: Annotated[str | None, typer.Option("--as", help="Who renews.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Ask the candidate's model its golden cases, and hold the answers beside the first ones.

    The first call enters what it says, and how far it wavers; later calls, as often as you like,
    say whether it is the same (exit code 0), has changed (3), or that too little says so (4).
    """
    import msgspec

    from roadworthy.flows.runs.sentinel import RENEWERS, Watching, watch
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .acting import find_acting
    from .aside import standard_output_aside
    from .evaluate import asking
    from .exits import Exit
    from .terminal import emit

    if renew != bool(reason.strip()):
        raise UsageError("new first answers need a reason", fix="--renew --reason TEXT")
    system = load_system(directory, candidate=candidate)
    with standard_output_aside():
        loop = open_loop(directory, configured=system.deployment.workspace)
        by = find_acting(loop.workspace, as_, roles=RENEWERS) if renew else None
        asked = Watching(
            suite=suite, repeats=repeats, alpha=alpha, within=within, renew=reason.strip(), by=by,
            concurrency=_at_once(system.candidate.model),
        )  # fmt: skip
        found = asking(system, loop, lambda deps: watch(system, asked, deps))
    if json:
        emit(msgspec.to_builtins(found))
    else:
        _print(found)
    code = {"changed": Exit.REFUSED, "undecided": Exit.UNDECIDED}.get(found.verdict)
    if code is not None:
        raise typer.Exit(int(code))


def _at_once(model: Model) -> int:
    from roadworthy.flows.runs.evaluating import Asked

    from .evaluate import paced

    return paced(Asked(), model).limits.concurrency


def _print(found: Any) -> None:
    from .terminal import printable, say

    say(printable(f"{found.verdict.upper()}: {found.reason}."))
    if found.withheld:
        say(f"{found.withheld} cases hold personal data, which may not go to the model: not asked.")
    if found.verdict == "recorded":
        left = f"; {found.failed} were not answered and are left out" if found.failed else ""
        say(f"{found.asked} cases{left}. Entry {found.entry}.")
        return
    say(
        f"Look {found.looks} since entry {found.baseline}: {found.asked} cases answered, "
        f"{found.failed} not; evidence {found.evidence:.3g}, changed from {found.needed:g} on; "
        f"answers differ anyway in at most {found.usual:.1%}."
    )
    for sign, count in sorted(found.signs.items()):
        say(f"  {sign}: {count} cases")
    if found.cases:
        more = f" and {len(found.cases) - 10} more" if len(found.cases) > 10 else ""
        say(printable(f"Differ: {', '.join(found.cases[:10])}{more}."))
