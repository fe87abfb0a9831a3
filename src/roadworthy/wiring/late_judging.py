"""What the judges' round stands on: the loop, a tail of its own, the judges of each release."""

from __future__ import annotations

import logging
from pathlib import Path

from roadworthy.domain import (
    Deployment,
    EvidenceError,
    Model,
    Provider,
    digest_of,
    never_digest,
    never_options,
)
from roadworthy.evaluation import judges
from roadworthy.flows.control.late_judging import Bench, LateJudging
from roadworthy.flows.late.never_judges import NeverJudge
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import Tail, Vault, open_master_key
from roadworthy.manifests import Workspace, load_deployment
from roadworthy.providers import make_provider

from .answering_releases import content_of
from .journal_marks import KeptMarks
from .leaving import judge_behind_border
from .loop import loop_of
from .places import is_workspace
from .plan import Plan

logger = logging.getLogger("roadworthy.control")

PATIENCE_S = 1.0
"""For a lock, and for the ledger: then the next answer is looked at."""

MARKS = "judges.json"
"""How far the judges looked; beside the segments."""


class Judging:
    """The judges' state of one control process."""

    def __init__(self, plan: Plan) -> None:
        """Open everything. Raises EvidenceError or ManifestError when that cannot be."""
        self._plan = plan
        self.workspace = Workspace(Path(plan.workspace))
        self._deployments: dict[str, Deployment] = {}
        self._providers: dict[str, Provider] = {}
        self._known: dict[str, Bench] = {}
        self._loop = loop_of(self.workspace, agreed=False, patience_s=PATIENCE_S)
        first = self._deployment(next(iter(plan.roots.values())))
        vault = Vault(
            self.workspace.journal / "keys",
            open_master_key(self.workspace.keys, first.master_key),
        )
        self._marks = KeptMarks(self.workspace.journal / MARKS, self._loop.clock)
        tail = Tail(self.workspace.journal, self._marks.marks)
        self._judging = LateJudging(
            self._loop, tail, vault, bench=self._bench, taken=self._keep_at_times,
            warn=logger.warning,
        )  # fmt: skip

    async def round(self) -> int:
        """One round. Raises RoadworthyError when it must be tried again."""
        looked = await self._judging.round()
        self._keep_at_times()
        return looked

    def _keep_at_times(self) -> None:
        self._marks.keep_at_times(self._judging.marks)

    def keep(self) -> None:
        """Write down how far the judges looked."""
        self._marks.keep(self._judging.marks)

    async def aclose(self) -> None:
        """Write down how far they looked, and release the models."""
        self.keep()
        for provider in self._providers.values():
            await provider.aclose()

    def _deployment(self, root: str) -> Deployment:
        if root not in self._deployments:
            place = Path(root)
            known = Deployment() if is_workspace(place) else load_deployment(place)
            self._deployments[root] = known
        return self._deployments[root]

    def _bench(self, system: str, release: str) -> Bench | None:
        if release not in self._known:
            made = self._made(system, release)
            if made is None:
                return None  # asked for again with the next answer: it may be put back
            self._known[release] = made
        return self._known[release]

    def _made(self, system: str, release: str) -> Bench | None:
        """The judges of a release; None where it is gone, which the log says.

        Raises EvidenceError when it is live and cannot be read: it may have judges.
        """
        content = content_of(self.workspace, system, release)
        route = read_table(self.workspace.routing).routes.get(system)
        if content is None and route is not None and route.live == release:
            raise EvidenceError(
                f"the live release of {system} cannot be read, so no judge can look at its answers",
                fix="put the release back from a backup: roadworthy restore",
            )
        if content is None:
            return None
        never = []
        for event in content.charter.never:
            options = never_options(event)
            if options is None or event.is_inline:
                continue
            assert options.model is not None
            provider = self._provider(options.model, system, content.assets)
            root = self._plan.root_of(system) or ""
            provider = judge_behind_border(
                provider, options.model, content, self._deployment(root),
                clock=self._loop.clock, root=root,
            )  # fmt: skip
            asks = judges.RubricJudge(options, provider)
            never.append(NeverJudge(event=event, digest=never_digest(options), asks=asks))
        return Bench(charter=content.charter, never=tuple(never))

    def _provider(self, model: Model, system: str, assets: dict[str, object]) -> Provider:
        key = digest_of({"model": model, "system": system})
        if key not in self._providers:
            root = self._plan.root_of(system) or ""
            self._providers[key] = make_provider(
                model, deployment=self._deployment(root), root=root, assets=assets,
                clock=self._loop.clock,
            )  # fmt: skip
        return self._providers[key]
