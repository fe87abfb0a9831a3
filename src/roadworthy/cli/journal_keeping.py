"""`roadworthy journal erase | hold | release-hold | holds | retain`: what is kept, and what not."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import TextScope, UsageError

from .exits import Exit
from .terminal import emit, printable, say, table

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Tenant = Annotated[str, typer.Option(help="The texts of this tenant.")]
Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Of this day (UTC).")]
Subject = Annotated[
    str,
    typer.Option(metavar="USER", help="Of this end user of the tenant: `user` as sent, or eu-…"),
]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

_PSEUDONYM = re.compile(r"eu-[0-9a-f]{20}")


def erase(
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why; keep personal data out.")],
    tenant: Tenant = "",
    day: Day = "",
    subject: Subject = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Erase texts of a tenant, a day or an end user: their keys go, every record and digest stays.

    A risk officer or admin signs. What a legal hold or an open incident holds is refused, exit
    code 3, and waits in `journal holds`. Exit code 4 when keys were left that have no end users.
    """
    from roadworthy.flows.journals.erasing import erase_texts
    from roadworthy.flows.journals.holding import RELEASERS
    from roadworthy.wiring.road import vault_of

    from .acting import begun_loop

    loop, deployment = begun_loop(directory)
    vault = vault_of(loop.workspace, deployment)
    scope = _scope(vault, tenant=tenant, day=day, subject=subject)
    by = _acting(loop, as_, RELEASERS)
    done = erase_texts(scope, loop, vault, by, reason=reason)
    if json:
        emit(_as_json(done) | {"scope": scope.words})
    else:
        say(
            f"erased: {printable(scope.words)}: the texts of {done.exchanges} answers, in"
            f" {len(done.keys)} keys (entry {done.entry})"
        )
        for name in done.left:
            say(f"left: key {name} has no end users; erase its whole day with --day {name[:10]}")
    if done.left:
        raise typer.Exit(int(Exit.UNDECIDED))


def hold(
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why; keep personal data out.")],
    tenant: Tenant = "",
    day: Day = "",
    subject: Subject = "",
    observation: Annotated[str, typer.Option(metavar="ID", help="Of this answer.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Hold every text.")] = False,
    as_: As = None,
    json: Json = False,
) -> None:
    """Hold texts: no retention and nobody erases them until two people release the hold."""
    import msgspec

    from roadworthy.flows.journals.holding import HOLDERS, place_hold, scope_of_answer
    from roadworthy.wiring.road import vault_of

    from .acting import begun_loop

    loop, deployment = begun_loop(directory)
    chosen = [bool(tenant or day or subject), bool(observation), everything]
    if sum(chosen) != 1:
        raise UsageError(
            "what is to be held?", fix="give a tenant or day, or --observation, or --everything"
        )
    if observation:
        scope = scope_of_answer(observation, loop)
    else:
        vault = vault_of(loop.workspace, deployment)
        scope = _scope(vault, tenant=tenant, day=day, subject=subject)
    placed = place_hold(scope, loop, _acting(loop, as_, HOLDERS), reason=reason)
    if json:
        emit(msgspec.to_builtins(placed))
        return
    say(f"{placed.id} holds {printable(scope.words)}")


def release_hold(
    which: Annotated[str, typer.Argument(metavar="HOLD", help="Its id.")],
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why it need not be kept any more.")],
    as_: Annotated[
        list[str] | None, typer.Option("--as", metavar="NAME", help="Who releases; give two.")
    ] = None,
    json: Json = False,
) -> None:
    """Release a hold: two people sign, risk officers or admins. Nothing is erased by it yet."""
    from roadworthy.flows.journals.holding import RELEASE_NEEDS
    from roadworthy.flows.journals.holding import release_hold as release

    from .acting import begun_loop, find_acting

    loop, _ = begun_loop(directory)
    named = as_ or []
    if len(set(named)) < RELEASE_NEEDS:
        raise UsageError(
            f"a hold is released by {RELEASE_NEEDS} people together; {len(set(named))} named",
            fix="give two people: --as A --as B",
        )
    people = [found for name in named if (found := find_acting(loop.workspace, name)) is not None]
    released = release(which, loop, people=people, reason=reason)
    if json:
        emit({"released": released.id, "people": named})
        return
    say(f"released: {released.id}, which held {printable(released.scope.words)}")


def holds(directory: Directory = Path(), *, json: Json = False) -> None:
    """Holds that stand, evidence of open incidents among them, and erasures that wait for them."""
    import msgspec

    from roadworthy.flows.journals.erasing import refused_erasures
    from roadworthy.flows.journals.holding import standing_holds
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    stand = standing_holds(loop) if loop is not None else []
    waiting = refused_erasures(loop) if loop is not None else []
    if json:
        emit(
            {
                "holds": msgspec.to_builtins(stand),
                "waiting": [
                    {"entry": each.seq, "at": each.time, "by": each.actor}
                    | {name: each.payload[name] for name in ("scope", "reason", "holds")}
                    for each in waiting
                ],
            }
        )
        return
    rows = [(each.id, each.scope.words, each.reason, each.at[:19]) for each in stand]
    if rows:
        table(("hold", "holds", "why", "since (UTC)"), rows)
    else:
        say("Nothing is held.")
    for each in waiting:
        named = ", ".join(map(str, each.payload["holds"]))
        say(f"waits: erasure of {printable(each.subject)} (entry {each.seq}), held by {named}")


def retain(directory: Directory = Path(), *, json: Json = False) -> None:
    """Erase what is older than `retention_days` now, as the control process does every hour."""
    from roadworthy.flows.journals.erasing import retain as retain_texts
    from roadworthy.wiring.places import is_workspace
    from roadworthy.wiring.road import vault_of

    from .acting import begun_loop

    if is_workspace(directory.resolve()):
        raise UsageError(
            f"{directory} is a workspace: it does not say how long texts are kept",
            fix="name the system's folder: its roadworthy.toml does",
        )
    loop, deployment = begun_loop(directory)
    days = deployment.journal.retention_days
    done = retain_texts(loop, vault_of(loop.workspace, deployment), days=days)
    if json:
        emit(_as_json(done) | {"retention_days": days})
        return
    said = f"kept for {days} days: {len(done.keys)} keys erased, {len(done.narrowed)} cut to"
    say(f"{said} what is held, {len(done.left)} held whole")


def _as_json(done: Any) -> dict[str, Any]:
    return {
        "erased": len(done.keys),
        "exchanges": done.exchanges,
        "keys": list(done.keys),
        "narrowed": list(done.narrowed),
        "left": list(done.left),
        "entry": done.entry,
    }


def _scope(vault: Any, *, tenant: str, day: str, subject: str) -> TextScope:
    """What was meant. Raises UsageError for a day that is none, or a subject of no tenant."""
    if day:
        try:
            day = dt.date.fromisoformat(day).isoformat()
        except ValueError:
            raise UsageError(f"--day {day!r} is no day", fix="write 2026-11-21") from None
    if subject and not tenant:
        raise UsageError("an end user is one of a tenant", fix="add --tenant NAME")
    if subject and not _PSEUDONYM.fullmatch(subject):
        subject = vault.pseudonym(tenant, subject)
    return TextScope(tenant=tenant, day=day, subject=subject)


def _acting(loop: Any, name: str | None, roles: Any) -> Any:
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person

    who, signer, key = acting_person(loop.workspace, name, roles=roles)
    return Acting(name=who, signer=signer, key=key)
