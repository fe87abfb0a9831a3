"""What the SLO engine stands on: a loop of its own, the objectives of what is live."""

from __future__ import annotations

import logging

from roadworthy.domain import EvidenceError, RoadworthyError
from roadworthy.flows.late.online_scoring import samples_of
from roadworthy.flows.late.references import against_reference
from roadworthy.flows.objectives.watch import LiveRules, SloWatch
from roadworthy.flows.rollouts.standings import aside_path
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .loop import loop_of
from .rounds import Rounds

logger = logging.getLogger("roadworthy.control")

PATIENCE_S = 1.5
"""How long an entry waits for the ledger."""


class Objectives(Rounds):
    """The objectives of one control process."""

    falls_behind = "not every objective could be judged or acted on"
    pause_s = 2.0

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._watch: SloWatch | None = None

    def _round(self) -> float:
        if self._watch is None:
            loop = loop_of(self._workspace, agreed=False, patience_s=PATIENCE_S)
            self._watch = SloWatch(loop, rules=self._rules, warn=logger.warning)
        return self._watch.round()

    def _undone(self) -> str:
        aside = aside_path(self._workspace)
        if not aside.exists():
            return ""
        return f"objectives.json was damaged, and stands by the ledger; look at {aside}, remove it"

    def _rules(self, system: str, release: str) -> LiveRules:
        content = content_of(self._workspace, system, release)
        if content is None:
            raise EvidenceError(f"the objectives of {release} cannot be read")
        try:
            against = against_reference(content)
        except RoadworthyError as error:
            logger.warning("drift of %s is not measured: %s", system, error)
            against = None
        return LiveRules(slos=content.slos.slos, against=against, samples=samples_of(content))
