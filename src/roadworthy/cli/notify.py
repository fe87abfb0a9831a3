"""`roadworthy notify`: who is told, what waits to be told, and a test of each target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .terminal import emit, group, printable, say, table

app = group("Who is told of incidents: test targets, see what waits, send it now.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Target = Annotated[str, typer.Option(help="Only this one; default: all.")]


@app.command()
def test(directory: Directory = Path(), *, target: Target = "", json: Json = False) -> None:
    """Send a test notice to each target now. Exit code 2 when one does not take it."""
    from roadworthy.domain import Notice, RoadworthyError, digest_of, format_instant
    from roadworthy.wiring.clock import SystemClock, new_id
    from roadworthy.wiring.notice_sending import make_sender

    deployment = _deployment(directory)
    clock, done = SystemClock(), {}
    at = format_instant(clock.now())
    for name in _named(deployment, target):
        about = digest_of([name, at, new_id()]).removeprefix("sha256:")
        notice = Notice(
            id=f"notice-{about[:24]}", kind="test", verb="sent", system="", severity="low",
            key=f"test-{about[:8]}", at=at, over=False, about={"target": name},
        )  # fmt: skip
        try:
            named = deployment.notifications.targets[name]
            make_sender(name, named, clock=clock, root=str(directory)).send(notice)
            done[name] = ""
        except RoadworthyError as error:
            done[name] = str(error)
    if json:
        emit([{"target": name, "taken": not why, "fault": why} for name, why in done.items()])
    for name, why in done.items() if not json else ():
        say(f"{name}: {printable(why) or 'taken'}", "red" if why else "")
    if any(done.values()):
        raise typer.Exit(Exit.RUNTIME)


@app.command("list")
def list_(directory: Directory = Path(), *, json: Json = False) -> None:
    """Every target: what waits, since when it takes nothing, and why."""
    rows = standing(directory)
    if json:
        emit(rows)
        return
    if not rows:
        say("Nobody is told: roadworthy.toml has no [notifications.targets].")
        return
    columns = ("target", "kind", "waiting", "taken", "given up", "fault")
    table(columns, [tuple(printable(str(row[name.replace(" ", "_")])) for name in columns)
                    for row in rows])  # fmt: skip


@app.command()
def send(directory: Directory = Path(), *, target: Target = "", json: Json = False) -> None:
    """Send now what is due, as `roadworthy serve` does while it runs."""
    from roadworthy.wiring.notices import teller_of

    from .acting import begun_loop

    loop, deployment = begun_loop(directory)
    failed = False
    for name in _named(deployment, target):
        state = teller_of(loop, deployment, name, directory).round()
        failed = failed or bool(state.fault)
    rows = [row for row in standing(directory) if target in ("", row["target"])]
    if json:
        emit(rows)
    for row in rows if not json else ():
        say(f"{row['target']}: {row['waiting']} wait; {printable(row['fault']) or 'all is well'}")
    if failed:
        raise typer.Exit(Exit.RUNTIME)


def standing(directory: Path) -> list[dict[str, Any]]:
    """Each target as it stands on disk; what cannot be read says so."""
    from roadworthy.domain import EvidenceError, TargetState
    from roadworthy.flows.incidents.notifying import read_state

    from .acting import standing_workspace

    deployment = _deployment(directory)
    if not deployment.notifications.targets:
        return []
    workspace, rows = standing_workspace(directory), []
    for name, target in deployment.notifications.targets.items():
        try:
            state = read_state(workspace, name)
        except EvidenceError as error:
            state = TargetState(fault=str(error))
        rows.append(
            {
                "target": name,
                "kind": target.kind,
                "waiting": len(state.waiting),
                "taken": state.delivered,
                "given_up": state.given_up,
                "failing_since": state.failing_since,
                "fault": state.fault,
            }
        )
    return rows


def _deployment(directory: Path) -> Any:
    from roadworthy.wiring.places import place

    return place(directory, standing=True, create=False).deployment


def _named(deployment: Any, target: str) -> list[str]:
    """The targets that are meant. Raises UsageError where there is none."""
    from roadworthy.domain import UsageError

    known = list(deployment.notifications.targets)
    if target and target not in known:
        raise UsageError(f"there is no target {target!r}", fix=f"there are: {', '.join(known)}")
    if not known:
        raise UsageError(
            "nobody is to be told", fix="name a target in roadworthy.toml: [notifications.targets]"
        )
    return [target] if target else known
