"""What the analysis of rollouts stands on: a loop of its own, the objectives of releases."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from roadworthy.domain import RoadworthyError, SafetySLO
from roadworthy.flows.rollout_watch import RolloutWatch
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .loop import loop_of

logger = logging.getLogger("roadworthy.control")

ROUND_S = 0.1
"""While a rollout is under way: what harms is taken off within a second of the answer."""

IDLE_S = 1.0
"""While none is."""

PAUSE_S = 2.0
"""After a round that could not be finished."""

PATIENCE_S = 1.5
"""How long an entry waits for the ledger."""


class Rollouts:
    """The rollouts of one control process. One round after the other."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._watch: RolloutWatch | None = None
        self.fault = ""
        """Why rollouts could not be looked at in the last round."""

    def round(self) -> float:
        """One round; returns how long to wait for the next, in seconds."""
        try:
            if self._watch is None:
                loop = loop_of(self._workspace, agreed=False, patience_s=PATIENCE_S)
                self._watch = RolloutWatch(loop, objectives=self._objectives, warn=logger.warning)
            under_way = self._watch.round()
        except (RoadworthyError, OSError) as error:
            if str(error) != self.fault:
                logger.warning("rollouts hold, for they cannot be looked at: %s", error)
            self.fault = str(error)
            return PAUSE_S
        self.fault = ""
        return ROUND_S if under_way else IDLE_S

    def _objectives(self, system: str, release: str) -> Sequence[SafetySLO]:
        content = content_of(self._workspace, system, release)
        return content.slos.slos if content is not None else ()
