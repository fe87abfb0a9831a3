"""`roadworthy rollout`: a signed release reaches people step by step, watched on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Rolling, RolloutStatus

from .terminal import emit, group, printable, same_system, say, table

app = group("Start, watch, promote, pause, abort and roll back a rollout.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
System = Annotated[str, typer.Option(help="Which system; default: the folder's own.")]


@app.command()
def start(
    directory: Folder = Path(),
    *,
    bundle: Annotated[Path, typer.Option(help="The signed release: a folder or a .tar.")],
    acting: As = None,
    json: Json = False,
) -> None:
    """Roll a signed release out beside the live one, by the plan that is pinned in it.

    The same is asked of it as of one that goes live. A shadow is asked what the live release is
    asked, and nobody gets its answer; a canary answers a share. Both are compared as answers come;
    proof of harm sends everybody back to the live release within a second.
    """
    from roadworthy.flows.rollouts.moving import start_rollout

    loop, signer, _ = _acting(directory, acting)
    rolling = start_rollout(bundle, loop, root=directory, signer=signer)
    if json:
        emit(_as_json(rolling))
        return
    say(f"{rolling.id} begins: {_step(rolling)}")
    then = f"roadworthy rollout status{same_system(directory)}"
    say(f"live beside it: {rolling.baseline[:19]}…; next: {then}")


@app.command()
def status(directory: Folder = Path(), *, system: System = "", json: Json = False) -> None:
    """How the newest rollout stands, indicator by indicator, and what comes next."""
    from roadworthy.flows.rollouts.moving import status as found_of
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    found = found_of(loop, system or _system(directory)) if loop is not None else None
    if json:
        emit(_status_json(found))
        return
    if found is None:
        say("No rollout.")
        return
    _say_status(found)


@app.command()
def promote(
    directory: Folder = Path(),
    *,
    reason: Reason = "",
    system: System = "",
    acting: As = None,
    json: Json = False,
) -> None:
    """One step on; from the last step the release goes live.

    Exit code 4 while nothing is proven, the step has not lasted, or people are missing; with
    --reason a person moves on all the same, and the ledger says so. Exit code 3 when it is proven
    worse: then nobody does.
    """
    from roadworthy.flows.rollouts.moving import promote as go_on

    loop, signer, name = _acting(directory, acting, system)
    rolling, live = go_on(loop, name, root=directory, signer=signer, reason=reason)
    if json:
        emit({**_as_json(rolling), "live": live.digest if live is not None else ""})
        return
    if live is None:
        say(f"{rolling.id} goes on: {_step(rolling)}")
        return
    say(f"{live.digest} is live for {live.system}")
    say(f"safe baseline: {live.baseline or f'none: {live.why_no_baseline}'}")


@app.command()
def pause(
    directory: Folder = Path(), *, reason: Reason, system: System = "", acting: As = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Let it stay where it is: no step follows by itself. It is compared and aborted as before."""
    _hold(directory, acting, system, reason, json=json, paused=True)


