"""Who tells each target, in the control process: rounds of its own, so none waits for another."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from roadworthy.domain import Deployment, TargetState
from roadworthy.flows.incidents.notifying import Desk, Sender, Teller
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import Workspace

from .legal_clocks import LegalClocks
from .loop import loop_of
from .notice_sending import make_sender
from .rounds import Rounds

logger = logging.getLogger("roadworthy.control")

PAUSE_S = 1.0
PATIENCE_S = 1.5


class Notices(Rounds):
    """One target's notices."""

    falls_behind = "not every notice was taken"
    pause_s = 5.0

    def __init__(
        self, workspace: Workspace, deployment: Deployment, target: str, root: Path
    ) -> None:
        super().__init__()
        self.target = target
        self._workspace = workspace
        self._deployment = deployment
        self._root = root
        self._teller: Teller | None = None
        self._state = TargetState()

    def _round(self) -> float:
        if self._teller is None:
            loop = loop_of(self._workspace, agreed=False, patience_s=PATIENCE_S)
            self._teller = teller_of(loop, self._deployment, self.target, self._root)
        self._state = self._teller.round()
        return PAUSE_S

    def _undone(self) -> str:
        state = self._state
        if not state.fault:
            return ""
        since = f"since {state.failing_since[:19]}Z"
        return f"notices to {self.target}: {len(state.waiting)} wait {since}: {state.fault}"


def teller_of(loop: Loop, deployment: Deployment, target: str, root: Path) -> Teller:
    """Who tells one target of a deployment."""
    settings = deployment.notifications

    @cache
    def sender() -> Sender:
        named = settings.targets[target]
        return make_sender(target, named, clock=loop.clock, root=str(root))

    return Teller(
        loop,
        Desk(
            target=target,
            settings=settings,
            sender=sender,
            clocks=LegalClocks(loop, root, tuple(deployment.holidays)).of,
        ),
    )
