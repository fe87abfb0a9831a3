"""Probes: cases whose right ending is known, asked of the gateway that runs as any caller would.

    1 ask      each over the request line, as a tenant that nobody is
    2 look     what became of it: by the answer's headers; out of scope or not by the look after it
    3 enter    what was seen, with figures, and beside a leak the incident that it opens

What enters: cases, who asks them. Leaves: figures with intervals, an entry `probe.asked`. What
never happens here: a stop (a probe harms nobody; people are told), a probe counted as traffic or
billed, one that could not be asked or looked at taken for one that was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from roadworthy.domain import (
    OVER,
    Case,
    Draft,
    Entry,
    Incident,
    Route,
    System,
    UsageError,
    digest_of,
    format_instant,
    plain,
)
from roadworthy.statistics import share_interval

from ..brakes.stopping import recording
from ..incidents.learning import incidents_of
from ..load.load_requests import LoadRequest, request_of
from ..workspace.loop import Loop
from .lines import Said

ASKED = "probe.asked"
NEVER = "never:"
"""How the tag of a case begins that tests a never event."""
OUT_OF_SCOPE = "ood"
MOST_NAMED = 20
"""Cases that an entry names of each ending."""

Ending = Literal["stopped", "leaked", "found", "missed", "failed"]
"""stopped, leaked: of a never event · found, missed: of an input out of scope · failed: nobody
knows, it was not answered or not looked at."""


class Probe(Struct, frozen=True, kw_only=True):
    """A case that is asked live, and what must become of it."""

    name: str
    """`suite/case`."""
    events: tuple[str, ...] = ()
    """Never events that must not leave; none of one that is only out of scope."""
    request: LoadRequest


class Told(Struct, frozen=True, kw_only=True):
    """What became of a probe."""

    said: Said
    observation: str = ""


class Share(Struct, frozen=True, kw_only=True):
    """How many ended well, of those of which that is known."""

    n: int
    good: int
    low: float | None = None
    high: float | None = None
    """Exact 95 % bounds; None of none."""


class Probed(Struct, frozen=True, kw_only=True):
    """What a round of probes showed."""

    id: str
    system: str
    release: str
    result: Literal["held", "leaked", "undecided"]
    """`undecided`: none leaked, and of one or more nobody knows."""
    every_s: int
    """How often it is asked by itself; 0: by hand."""
    never: Share
    out_of_scope: Share
    leaked: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """Never events that left in an answer to a probe."""
    observations: tuple[str, ...] = ()
    """The answers in which they did."""
    requests: int = 0


Ask = Callable[[LoadRequest], Told]
"""Asks the gateway that runs. Raises OSError when nobody answers."""

Look = Callable[[Sequence[str]], dict[str, bool | None]]
"""Observations -> whether each was found out of scope; None, or left out: nobody looked in time."""


def probes_of(system: System, suites: Iterable[str] = ()) -> list[Probe]:
    """Cases that must be blocked or held for a never event, or are out of scope, once each.

    Raises UsageError where there are none, or a suite is not there.
    """
    wanted = set(suites)
    if missing := wanted - {each.name for each in system.suites}:
        raise UsageError(f"there is no suite {sorted(missing)[0]!r}", fix="see: roadworthy check")
    found: dict[bytes, Probe] = {}
    for suite in system.suites:
        for case in suite.cases if suite.name in wanted or not wanted else ():
            events = _events(case)
            if case.is_episode or not (events or OUT_OF_SCOPE in case.tags):
                continue
            asked = request_of(case, system.charter.system, system.candidate.facets)
            probe = Probe(name=f"{suite.name}/{case.id}", events=events, request=asked)
            found.setdefault(asked.body, probe)
    if not found:
        raise UsageError(
            "no case can be asked as a probe",
            fix="tag cases `never:ID` that must be blocked or held, or `ood`",
        )
    return list(found.values())


def _events(case: Case) -> tuple[str, ...]:
    if case.expect.action not in ("block", "hold"):
        return ()
    return tuple(tag.removeprefix(NEVER) for tag in case.tags if tag.startswith(NEVER))


def probe(
    probes: Sequence[Probe],
    route: Route,
    loop: Loop,
    *,
    ask: Ask,
    look: Look,
    every_s: int,
    id_: str,
) -> tuple[Probed, Entry]:
    """1 to 3. Raises OSError where nobody answers at all."""
    told = [(each, ask(each.request)) for each in probes]  # 1
    scope = [said.observation for each, said in told if not each.events and said.observation]
    flagged = look(scope) if scope else {}  # 2
    endings = [(each, said, _ending(each, said, flagged, route)) for each, said in told]
    found = _probed(endings, route, every_s=every_s, id_=id_)
    with recording(loop):  # 3
        draft = Draft(
            system=route.system, kind=ASKED, subject=route.live, actor=loop.machine,
            payload=plain(found),
        )  # fmt: skip
        entry, *_ = loop.ledger.record(draft, *_incidents(found, loop))
    return found, entry


def _ending(asked: Probe, told: Told, flagged: dict[str, bool | None], route: Route) -> Ending:
    """What did not leave was stopped; what the live release did not answer shows nothing of it."""
    said = told.said
    if asked.events:
        if said.status != 200 or said.release != route.live:
            return "failed"
        if said.action in ("blocked", "held"):
            return "stopped"
        return "leaked" if said.action == "answered" else "failed"
    seen = flagged.get(told.observation)
    if said.status == 200 and said.action in ("blocked", "held"):
        return "found"
    return "failed" if said.status != 200 or seen is None else "found" if seen else "missed"


def _probed(
    endings: Sequence[tuple[Probe, Told, Ending]], route: Route, *, every_s: int, id_: str
) -> Probed:
    def named(ending: Ending) -> tuple[str, ...]:
        return tuple(each.name for each, _, how in endings if how == ending)

    def share(good: Ending, bad: Ending) -> Share:
        k, n = len(named(good)), len(named(good)) + len(named(bad))
        bounds = share_interval(k, n) if n else None
        low, high = (bounds.low, bounds.high) if bounds else (None, None)
        return Share(n=n, good=k, low=low, high=high)

    leaks = [(each, told) for each, told, how in endings if how == "leaked"]
    failed = named("failed")
    return Probed(
        id=id_,
        system=route.system,
        release=route.live,
        result="leaked" if leaks else "undecided" if failed else "held",
        every_s=every_s,
        never=share("stopped", "leaked"),
        out_of_scope=share("found", "missed"),
        leaked=named("leaked")[:MOST_NAMED],
        missed=named("missed")[:MOST_NAMED],
        failed=failed[:MOST_NAMED],
        events=tuple(dict.fromkeys(event for each, _ in leaks for event in each.events)),
        observations=tuple(told.observation for _, told in leaks if told.observation)[:MOST_NAMED],
        requests=len(endings),
    )


def _incidents(found: Probed, loop: Loop) -> list[Draft]:
    """One incident of a never event that left a release for a probe, until it is over."""
    at, known = format_instant(loop.clock.now()), incidents_of(loop, found.system)
    drafts = []
    for event in found.events:
        mine = [
            each
            for each in known.values()
            if (each.never_event, each.release) == (event, found.release) and each.state not in OVER
        ]
        if mine:
            continue
        about = [found.system, found.release, "probe", event, found.id]
        fresh = Incident(
            id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
            system=found.system,
            severity="high",
            state="open",
            title=f"a probe of the never event `{event}` was answered: {', '.join(found.leaked)}",
            opened_at=at,
            aware_at=at,
            release=found.release,
            never_event=event,
            evidence=found.observations,
            timeline=((at, "opened"), (at, "nothing was stopped: only a probe was answered")),
        )
        drafts.append(
            Draft(
                system=found.system, kind="incident.opened", subject=fresh.id, actor=loop.machine,
                payload={"incident": plain(fresh)},
            )
        )  # fmt: skip
    return drafts
