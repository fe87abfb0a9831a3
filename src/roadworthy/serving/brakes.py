"""What must act at once. It may only tighten: a table leaves with more kill flags, never fewer.

What enters: a violation of a never event. What leaves: the flags that stop its scope. What
never happens here: lifting a flag, changing a route, one flag taken for another.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from roadworthy.domain import (
    Instant,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    RoutingTable,
    digest_of,
)


def flags_for(
    event: NeverEvent, observation: Observation, said: Outcome, *, at: Instant, reason: str = ""
) -> tuple[KillFlag, ...]:
    """The flags that the report `said` of a violation of `event` in `observation` sets.

    The same report always has the same flag ids, so that whoever hears of it second adds
    nothing; another event, another scope, or a report after a lift has others. A slice is
    stopped facet by facet: that is wider than the slice, and a brake that doubts stops more.
    Without facets a slice is its tenant; without a tenant, the system.
    """
    scopes: list[tuple[str, str]] = []
    if event.scope == "slice":
        facets = sorted(observation.facets.items())
        scopes = [("slice", f"{name}={value}") for name, value in facets]
    if event.scope == "tenant" or (event.scope == "slice" and not scopes):
        scopes = [("tenant", observation.tenant)] if observation.tenant else []
    if not scopes:
        scopes = [("system", observation.system)]
    return tuple(
        KillFlag(
            id=_flag_id(event, observation, said, f"{scope}:{value}"),
            scope=scope,  # type: ignore[arg-type]
            value=value,
            system=observation.system,
            reason=reason or f"never event {event.id}: {event.statement}",
            by=said.reporter,
            at=at,
            never_event=event.id,
            observation=observation.id,
        )
        for scope, value in scopes
    )


def tighten(table: RoutingTable, flags: Iterable[KillFlag]) -> RoutingTable:
    """The table with those of `flags` that it does not have yet; itself when it has all.

    A scope that is stopped for the same never event already gets no second flag: a hundred
    answers that were under way are one stop, to be lifted once.
    """
    added = tuple(flag for flag in flags if _twin(table, flag) is None)
    return structs.replace(table, kills=table.kills + added) if added else table


def standing(table: RoutingTable, flag: KillFlag) -> KillFlag | None:
    """The flag of the table by which all that `flag` stops is stopped: itself or a wider one.

    None when the table has no such flag: then nothing may be called stopped.
    """
    twin = _twin(table, flag)
    if twin is not None:
        return twin
    return next((known for known in table.kills if covers(known, flag)), None)


def covers(known: KillFlag, flag: KillFlag) -> bool:
    """Whether `known` stops every request that `flag` stops."""
    if known.system not in ("", flag.system):
        return False
    if known.scope == "system":
        return known.value in ("", "*") or known.value == (flag.system or flag.value)
    return (known.scope, known.value) == (flag.scope, flag.value)


def _twin(table: RoutingTable, flag: KillFlag) -> KillFlag | None:
    """The flag of the table that is this one, or stops the same for the same never event."""
    for known in table.kills:
        if _aim(known) == _aim(flag) and (known.id == flag.id or flag.never_event):
            return known
    return None


def _aim(flag: KillFlag) -> tuple[str, str, str, str]:
    return (flag.system, flag.scope, flag.value, flag.never_event)


def _flag_id(event: NeverEvent, observation: Observation, said: Outcome, scope: str) -> str:
    """One act has one id, whoever works it out: worker, control process or command."""
    act = {
        "system": observation.system,
        "observation": observation.id,
        "event": event.id,
        "scope": scope,
        "reporter": said.reporter,
        "time": said.time,
    }
    return f"kill-{digest_of(act).removeprefix('sha256:')[:12]}"
