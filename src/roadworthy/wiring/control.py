"""What the control process stands on: the loop, the journal's tail, the rules of each release."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path

from roadworthy.domain import MEGABYTE, CountError, Deployment, RoadworthyError
from roadworthy.flows.batches.keeping import sweep
from roadworthy.flows.control.reconciling import Reconciler
from roadworthy.flows.control.watching import Rules, Watch
from roadworthy.flows.journals.erasing import retain
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import (
    BudgetGauge,
    ControlGauges,
    Tail,
    Vault,
    exposition,
    open_master_key,
    read_states,
)
from roadworthy.manifests import Workspace, load_deployment
from roadworthy.serving import RailLine

from .after_looking import AfterLook
from .answering_releases import content_of
from .counting import budgets_of, counting_of
from .fingerprinting import Provenance
from .host import HostFollower, processes_of
from .journal_marks import KeptMarks
from .loop import loop_of
from .notices import Notices
from .objectives import Objectives
from .online_scoring import OnlineLook
from .places import is_workspace
from .plan import Plan
from .rehearsing import Rehearsing
from .rollouts import Rollouts
from .rounds import Rounds
from .telemetry import Spans
from .waiting_reviews import WaitingReviews

logger = logging.getLogger("roadworthy.control")

STOPPING_S = 0.5
"""How long a stop waits for another change of the routing table before the next is tried."""

ENTERING_S = 1.5
"""How long an entry waits for who records now, and for the ledger."""

MARKS = "control.json"
"""How far the journal was read; beside the segments."""

RETAIN_S = 3600.0
"""How often it is seen whether texts are past their days."""

SWEEP_S = 60.0
"""How often it is seen whether files of batches are past their time."""


def _bytes(megabytes: float | None) -> int | None:
    return None if megabytes is None else round(megabytes * MEGABYTE)


def _retention_days(plan: Plan) -> int | None:
    """The longest that a system served here says; None where none is known (a bare workspace)."""
    folders = [Path(root) for root in plan.roots.values() if not is_workspace(Path(root))]
    said = [load_deployment(folder).journal.retention_days for folder in folders]
    return max(said) if said and len(said) == len(plan.roots) else None


class Control:
    """The control process's state. One thread looks, one enters: neither waits for the other."""

    def __init__(self, plan: Plan) -> None:
        """Open everything. Raises EvidenceError or ManifestError when that cannot be."""
        self.workspace = Workspace(Path(plan.workspace))
        root = Path(next(iter(plan.roots.values())))
        deployment = Deployment() if is_workspace(root) else load_deployment(root)
        self._counting = counting_of(plan.roots.values())
        self._retention_days = _retention_days(plan)
        self._retain_at = float("-inf")
        self._keep_days = deployment.batches.keep_days
        self._sweep_at = float("-inf")
        self._again = True
        """Whether a backup may have been put back, until what was erased before is erased."""
        master = open_master_key(self.workspace.keys, deployment.master_key)
        keys = self.workspace.journal / "keys"
        self._vault = Vault(keys, master)
        self._known: dict[str, Rules | None] = {}
        self.after = AfterLook(
            self.workspace, Vault(keys, master), segment_mb=deployment.journal.segment_mb
        )
        self.online = OnlineLook(
            self.workspace, Vault(keys, master), plan, segment_mb=deployment.journal.segment_mb
        )
        self.followers: tuple[Rounds, ...] = (
            self.after,
            self.online,
            Provenance(self.workspace, Vault(keys, master)),
            Rollouts(self.workspace),
            Objectives(self.workspace),
            *self._rehearsing(deployment, plan),
            *(
                Notices(self.workspace, deployment, target, root)
                for target in deployment.notifications.targets
            ),
        )
        """Who reads the journal beside the looking, each in rounds of its own."""
        self._loop = loop = loop_of(self.workspace, agreed=False, patience_s=ENTERING_S)
        looking = loop_of(self.workspace, agreed=False, patience_s=STOPPING_S)
        self._clock = loop.clock
        self.spans = self._spans(deployment, root)
        """Sends spans, where the deployment names a collector."""
        self.host = HostFollower(
            self.workspace, loop.clock, root=os.getppid(), energy=deployment.energy
        )
        self._marks = KeptMarks(self.workspace.journal / MARKS, loop.clock)
        tail = Tail(self.workspace.journal, self._marks.marks)
        self._ledger = loop.ledger
        self._entries: int | None = None
        warn = logger.warning
        self._watch = Watch(looking, tail, Vault(keys, master), rules=self._rules, warn=warn)
        self._reconciler = Reconciler(loop, self._watch.stops, warn=warn)
        self._reviews = WaitingReviews(self.workspace, loop.ledger, loop.clock)

    def _rehearsing(self, deployment: Deployment, plan: Plan) -> tuple[Rounds, ...]:
        """Who drills and probes by itself, where the deployment asks for it."""
        asked = deployment.rehearsals
        return (Rehearsing(self.workspace, asked, plan),) if asked.probes or asked.drills else ()

    def _spans(self, deployment: Deployment, root: Path) -> Spans | None:
        """None where they cannot be sent, which is said: no stop waits for a collector's key."""
        if deployment.telemetry is None:
            return None
        try:
            return Spans(self.workspace, deployment.telemetry, self._clock, root=str(root))
        except RoadworthyError as error:
            logger.warning("no spans are sent: %s", error)
            return None

    @property
    def records(self) -> int:
        """How many were looked at since this process began."""
        return self._watch.taken

    @property
    def owed(self) -> int:
        """How many entries wait to be made."""
        return len(self._watch.stops)

    def round(self) -> int:
        """Look, then enter; returns how many records were new. Raises as both."""
        before = self.records
        try:
            self.look()
        finally:
            self.enter()
        return self.records - before

    def look(self) -> None:
        """Look at what is new and stop. Raises RoadworthyError or OSError: it is to be repeated."""
        self._watch.look()

    def enter(self) -> None:
        """Enter what is owed; another thread may look meanwhile. Raises as `look`."""
        try:
            self._reconciler.round()
            newest = self._ledger.newest_checkpoint()
            self._entries = newest.size if newest else 0
        finally:
            self._marks.keep_at_times(self._watch.marks)
        self._retain()
        self._sweep()
        self._reviews.look()

    def metrics(self, *, rounds: int, records: int, fault: str) -> bytes:
        """What all workers counted, in Prometheus' format. Raises EvidenceError or OSError.

        Safe to call beside a round: it only reads.
        """
        stopped = read_table(self.workspace.routing).kills
        kills = Counter(flag.system or "*" for flag in stopped if not flag.drill)
        states, read = read_states(self.workspace.workers), self.host.newest
        control = ControlGauges(
            rounds=rounds,
            records=records,
            fault=fault,
            ledger_entries=self._entries,
            kills=dict(kills),
            budgets=self._budgets(),
            reviews=self._reviews.gauges(),
            processes=processes_of(states, self.host.root),
            cores=read.cores if read else None,
            memory=_bytes(read.memory_mb) if read else None,
            memory_limit=_bytes(read.memory_limit_mb) if read else None,
        )
        return exposition(states, control)

    def _budgets(self) -> tuple[BudgetGauge, ...]:
        """None while they cannot be read: all else is told all the same."""
        try:
            return budgets_of(self.workspace, self._clock, self._counting)
        except CountError as error:
            logger.warning("budgets are not told for now: %s", error)
            return ()

    def keep(self) -> None:
        """Write down how far the journal was read."""
        self._marks.keep(self._watch.marks)

    def _retain(self) -> None:
        """Erase what is past its days, once an hour; a failure is said and holds up no round."""
        if self._retention_days is None or self._clock.monotonic() < self._retain_at:
            return
        self._retain_at = self._clock.monotonic() + RETAIN_S
        try:
            retain(self._loop, self._vault, days=self._retention_days, again=self._again)
            self._again = False
        except (RoadworthyError, OSError) as error:
            logger.warning("nothing past retention is erased for now: %s", error)

    def _sweep(self) -> None:
        """Remove files of batches that are past their time, once a minute; as `_retain`."""
        if self._clock.monotonic() < self._sweep_at:
            return
        self._sweep_at = self._clock.monotonic() + SWEEP_S
        try:
            sweep(self._loop, keep_days=self._keep_days)
        except (RoadworthyError, OSError) as error:
            logger.warning("no file of a batch is removed for now: %s", error)

    def _rules(self, system: str, release: str) -> Rules | None:
        if release not in self._known:
            self._known[release] = self._load(system, release)
        return self._known[release]

    def _load(self, system: str, release: str) -> Rules | None:
        content = content_of(self.workspace, system, release)
        if content is None:
            return None
        try:
            rails = RailLine.compile(
                rails=content.rails,
                charter=content.charter,
                assets=content.assets,
                prompt=content.prompt,
            )
        except RoadworthyError as error:
            logger.warning("the rails of release %s cannot be built: %s", release, error)
            return None
        return Rules(charter=content.charter, rails=rails)
