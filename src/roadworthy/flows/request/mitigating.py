"""Step 3 of the request line, where a breached objective changed it for the slice.

    degrade_to_safe_mode    the endpoint's safe mode: the baseline, the fallback, or a person
    rollback                the baseline; where there is none, the fallback
    route_to_human_review   the model is asked, and a person decides whether the answer leaves
    narrow_use              the fallback for all but what is still let in
    cache_off               the model is asked, whatever was answered before

Enters: a call, the table, and what would be walked. Leaves: what is walked instead. What never
happens here: a piece of an answer that leaves before a person has seen it, or an answer of the
release that broke its objective where the baseline was to answer.
"""

from __future__ import annotations

from contextlib import aclosing

from msgspec import structs

from roadworthy.domain import Call, Clock, Mitigation, RoutingTable, SafeMode

from .endings import degraded, withheld
from .service import Service
from .trace import Path, Reply, Walk


def mitigation_of(call: Call, table: RoutingTable, service: Service) -> Mitigation | None:
    """What the call is under; nothing that is no traffic is, but a drill."""
    if not table.mitigations or call.stage not in ("live", "canary", "drill"):
        return None
    endpoint = service.endpoint(call.endpoint).id
    return table.mitigated(
        system=call.system, tenant=call.tenant, endpoint=endpoint, facets=call.facets
    )


def wants_baseline(call: Call, table: RoutingTable, service: Service) -> bool:
    """Whether the baseline is to answer the call instead."""
    found = mitigation_of(call, table, service)
    return found is not None and _mode(found, service, call) == "baseline"


def mitigated(table: RoutingTable, steps: Walk) -> Walk:
    """What is walked by this table: `steps`, unless a mitigation covers the call."""
    if not table.mitigations:
        return steps

    async def walk(call: Call, service: Service, clock: Clock) -> Path:
        found = mitigation_of(call, table, service)
        mode = _mode(found, service, call) if found is not None else None
        route = table.routes.get(call.system)
        astray = route is None or not route.baseline or call.release != route.baseline
        if found is not None and (mode == "fallback" or (mode == "baseline" and astray)):
            yield degraded(call, service, clock, found)
            return
        held, off = mode == "human_review", _cache_off(call, table, service)
        # what is held is in no cache: it would leave from there once this is lifted
        asked = service.uncached() if held or off is not None else service
        under = found or off
        async with aclosing(steps(call, asked, clock)) as items:
            async for item in items:
                if isinstance(item, Reply) and under is not None:
                    yield _under(item, under, service, call, held=held)
                elif not held:
                    yield item

    return walk


def _cache_off(call: Call, table: RoutingTable, service: Service) -> Mitigation | None:
    endpoint = service.endpoint(call.endpoint).id
    return table.uncached(
        system=call.system, tenant=call.tenant, endpoint=endpoint, facets=call.facets
    )


def _mode(found: Mitigation, service: Service, call: Call) -> SafeMode:
    if found.kind == "route_to_human_review":
        return "human_review"
    if found.kind == "narrow_use":
        return "fallback"
    return "baseline" if found.kind == "rollback" else service.endpoint(call.endpoint).safe_mode


def _under(reply: Reply, found: Mitigation, service: Service, call: Call, *, held: bool) -> Reply:
    """The reply with what it was under; what would have left is held for a person."""
    seen = structs.replace(reply.observation, mitigation=found.id)
    reply = structs.replace(reply, observation=seen)
    if not held or seen.action != "answered":
        return reply
    fallback = service.endpoint(call.endpoint).fallback
    return withheld(reply, fallback, rest=fallback, action="held")
