"""`roadworthy compare`: two candidates on the same cases, and which cases flipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import System
from roadworthy.flows.gate.comparing import Difference
from roadworthy.flows.workspace.loop import Loop
from roadworthy.statistics import Interval

from .terminal import emit, printable, say, table

_SHOWN = 12
"""Flipped cases listed for people; JSON has all."""


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The new candidate's file.")] = "candidate.yaml",
    against: Annotated[str, typer.Option(help="The candidate's file to compare with.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Compare the newest runs of two candidates, case by case.

    Prints the paired difference of every score with its interval and how it was made, the p-value
    after Holm's adjustment (McNemar's exact test of right and wrong, Wilcoxon's signed ranks of
    matters of degree), and the cases that were fixed or broken.
    """
    import msgspec

    from roadworthy.domain import UndecidedError
    from roadworthy.flows.entries.run_records import newest_run, rows_of
    from roadworthy.flows.gate.comparing import all_differences
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import open_loop

    systems = [load_system(directory, candidate=name) for name in (against, candidate)]
    loop = open_loop(directory, configured=systems[0].deployment.workspace)
    rows = []
    for name, system in zip((against, candidate), systems, strict=True):
        run = newest_run(loop, pin(system).candidate_digest)
        if run is None:
            raise UndecidedError(
                f"{name} has no run yet", fix=f"roadworthy eval {directory} --candidate {name}"
            )
        rows.append(rows_of(loop, run))
    found = all_differences(rows[0], rows[1])
    never = _never_changed(systems[1], loop)
    if json:
        emit({"against": against, "candidate": candidate, "never_changed": never,
              "differences": [msgspec.to_builtins(each) for each in found]})  # fmt: skip
        return
    for each in never:
        say(printable(each))
    if not found:
        raise UndecidedError(
            "the two runs share no case that was scored",
            fix=f"roadworthy eval {directory} --candidate NAME, for both, on cases with a label or "
            "an expectation that a scorer reads",
        )
    if len({pin(system).candidate_digest for system in systems}) == 1:
        say(f"{against} and {candidate} are the same candidate: nothing can differ.")
    _show(found, _titles(systems, (against, candidate)))


def _never_changed(system: System, loop: Loop) -> list[str]:
    """Never events that are not looked for as they were in earlier runs, in words."""
    from roadworthy.flows.entries.moved import earlier_bars, never_changes
    from roadworthy.flows.release_loop import present_bar
    from roadworthy.policy import never_seen
    from roadworthy.release import pin

    content = pin(system)
    bars = earlier_bars(loop, content, present_bar(system, content))
    return [never_seen(each) for each in never_changes(loop, content, bars)]


def _show(found: Sequence[Difference], titles: Sequence[str]) -> None:
    """The table, and which cases flipped."""
    from roadworthy.flows.gate.comparing import METHODS, TESTS

    table(
        ("score", *titles, "difference", "95 % interval", "n", "p (Holm)", "method"),
        [
            (
                each.score,
                f"{each.before:.4g}",
                f"{each.after:.4g}",
                f"{each.difference:+.4g}",
                _bounds(each.interval),
                str(each.n),
                f"{each.adjusted:.3g}",
                f"{TESTS[each.test]}; {METHODS[each.method]}",
            )
            for each in found
        ],
    )
    for each in found[:1]:
        for title, flipped in (("fixed", each.fixed), ("broken", each.broken)):
            more = f" and {len(flipped) - _SHOWN} more" if len(flipped) > _SHOWN else ""
            say(f"{len(flipped)} {title}: {', '.join(flipped[:_SHOWN]) or 'none'}{more}")
        if each.unpaired:
            say(f"{each.unpaired} cases are in one run only and were not compared")


def _titles(systems: Sequence[System], files: tuple[str, str]) -> list[str]:
    """What the candidates call themselves, with the file where that tells them not apart."""
    names = [each.candidate.name for each in systems]
    if all(names) and len(set(names)) == len(names):
        return names
    return [f"{name} ({file})" if name else file for name, file in zip(names, files, strict=True)]


def _bounds(interval: Interval | None) -> str:
    return "none" if interval is None else f"{interval.low:+.4g} to {interval.high:+.4g}"
