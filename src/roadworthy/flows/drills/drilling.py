"""Drills: the brakes tried on the gateway that runs, on a tenant that nobody is.

    1 alone   one drill at a time; what one that was cut off left behind is taken away, and said
    2 before  every worker answers as usual: what refuses already proves nothing
    3 act     the switch, through the routing table, as in an emergency
    4 watch   real requests, one line to each worker, until the last one obeys
    5 back    the switch is taken away again, and every worker answers as before
    6 enter   what was seen, signed

What never happens here: a switch that a customer feels (it names a tenant that no key of a caller
has), one that stays when the drill is interrupted, a worker that was not asked taken for one that
obeyed. A drill's switch is lifted without two people, for it stopped nobody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct, structs

from roadworthy.domain import (
    DRILL_TENANT,
    Draft,
    Drill,
    Entry,
    KillFlag,
    Mitigation,
    Route,
    RoutingTable,
    Signer,
    UndecidedError,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.serving import editing, load_tenants

from ..brakes.stopping import LIFTERS
from ..releasing.building import actor_of
from ..workspace.loop import Loop
from ..workspace.routing import brake, publish, read_table
from ..workspace.waiting import held
from .lines import Line, Said, watch_all

Switch = KillFlag | Mitigation
Result = Literal["held", "missed"]

WITHIN_MS = 200
"""A stop is in force on every worker by then."""
GIVE_UP_S = 10.0
"""After that a worker that goes on answering is called one that did not obey."""
LOADING_S = 120.0
"""A baseline that is not in memory has to be loaded before it answers."""


class Seen(Struct, frozen=True, kw_only=True):
    """How one worker did."""

    worker: str
    stopped_in_ms: int | None
    """From before the switch was written; rounded up. None: it went on as before."""
    back_in_ms: int | None = None
    """From before the switch was taken away."""
    baseline_in_ms: int | None = None
    """Until the safe baseline answered."""


class Drilled(Struct, frozen=True, kw_only=True):
    """What a drill showed."""

    drill: Drill
    id: str
    system: str
    release: str
    baseline: str
    """Digest of the safe baseline; empty: there is none, the static fallback answers."""
    result: Result
    within_ms: int
    written_in_ms: int
    """Of the time: until the switch was on the disk."""
    stopped_in_ms: int | None
    """Until the last worker obeyed."""
    back_in_ms: int | None
    """Until the last worker answered as before."""
    baseline_in_ms: int | None
    workers: tuple[Seen, ...]
    requests: int
    """How many were asked."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which drill."""

    drill: Drill
    id: str
    route: Route
    within_ms: int = WITHIN_MS
    give_up_s: float = GIVE_UP_S


