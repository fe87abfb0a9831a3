"""What the analysis of rollouts stands on: a loop of its own, the objectives of releases."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from roadworthy.domain import SafetySLO
from roadworthy.flows.rollouts.watch import RolloutWatch
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .loop import loop_of
from .rounds import Rounds

logger = logging.getLogger("roadworthy.control")

ROUND_S = 0.1
"""While a rollout is under way: what harms is taken off within a second of the answer."""

IDLE_S = 1.0
"""While none is."""

PATIENCE_S = 1.5
"""How long an entry waits for the ledger."""


class Rollouts(Rounds):
    """The rollouts of one control process."""

    falls_behind = "rollouts hold, for they cannot be looked at"
    pause_s = 2.0

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._watch: RolloutWatch | None = None

    def _round(self) -> float:
        if self._watch is None:
            loop = loop_of(self._workspace, agreed=False, patience_s=PATIENCE_S)
            self._watch = RolloutWatch(loop, objectives=self._objectives, warn=logger.warning)
        return ROUND_S if self._watch.round() else IDLE_S

    def _objectives(self, system: str, release: str) -> Sequence[SafetySLO]:
        content = content_of(self._workspace, system, release)
        return content.slos.slos if content is not None else ()
