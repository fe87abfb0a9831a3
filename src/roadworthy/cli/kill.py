"""`roadworthy kill`: stop a system, a tenant or a slice on every worker, now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import KillFlag, RoutingTable
from roadworthy.flows.workspace.people import Acting
from roadworthy.manifests import Workspace

from .stops import lifting, put_back
from .terminal import emit, printable, say, warn


def command(
    scope: Annotated[str, typer.Argument(help="system | tenant:NAME | slice:FACET=VALUE")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    system: Annotated[str, typer.Option(help="Which system; default: the folder's own.")] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who stops it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Stop a scope at once, running streams too. Only two people together lift it again.

    It acts first and is recorded after; neither the control process nor a working ledger is
    needed for the stop itself.
    """
    from roadworthy.domain import UsageError, format_instant
    from roadworthy.flows.brakes.stopping import manual_flag, read_scope, words_of
    from roadworthy.flows.workspace.routing import brake, read_table
    from roadworthy.wiring.clock import new_id
    from roadworthy.wiring.held_time import held_clock
    from roadworthy.wiring.places import place, system_of

    if not reason.strip():
        raise UsageError("a kill needs a reason", fix="--reason TEXT")
    aimed = read_scope(scope)
    spot = place(directory, standing=True)
    clock = held_clock(spot.workspace)
    with _plain_words(spot.workspace):
        before = read_table(spot.workspace.routing)
    name = system or system_of(spot, before)
    person, doubt = _who(spot.workspace, as_)
    flag = manual_flag(
        aimed,
        system=name,
        reason=reason,
        by=f"person:{person.key.key_id}" if person else "operator",
        at=format_instant(clock.now()),
        id=f"kill-{new_id()[-12:]}",
    )
    with _plain_words(spot.workspace):
        table, _ = brake(spot.workspace, [flag], clock)
    unrecorded = _record(spot.workspace, flag, person)
    if json:
        emit({**_shown(flag), "table": table.version, "recorded": not unrecorded})
    else:
        where = f"{printable(words_of(flag))} of {name or 'every system'}"
        say(f"stopped: {where} ({flag.id}). Lift it with: {lifting([flag.id], directory)}")
    idle = _idle(spot.workspace, before, name) or _unknown(spot.workspace, before, flag)
    if flag.scope == "slice":
        idle = idle or _CALLERS_WORD
    for caution in (unrecorded or doubt, idle):
        if caution:
            warn(caution)
    if unrecorded:
        raise typer.Exit(2)


_CALLERS_WORD = (
    "facets come from the caller: one that names another value is answered; "
    "kill the tenant or the system where that must not be"
)


def _shown(flag: KillFlag) -> dict[str, str]:
    from roadworthy.flows.brakes.stopping import words_of

    return {"kill": flag.id, "scope": words_of(flag), "system": flag.system, "by": flag.by}


@contextmanager
def _plain_words(workspace: Workspace) -> Iterator[None]:
    """Whoever pulls the brake and it does not hold must read what goes on meanwhile."""
    from roadworthy.domain import EvidenceError
    from roadworthy.flows.workspace.routing import read_table

    try:
        yield
    except (EvidenceError, OSError) as error:
        try:
            read_table(workspace.routing)
        except EvidenceError:
            raise EvidenceError(
                f"the kill was not published: {error}. Meanwhile nothing is answered: every gateway"
                " cuts the streams that run and refuses all requests (503) until it can read that"
                " table",
                fix="put the table back"
                f" (tar -xzf BACKUP -C {workspace.root} serving/routing.json), or move it away and"
                " activate the release again; restart `roadworthy serve`; then kill again. What"
                " stood before comes back by itself: the ledger knows it",
            ) from None
        raise EvidenceError(
            f"the kill was not published, and nothing was stopped: {error}",
            fix=f"{getattr(error, 'fix', '') or 'see to that file'}; then kill again;"
            " stop `roadworthy serve` itself if it must end now",
        ) from None


def _idle(workspace: Workspace, table: RoutingTable, system: str) -> str:
    """A caution when nothing of that name is live: the folder or the name may be a wrong one."""
    if table.routes and (not system or system in table.routes):
        return ""
    return (
        f"no release of {system or 'any system'} is live in {workspace.root}: "
        "nothing ran there; the kill holds what will"
    )


def _unknown(workspace: Workspace, table: RoutingTable, flag: KillFlag) -> str:
    """A caution when the flag names a tenant or facet that nothing here has: a typing error?"""
    from roadworthy.domain import RoadworthyError
    from roadworthy.release import read_bundle
    from roadworthy.serving import load_tenants

    try:
        if flag.scope == "tenant":
            tenants = {key.tenant for key in load_tenants(workspace.tenants).keys.values()}
            known, what = tenants, "tenant"
            named = flag.value
        elif flag.scope == "slice":
            routes = [r for r in table.routes.values() if flag.system in ("", r.system)]
            contents = [read_bundle(workspace.root / route.path)[1] for route in routes]
            known = {facet for content in contents for facet in content.candidate.facets}
            what, named = "facet", flag.value.partition("=")[0]
        else:
            return ""
    except (RoadworthyError, OSError):
        return ""  # a caution is a courtesy; the stop stands
    if named in known:
        return ""
    there = ", ".join(sorted(known)) or "none"
    return f"no {what} {named!r} is known here (known: {there}); the kill holds if one comes"


def _who(workspace: Workspace, name: str | None) -> tuple[Acting | None, str]:
    """The person, when one can be told; a stop never fails for want of one."""
    from roadworthy.domain import RoadworthyError

    from .acting import find_acting

    try:
        person = find_acting(workspace, name)
    except (RoadworthyError, OSError) as error:
        return None, f"nobody signed it: {error}"
    return person, "" if person else "nobody signed it: no person has a key here"


def _record(workspace: Workspace, flag: KillFlag, person: Acting | None) -> str:
    """Enter the stop, which stands already; why it could not be entered, empty when it was."""
    from roadworthy.domain import RoadworthyError
    from roadworthy.flows.brakes.stopping import record_kill
    from roadworthy.wiring.loop import loop_of

    try:
        loop = loop_of(workspace)
        record_kill(flag, loop, by=person)
    except (RoadworthyError, OSError) as error:
        return f"it is not in the ledger yet ({error}); the control process will enter it"
    try:
        put_back(loop)
    except (RoadworthyError, OSError) as error:
        return f"it is entered; whether those before it stand still was not seen ({error})"
    return ""
