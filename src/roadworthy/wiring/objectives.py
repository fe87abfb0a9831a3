"""What the SLO engine stands on: a loop of its own, the objectives of what is live."""

from __future__ import annotations

import logging

from roadworthy.domain import EvidenceError, RoadworthyError
from roadworthy.flows.references import against_reference
from roadworthy.flows.slo_watch import LiveRules, SloWatch
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .loop import loop_of

logger = logging.getLogger("roadworthy.control")

PAUSE_S = 2.0
"""After a round that could not be finished."""

PATIENCE_S = 1.5
"""How long an entry waits for the ledger."""


class Objectives:
    """The objectives of one control process. One round after the other."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._watch: SloWatch | None = None
        self.fault = ""
        """Why not all could be judged, done or entered in the last round."""

    def round(self) -> float:
        """One round; returns how long to wait for the next, in seconds."""
        try:
            if self._watch is None:
                loop = loop_of(self._workspace, agreed=False, patience_s=PATIENCE_S)
                self._watch = SloWatch(loop, rules=self._rules, warn=logger.warning)
            wait = self._watch.round()
        except (RoadworthyError, OSError) as error:
            if str(error) != self.fault:
                logger.warning("not every objective could be judged or acted on: %s", error)
            self.fault = str(error)
            return PAUSE_S
        self.fault = ""
        return wait

    def _rules(self, system: str, release: str) -> LiveRules:
        content = content_of(self._workspace, system, release)
        if content is None:
            raise EvidenceError(f"the objectives of {release} cannot be read")
        try:
            against = against_reference(content)
        except RoadworthyError as error:
            logger.warning("drift of %s is not measured: %s", system, error)
            against = None
        return LiveRules(slos=content.slos.slos, against=against)
