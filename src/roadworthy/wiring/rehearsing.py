"""Drills and probes on the gateway that runs: by hand, and by the control process when due.

What is due is read from the ledger, so that a restart neither forgets nor repeats one. They run in
a thread of their own, as the machine, and hold up nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    DRILL_TENANT,
    PROBE_TENANT,
    Drill,
    Entry,
    Rehearsals,
    RoadworthyError,
    Signer,
    System,
    UndecidedError,
    UsageError,
    parse_duration,
    parse_instant,
)
from roadworthy.flows.drills.drilling import WITHIN_MS, Drilled, Wanted, alone, rehearse
from roadworthy.flows.drills.probing import ASKED, Probed, Told, probe, probes_of
from roadworthy.flows.load.load_requests import LoadRequest, requests_of
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import told as told_of
from roadworthy.manifests import Workspace, load_system

from .clock import new_id
from .load_gateway import probing_key, route_of
from .loop import loop_of
from .places import is_workspace
from .plan import Plan
from .rounds import Rounds
from .worker_lines import KEY_S, WorkerLine, answered_by_all, lines_to_all, running_gateway

KEY_LASTS_S = 600.0
LOOKS_S = 30.0
"""How long the look after an answer is waited for."""
OFTEN_S = 60.0
"""How often it is seen whether something is due."""
AGAIN_S = 600.0
"""After one that could not be rehearsed."""
_UNKNOWN_KEY = 401


class How(Struct, frozen=True, kw_only=True):
    """How a drill is held."""

    suites: Sequence[str] = ()
    """Whose cases are asked; empty: all."""
    url: str = ""
    """Where the gateway listens; empty: as it says itself."""
    within_ms: int = WITHIN_MS


def drill_now(
    what: Drill,
    system: System,
    loop: Loop,
    *,
    signer: Signer,
    how: How = How(),  # noqa: B008
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Drilled, Entry]:
    """One drill. Raises UndecidedError where no gateway runs or a worker cannot be asked."""
    chosen = [each for each in system.suites if not how.suites or each.name in how.suites]
    if missing := set(how.suites) - {each.name for each in chosen}:
        raise UsageError(f"there is no suite {sorted(missing)[0]!r}", fix="see: roadworthy check")
    cases = sorted(
        (case for each in chosen for case in each.cases), key=lambda case: "golden" not in case.tags
    )
    name = system.charter.system
    requests, _ = requests_of(cases, system=name, facets=system.candidate.facets)
    with alone(loop, tell):
        address = how.url or running_gateway(loop.workspace)
        route = route_of(loop.workspace, read_table(loop.workspace.routing), name, "")
        wanted = Wanted(
            drill=what, id=f"drill-{new_id()[-12:]}", route=route, within_ms=how.within_ms
        )
        with (
            lines_to_all(loop.workspace, address) as lines,
            probing_key(
                loop.workspace, loop.clock, seconds=KEY_LASTS_S, tenant=DRILL_TENANT
            ) as key,
        ):
            answered_by_all(lines, requests, key)
            return rehearse(wanted, lines, loop, signer=signer)


def probe_now(
    system: System,
    loop: Loop,
    *,
    suites: Sequence[str] = (),
    url: str = "",
    every_s: int = 0,
    over: threading.Event | None = None,
) -> tuple[Probed, Entry]:
    """One round of probes. Raises UndecidedError where no gateway runs, UsageError without any."""
    probes = probes_of(system, suites)
    address = url or running_gateway(loop.workspace, cannot="nothing can be probed")
    route = route_of(loop.workspace, read_table(loop.workspace.routing), system.charter.system, "")
    with probing_key(loop.workspace, loop.clock, seconds=KEY_LASTS_S, tenant=PROBE_TENANT) as key:
        asking = _Asking(address, key)
        try:
            look = partial(_looked, loop.workspace, over=over)
            return probe(
                probes, route, loop, ask=asking.ask, look=look,
                every_s=every_s, id_=f"probe-{new_id()[-12:]}",
            )  # fmt: skip
        finally:
            asking.close()


class _Asking:
    """One line to the gateway, drawn anew where it broke."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address, key
        self._line: WorkerLine | None = None

    def ask(self, request: LoadRequest) -> Told:
        """Ask; once more over a new line where the old one was closed meanwhile."""
        try:
            return self._asked(request)
        except OSError:
            self.close()
            return self._asked(request)

    def _asked(self, request: LoadRequest) -> Told:
        if self._line is None:
            self._line = WorkerLine(self._address)
        self._line.prepare(request, self._key)
        said, until = self._line.ask(), time.monotonic() + KEY_S
        while said.status == _UNKNOWN_KEY and time.monotonic() < until:
            time.sleep(0.02)  # the worker has not read the new key yet
            said = self._line.ask()
        return Told(said=said, observation=said.observation)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None


