"""What must act at once. It may only tighten: a table leaves with more kill flags, never fewer.

What enters: a violation of a never event. What leaves: the flags that stop its scope. What
never happens here: lifting a flag, changing a route.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from roadworthy.domain import Instant, KillFlag, NeverEvent, Observation, RoutingTable


def flags_for(
    event: NeverEvent, observation: Observation, *, at: Instant, by: str, reason: str = ""
) -> tuple[KillFlag, ...]:
    """The flags that a violation of `event` in `observation` sets.

    The same violation always has the same flag ids, so that whoever sees it second adds
    nothing. A slice is stopped facet by facet: that is wider than the slice, and a brake that
    doubts stops more. Without facets a slice is its tenant; without a tenant, the system.
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
            id=_flag_id(observation, number),
            scope=scope,  # type: ignore[arg-type]
            value=value,
            system=observation.system,
            reason=reason or f"never event {event.id}: {event.statement}",
            by=by,
            at=at,
            never_event=event.id,
            observation=observation.id,
        )
        for number, (scope, value) in enumerate(scopes, start=1)
    )


def tighten(table: RoutingTable, flags: Iterable[KillFlag]) -> RoutingTable:
    """The table with those of `flags` that it does not have yet; itself when it has all.

    A scope that is stopped for the same never event already gets no second flag: a hundred
    answers that were under way are one stop, to be lifted once.
    """
    added = tuple(flag for flag in flags if _standing(table, flag) is None)
    return structs.replace(table, kills=table.kills + added) if added else table


def standing(table: RoutingTable, flags: Iterable[KillFlag]) -> tuple[KillFlag, ...]:
    """The flags of the table that stand for `flags`: themselves, or those that were first."""
    found = (_standing(table, flag) for flag in flags)
    return tuple(flag for flag in found if flag is not None)


def _standing(table: RoutingTable, flag: KillFlag) -> KillFlag | None:
    cover = (flag.system, flag.scope, flag.value, flag.never_event)
    for known in table.kills:
        same = (known.system, known.scope, known.value, known.never_event) == cover
        if known.id == flag.id or (flag.never_event and same):
            return known
    return None


def _flag_id(observation: Observation, number: int) -> str:
    """The last group of the observation's id is random; the first flag has no number."""
    return f"kill-{observation.id[-12:]}" + (f"-{number}" if number > 1 else "")
