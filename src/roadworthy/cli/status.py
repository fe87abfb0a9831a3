"""`roadworthy status`: how every objective stands on the road, and what was done about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.compliance import ReviewDue
from roadworthy.domain import EmergencyRail, KillFlag, Mitigation, ObjectiveStanding, RoutingTable
from roadworthy.manifests import Workspace

from .emergency import rail_json
from .exits import Exit
from .owed import say_review
from .terminal import emit, printable, say, table

STALE_S = 300


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    system: Annotated[str, typer.Option(help="Which system; default: all that are live.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Every objective for run time, slice by slice: value, interval, n, verdict, mitigation.

    What the control process of `roadworthy serve` saw last; it looks while it runs. Exit code 3
    while a breach or a mitigation stands, or something live asks a model that is approved no more;
    4 where nobody has looked for five minutes, an objective cannot be judged, the review that the
    charter asks for is overdue, or no gate looked at models that must be approved by now.
    """
    from roadworthy.flows.rollouts.standings import read_standings
    from roadworthy.flows.workspace.routing import read_table

    from .acting import standing_workspace
    from .notify import standing as targets_of

    workspace = standing_workspace(directory)
    seen = read_standings(workspace)
    routing = read_table(workspace.routing)
    found = [each for each in seen.objectives if system in ("", each.system)]
    standing = _standing(routing, system)
    kills = [flag for flag in routing.kills if not flag.drill]
    stale = not _is_fresh(seen.at)
    told = targets_of(directory)
    drills, reviews = _owed(workspace, routing, system)
    rails = _rails(workspace, system)
    models = _models(workspace, system)
    if json:
        emit(
            {
                "at": seen.at,
                "stale": stale,
                "answers": seen.rows,
                "objectives": [_as_json(each) for each in found],
                "mitigations": standing,
                "emergencies": [rail_json(each) for each in rails],
                "kills": [flag.id for flag in kills],
                "models": models,
                "notifications": told,
                "drills": drills,
                "reviews": reviews,
            }
        )
    else:
        _say(seen.at, found, stale=stale)
        _say_what_stands(standing, rails, kills)
        _say_owed(drills, reviews, models, told)
    refused = any(each["state"] != "unasked" for each in models)
    if standing or rails or refused or any(each.breached_at for each in found):
        raise typer.Exit(Exit.REFUSED)
    late = models or any(review.state == "overdue" for review in reviews)
    if stale or late or any(each.verdict == "ERROR" for each in found):
        raise typer.Exit(Exit.UNDECIDED)


def _say_what_stands(
    standing: list[Mitigation], rails: list[EmergencyRail], kills: list[KillFlag]
) -> None:
    for each in standing:
        where = ", ".join(f"{name}={value}" for name, value in each.facets.items()) or "all"
        say(f"{each.id}: {each.kind} of {each.system}, {printable(where)}; lift it with")
        say(f"  roadworthy mitigation lift {each.id} --reason TEXT --as NAME")
    for rail in rails:
        say(f"{rail.rail} ({rail.id}) looks until {rail.until[:19]}Z: {printable(rail.reason)}")
        say("  a release must carry it, or it ends then")
    for flag in kills:
        say(f"{flag.id}: killed, {printable(flag.reason)}", "red")


def _say_owed(
    drills: list[Any], reviews: list[ReviewDue], models: list[dict[str, str]], told: list[Any]
) -> None:
    for age in drills:
        if age.words:
            say(printable(age.words), "yellow")
    for review in reviews:
        say_review(review)
    for each in models:
        what = f" runs {each['part']} {each['which']}" if each["part"] else ""
        words = f"{each['system']}{what}: {each['reason']}"
        say(printable(f"{words}; {each['next']}"), "red")
    for target in told:
        if target["fault"]:
            words = f"{target['waiting']} notices wait: {printable(target['fault'])}"
            say(f"{target['target']} is told nothing: {words}", "red")