@contextmanager
def alone(loop: Loop, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """1. Hold the drills of the workspace; what an earlier one left is taken away first."""
    with held(loop.workspace.serving / "drill.lock", loop.patience_s):
        for words in _sweep(loop):
            tell(words)
        yield


def _sweep(loop: Loop) -> list[str]:
    """Take away what a drill left that was cut off, and enter it. Only who holds the lock may."""
    left = drill_switches(read_table(loop.workspace.routing))
    keys = load_tenants(loop.workspace.tenants).keys
    if any(key.tenant == DRILL_TENANT for key in keys.values()):
        _require_nobodys(loop)
        with editing(loop.workspace.tenants, loop.workspace.lock) as known:
            for name in [n for n, key in known.items() if key.tenant == DRILL_TENANT]:
                del known[name]
    if left:
        _take_away(loop, left)
        machine = loop.keyring.machine()
        drafts = [
            Draft(
                system=each.system,
                kind=f"drill.{_drill_of(each)}",
                subject=each.id,
                actor=loop.machine,
                payload={"result": "interrupted", "set_at": each.at},
            )
            for each in left
        ]
        loop.ledger.record(*(sign_draft(draft, machine) for draft in drafts))
    return [f"{each.id} was left by a drill that was cut off; it is lifted now" for each in left]


def _require_nobodys(loop: Loop) -> None:
    """Raise UsageError where a caller has the name that drills stop."""
    keys = load_tenants(loop.workspace.tenants).keys.values()
    if any(key.tenant == DRILL_TENANT and "probe" not in key.scopes for key in keys):
        raise UsageError(
            f"a caller's key is of the tenant {DRILL_TENANT}, which drills stop",
            fix="revoke it, and make one of another name: roadworthy keys tenant",
        )


def drill_switches(table: RoutingTable) -> list[Switch]:
    """The drills' switches that stand in a table."""
    found: list[Switch] = [flag for flag in table.kills if flag.drill]
    return [*found, *(each for each in table.mitigations if each.drill)]


def _drill_of(switch: Switch) -> Drill:
    if isinstance(switch, KillFlag):
        return "kill"
    return "rollback" if switch.kind == "rollback" else "degrade"


def rehearse(
    wanted: Wanted, lines: Sequence[Line], loop: Loop, *, signer: Signer
) -> tuple[Drilled, Entry]:
    """2 to 6, under `alone`. Raises UndecidedError where a worker cannot be asked.

    Raises AccessError unless the person operates; the machine may: it stops nobody.
    """
    at = format_instant(loop.clock.now())
    actor = actor_of(loop, signer)
    if actor != loop.machine:
        require_role(loop.trust, signer.key_id, LIFTERS, at)
    route = wanted.route
    if wanted.drill == "rollback" and route.baseline == route.live:
        raise UsageError(
            "what is live is its own safe baseline: there is nothing to go back to",
            fix="activate another release, then drill",
        )
    for line in lines:  # 2
        _require_as_usual(line, line.ask(), route)
    found = _tried(wanted, lines, loop, by=actor, at=at)
    draft = Draft(
        system=route.system,
        kind=f"drill.{wanted.drill}",
        subject=route.live,
        actor=actor,
        payload={**plain(found), "signed_at": at},
    )
    (entry,) = loop.ledger.record(sign_draft(draft, signer))  # 6
    return found, entry


def _require_as_usual(line: Line, said: Said, route: Route) -> None:
    if not _as_usual(said, route):
        raise UndecidedError(
            f"{line.worker} does not answer as usual before the drill: {said.words}",
            fix="lift what stands, or see what it answers: roadworthy status; then drill again",
        )


def _as_usual(said: Said, route: Route) -> bool:
    return said.status == 200 and said.action == "answered" and said.release == route.live


def _tried(wanted: Wanted, lines: Sequence[Line], loop: Loop, *, by: str, at: str) -> Drilled:
    """3 to 5. The switch is taken away whatever happens in between."""
    switch = _switch(wanted, by=by, at=at)
    began: list[float] = []
    try:
        with watch_all(lines, _obeyed(wanted, switch), wanted.give_up_s) as watching:
            began.append(time.perf_counter())
            version = _set(loop, switch)
            written = time.perf_counter()
            watching.go(version)
            stopped = watching.results()
        baselines = _baselines(wanted, lines)
    finally:
        lifting = time.perf_counter()
        _take_away(loop, [switch])
    with watch_all(lines, _back(wanted.route), wanted.give_up_s) as watching:
        watching.go(0)
        back = watching.results()
    seen = tuple(
        Seen(
            worker=line.worker,
            stopped_in_ms=_ms(stopped[line.worker], began[0]),
            back_in_ms=_ms(back[line.worker], lifting),
            baseline_in_ms=_ms(baselines.get(line.worker), began[0]),
        )
        for line in lines
    )
    times = [each.stopped_in_ms for each in seen]
    needs_baseline = wanted.drill == "rollback" and bool(wanted.route.baseline)
    slowest = _slowest(times)
    late = slowest is None or slowest > wanted.within_ms
    late = late or _slowest([each.back_in_ms for each in seen]) is None
    late = late or (needs_baseline and _slowest([e.baseline_in_ms for e in seen]) is None)
    return Drilled(
        drill=wanted.drill,
        id=wanted.id,
        system=wanted.route.system,
        release=wanted.route.live,
        baseline=wanted.route.baseline,
        result="missed" if late else "held",
        within_ms=wanted.within_ms,
        written_in_ms=math.ceil((written - began[0]) * 1000),
        stopped_in_ms=slowest,
        back_in_ms=_slowest([each.back_in_ms for each in seen]),
        baseline_in_ms=_slowest([e.baseline_in_ms for e in seen]) if needs_baseline else None,
        workers=seen,
        requests=sum(line.asked for line in lines),
    )


def _ms(at: float | None, since: float) -> int | None:
    """Rounded up: what took a hair longer than the target missed it."""
    return None if at is None else math.ceil((at - since) * 1000)


def _slowest(times: Sequence[int | None]) -> int | None:
    """The last worker's; None when one never did."""
    return None if None in times else max(each for each in times if each is not None)


def _switch(wanted: Wanted, *, by: str, at: str) -> Switch:
    system = wanted.route.system
    if wanted.drill == "kill":
        return KillFlag(
            id=wanted.id, scope="tenant", value=DRILL_TENANT, system=system, reason="a drill",
            by=by, at=at,
        )  # fmt: skip
    return Mitigation(
        id=wanted.id,
        kind="rollback" if wanted.drill == "rollback" else "degrade_to_safe_mode",
        system=system,
        facets={"tenant": DRILL_TENANT},
        objective="drill",
        reason="a drill",
        at=at,
    )


def _set(loop: Loop, switch: Switch) -> int:
    """3. The version of the table that has it."""
    if isinstance(switch, KillFlag):
        return brake(loop.workspace, [switch], loop.clock, patience_s=loop.patience_s)[0].version

    def added(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, mitigations=(*table.mitigations, switch))

    return publish(loop.workspace, added, loop.clock, patience_s=loop.patience_s).version


def _take_away(loop: Loop, switches: Sequence[Switch]) -> None:
    """5. Only switches of drills: what the table calls otherwise stays."""
    ids = {each.id for each in switches}

    def without(table: RoutingTable) -> RoutingTable:
        return structs.replace(
            table,
            kills=tuple(each for each in table.kills if not (each.drill and each.id in ids)),
            mitigations=tuple(
                each for each in table.mitigations if not (each.drill and each.id in ids)
            ),
        )

    publish(loop.workspace, without, loop.clock, patience_s=loop.patience_s)


def _obeyed(wanted: Wanted, switch: Switch) -> Callable[[Line, int], bool]:
    """4. Whether a worker does what the switch says, by a real request.

    A kill cuts what is under way, so one request is always under way. What a mitigation covers
    ends as it began, so the next request is asked once the worker has read the table.
    """

    def refuses(line: Line, _: int) -> bool:
        said = line.ask()
        return said.code == "kill_switch" and switch.id in said.message

    def otherwise(line: Line, version: int) -> bool:
        if not version or line.version() < version:
            return False
        return not _as_usual(line.ask(), wanted.route)

    return refuses if wanted.drill == "kill" else otherwise


def _baselines(wanted: Wanted, lines: Sequence[Line]) -> dict[str, float | None]:
    """When the baseline answered on each worker, where going back to it is rehearsed."""
    if wanted.drill != "rollback" or not wanted.route.baseline:
        return {}

    def answers(line: Line, _: int) -> bool:
        said = line.ask()
        return said.action == "answered" and said.release == wanted.route.baseline

    with watch_all(lines, answers, max(wanted.give_up_s, LOADING_S)) as watching:
        watching.go(0)
        return watching.results()


def _back(route: Route) -> Callable[[Line, int], bool]:
    return lambda line, _: _as_usual(line.ask(), route)
