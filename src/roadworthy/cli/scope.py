"""`roadworthy scope`: use cases side by side, before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import CostSum, System

from .cost import as_json, say_costs
from .exits import Exit
from .folders import several_folders, titles
from .terminal import emit, printable, same_system, say, table

_SHOWN = 12


def command(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR…", help="The folders of use cases.")
    ] = None,
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Compare use cases by seven factors, with what would end each, and say what is not thought of.

    Scores stand in each charter's `value.scorecard`, 1 (speaks against it) to 5, with reasons. A
    risk without a test and a never event without a case are findings. Exit code 3 where a factor
    speaks against a use case, 4 where one is not scored. What each phase was to cost
    (`value.estimates`) stands beside what it cost so far; what nobody knows is unknown, never 0.
    """
    from roadworthy.compliance import FACTORS, use_case
    from roadworthy.manifests import load_system

    folders = several_folders(directories)
    systems = [load_system(folder, candidate=candidate) for folder in folders]
    cases = [use_case(system.charter, system.suites) for system in systems]
    costs = [_costs(folder, system) for folder, system in zip(folders, systems, strict=True)]
    if json:
        emit([
            {
                "system": one.system, "title": one.title, "purpose": one.purpose,
                "factors": one.factors, "others": one.others, "mean": one.mean,
                "stops": list(one.stops), "unscored": list(one.unscored),
                "findings": list(one.findings), "costs": as_json(spent),
            }
            for one, spent in zip(cases, costs, strict=True)
        ])  # fmt: skip
    else:
        rows: list[tuple[Any, ...]] = [
            (name.replace("_", " "), *(_score(one, name) for one in cases)) for name in FACTORS
        ]
        rows.append(("mean", *("-" if one.mean is None else f"{one.mean:.1f}" for one in cases)))
        heads = titles([one.system for one in cases], folders)
        table(("factor", *heads), rows)
        for folder, one, spent in zip(folders, cases, costs, strict=True):
            _say(folder, one)
            say_costs(one.system, spent)
    if any(one.stops for one in cases):
        raise typer.Exit(Exit.REFUSED)
    if any(one.unscored for one in cases):
        raise typer.Exit(Exit.UNDECIDED)


def _costs(folder: Path, system: System) -> Sequence[CostSum]:
    """Estimate and actual by phase; without a workspace the estimates alone."""
    from roadworthy.compliance import sums
    from roadworthy.flows.papers.costs import costs_of, estimates_of
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(folder))
    if loop is None:
        return sums(estimates_of(system.charter), (), ())
    return costs_of(loop, system.charter)


def _score(one: Any, name: str) -> str:
    factor = next(each for each in one.factors if each.name == name)
    if factor.score is None:
        return "not scored"
    return f"{factor.score}{'  stops it' if name in one.stops else ''}"


def _say(folder: Path, one: Any) -> None:
    say(f"{one.system}: {printable(one.title)}")
    for factor in (*one.factors, *one.others):
        if factor.stop_if:
            say(f"  {factor.name.replace('_', ' ')}: stops if {printable(factor.stop_if)}")
    for finding in one.findings[:_SHOWN]:
        say(f"  finding: {printable(finding)}", "yellow")
    if len(one.findings) > _SHOWN:
        say(f"  and {len(one.findings) - _SHOWN} more")
    say(f"Next: roadworthy classify{same_system(folder)}; roadworthy document ml-canvas"
        f"{same_system(folder)}")  # fmt: skip