def _standing(routing: RoutingTable, system: str) -> list[Mitigation]:
    """What is mitigated; a drill mitigates nobody."""
    mine = [each for each in routing.mitigations if system in ("", each.system)]
    return [each for each in mine if not each.drill]


def _rails(workspace: Workspace, system: str) -> list[EmergencyRail]:
    """What looks without a release."""
    from roadworthy.flows.mitigation.emergency import standing_rails
    from roadworthy.wiring.loop import standing_loop

    loop = standing_loop(workspace)
    found = standing_rails(loop) if loop is not None else []
    return [each for each in found if system in ("", each.system)]


def _owed(
    workspace: Workspace, routing: RoutingTable, system: str
) -> tuple[list[Any], list[ReviewDue]]:
    """How drills and reviews of what is live stand, by what its own charter asks."""
    from roadworthy.flows.drills.ages import drill_ages
    from roadworthy.flows.entries.reviews_owed import review_owed
    from roadworthy.release import read_bundle
    from roadworthy.wiring.loop import standing_loop

    loop = standing_loop(workspace)
    if loop is None:
        return [], []
    drills, reviews = [], []
    for route in routing.routes.values():
        if system in ("", route.system):
            charter = read_bundle(workspace.root / route.path)[1].charter
            drills += drill_ages(loop, route.system, charter.review.cadence)
            reviews.append(review_owed(loop, charter))
    return drills, reviews


def _models(workspace: Workspace, system: str) -> list[dict[str, str]]:
    """Models of what is live that are approved no more, or that no gate looked at and must have.

    They go on until people change that.
    """
    from roadworthy.flows.releasing.approved_models import live_models
    from roadworthy.wiring.loop import standing_loop

    loop = standing_loop(workspace)
    if loop is None:
        return []
    found = []
    for name, live in live_models(loop, system).items():
        if live.unasked:
            row = {"system": name, "state": "unasked", "reason": live.unasked}
            found.append(
                {**row, "part": "", "which": "", "successor": "", "next": "roadworthy gate"}
            )
        found += [
            {
                "system": name,
                "part": one.wanted.part,
                "which": one.wanted.words,
                "state": one.state,
                "reason": one.reason,
                "successor": one.successor,
                "next": one.step,
            }
            for one in live.standings
            if one.state != "approved"
        ]
    return found


def _is_fresh(at: str) -> bool:
    """Whether somebody looked within the time in which the control process surely does."""
    from roadworthy.domain import parse_instant
    from roadworthy.wiring.clock import SystemClock

    now = SystemClock().now()
    return bool(at) and (now - parse_instant(at)).total_seconds() <= STALE_S


def _say(at: str, found: list[ObjectiveStanding], *, stale: bool) -> None:
    if not at:
        say("Nobody has looked yet: roadworthy serve does, while it runs.")
        return
    since = "; nobody has looked since: roadworthy serve does, while it runs" if stale else ""
    say(f"seen last {at[:19]}Z{since}", "yellow" if stale else "")
    rows = [
        (
            f"{each.objective}{{{each.part}}}" if each.part else each.objective,
            each.target,
            "-" if each.estimate is None else f"{each.estimate:.4g}",
            "-" if each.low is None or each.high is None else f"{each.low:.4g} to {each.high:.4g}",
            str(each.n),
            str(each.verdict),
            f"{each.action} since {each.breached_at[:19]}Z" if each.breached_at else "",
        )
        for each in found
    ]
    table(("objective", "target", "value", "95 %", "n", "verdict", "breach"), rows)


def _as_json(each: ObjectiveStanding) -> dict[str, Any]:
    return {
        "system": each.system,
        "release": each.release,
        "objective": each.objective,
        "slice": each.part,
        "target": each.target,
        "value": each.estimate,
        "low": each.low,
        "high": each.high,
        "n": each.n,
        "since": each.since,
        "verdict": str(each.verdict),
        "reason": each.reason,
        "breached_at": each.breached_at,
        "action": each.action,
        "mitigation": each.mitigation,
    }