def _looked(
    workspace: Workspace, ids: Sequence[str], *, over: threading.Event | None
) -> dict[str, bool | None]:
    """Whether each input was flagged, once the look after the answer has said so.

    Raises UndecidedError where the process ends meanwhile: then nothing is entered.
    """
    found: dict[str, bool | None] = {}
    until, over = time.monotonic() + LOOKS_S, over or threading.Event()
    while len(found) < len(ids) and time.monotonic() < until:
        for name in ids:
            if name not in found:
                for record in told_of(workspace.journal, name):
                    shift = record.outcome.shift if record.outcome is not None else None
                    if shift is not None and (shift.flagged is not None or shift.unseen):
                        found[name] = shift.flagged
        if len(found) < len(ids) and over.wait(0.25):
            raise UndecidedError("the process ends, and nobody has looked at the probes yet")
    return found


class Rehearsing(Rounds):
    """Drills and probes of what is served here, when they are due. One thread's."""

    falls_behind = "a drill or a probe that is due could not be held"
    pause_s = AGAIN_S

    def __init__(self, workspace: Workspace, asked: Rehearsals, plan: Plan) -> None:
        super().__init__()
        self._workspace = workspace
        self._asked = asked
        self._plan = plan
        self._over = threading.Event()

    def stop(self) -> None:
        """Wait for no look any more."""
        self._over.set()

    def _round(self) -> float:
        loop = loop_of(self._workspace, agreed=False)
        for name in read_table(self._workspace.routing).routes:
            root = Path(self._plan.root_of(name) or "")
            if is_workspace(root):
                continue  # no suites there: drill and probe from the system's folder
            self._system(load_system(root), loop)
        return OFTEN_S

    def _system(self, system: System, loop: Loop) -> None:
        """What is due; one that fails holds up no other."""
        signer, asked = loop.keyring.machine(), self._asked
        name, failed = system.charter.system, []
        every = parse_duration(asked.probes) if asked.probes else 0
        probes = partial(
            probe_now, system, loop, suites=asked.suites, every_s=every, over=self._over
        )
        acts: list[tuple[str, int, Callable[[], object]]] = [(ASKED, every, probes)]
        often = parse_duration(asked.drills) if asked.drills else 0
        for what in asked.kinds:
            acts.append(
                (f"drill.{what}", often,
                 lambda what=what: drill_now(what, system, loop, signer=signer))  # type: ignore[misc]
            )  # fmt: skip
        for kind, period, act in acts:
            if period and not self._over.is_set() and _is_due(kind, name, period, loop):
                try:
                    act()
                except (RoadworthyError, OSError) as error:
                    failed.append(f"{kind} of {name}: {error}")
        if failed:
            raise UsageError("; ".join(failed))


def _is_due(kind: str, system: str, period: int, loop: Loop) -> bool:
    newest = loop.ledger.newest(kind=kind, system=system)
    if newest is None:
        return True
    return (loop.clock.now() - parse_instant(newest.time)).total_seconds() >= period