@app.command()
def resume(
    directory: Folder = Path(), *, reason: Reason = "", system: System = "", acting: As = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Let a paused rollout go on."""
    _hold(directory, acting, system, reason, json=json, paused=False)


@app.command()
def abort(
    directory: Folder = Path(), *, reason: Reason, system: System = "", acting: As = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Send everybody to the live release at once; no request under way is lost."""
    from roadworthy.flows.rollouts.moving import stop_by_hand

    loop, signer, name = _acting(directory, acting, system)
    rolling = stop_by_hand(loop, name, signer=signer, reason=reason)
    _say_state(rolling, json=json)


@app.command()
def rollback(
    directory: Folder = Path(), *, system: System = "", acting: As = None, json: Json = False
) -> None:
    """Let the safe baseline go live instead of what is live; a rollout under way is aborted."""
    from roadworthy.flows.rollouts.moving import roll_back

    loop, signer, name = _acting(directory, acting, system)
    live = roll_back(loop, name, root=directory, signer=signer)
    if json:
        emit({"digest": live.digest, "system": live.system, "baseline": live.baseline})
        return
    say(f"{live.digest} is live for {live.system} again")


def _hold(
    directory: Path, acting: str | None, system: str, reason: str, *, json: bool, paused: bool
) -> None:
    from roadworthy.flows.rollouts.moving import hold

    loop, signer, name = _acting(directory, acting, system)
    _say_state(hold(loop, name, signer=signer, reason=reason, paused=paused), json=json)


def _acting(directory: Path, acting: str | None, system: str = "") -> tuple[Any, Any, str]:
    """The loop, who acts, and which system it is about."""
    from roadworthy.release import OPERATORS
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace
    from .stops import put_back

    workspace = standing_workspace(directory)
    _, signer, _ = acting_person(workspace, acting, roles=OPERATORS)
    loop = loop_of(workspace)
    put_back(loop)
    return loop, signer, system or _system(directory)


def _system(directory: Path) -> str:
    from roadworthy.domain import UsageError
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.wiring.places import place, system_of

    spot = place(directory, standing=True)
    name = system_of(spot, read_table(spot.workspace.routing))
    if not name:
        raise UsageError("which system? Several are live here", fix="--system NAME")
    return name


def _step(rolling: Rolling) -> str:
    step = rolling.here
    whom = f" of {', '.join(step.tenants)}" if step.tenants else ""
    slices = "".join(f", {name} {' or '.join(values)}" for name, values in step.facets.items())
    kind = "is shown" if rolling.plan.strategy == "shadow" else "gets"
    place = f"step {rolling.step + 1} of {len(rolling.plan.steps)}"
    share = f"{rolling.weight * 100:g} % of the requests{whom}{slices}"
    return f"{place}, {rolling.release[:19]}… {kind} {share} for at least {step.bake}"


def _say_state(rolling: Rolling, *, json: bool) -> None:
    if json:
        emit(_as_json(rolling))
        return
    why = f": {printable(rolling.reason)}" if rolling.reason else ""
    say(f"{rolling.id} is {rolling.state}{why}")


def _say_status(found: RolloutStatus) -> None:
    rolling, looked = found.rolling, found.looked
    colour = {"aborted": "red", "promoted": "green"}.get(rolling.state, "")
    say(f"{rolling.id}  {rolling.state}", colour)
    say(_step(rolling) if not rolling.over else f"{rolling.release} beside {rolling.baseline}")
    if rolling.reason:
        say(f"{printable(rolling.by)}: {printable(rolling.reason)}")
    if looked is None:
        say("nobody has looked yet: roadworthy serve compares, while it runs")
    else:
        table(
            ("indicator (1 is not well)", "live", "new", "new - live (at all looks)", "verdict"),
            [
                (
                    each.indicator,
                    _mean(each.live, each.live_n),
                    _mean(each.new, each.new_n),
                    _bounds(each.low, each.high),
                    each.verdict,
                )
                for each in looked.comparisons
            ],
        )
        if looked.violations:
            say(f"never events violated by the new release: {looked.violations}", "red")
        if looked.uncompared:
            left = ", ".join(f"{count} {why}" for why, count in sorted(looked.uncompared.items()))
            say(f"not compared, of the new release: {left}")
        if looked.unwatched:
            say(f"not compared, for no single answer tells it: {', '.join(looked.unwatched)}")
    if found.next:
        say(f"next: {found.next}")


def _mean(value: float | None, n: int) -> str:
    return "-" if value is None else f"{value:.4f} (n={n})"


def _bounds(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:+.4f} to {high:+.4f}"


def _as_json(rolling: Rolling) -> dict[str, Any]:
    return {
        "rollout": rolling.id,
        "system": rolling.system,
        "release": rolling.release,
        "baseline": rolling.baseline,
        "state": rolling.state,
        "step": rolling.step + 1,
        "steps": len(rolling.plan.steps),
        "weight_percent": round(rolling.weight * 100, 6),
        "started_at": rolling.started_at,
        "stepped_at": rolling.stepped_at,
        "reason": rolling.reason,
    }


def _status_json(found: RolloutStatus | None) -> dict[str, Any]:
    if found is None:
        return {"rollout": "", "state": "none"}
    looked = found.looked
    return {
        **_as_json(found.rolling),
        "verdict": looked.verdict if looked is not None else "no data",
        "comparisons": list(looked.comparisons) if looked is not None else [],
        "unwatched": list(looked.unwatched) if looked is not None else [],
        "violations": looked.violations if looked is not None else 0,
        "uncompared": looked.uncompared if looked is not None else {},
        "baked": found.baked,
        "routed": found.routed,
        "next": found.next,
    }
