"""What the log of fingerprints stands on: a tail of its own, the charters of releases."""

from __future__ import annotations

from msgspec import UNSET

from roadworthy.domain import Charter
from roadworthy.flows.late.fingerprinting import Fingerprinting
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import FingerprintLog, Tail, Vault
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .clock import SystemClock
from .reviewed_texts import ReviewedTexts
from .rounds import Rounds

PAUSE_S = 10.0
"""After a round that failed, and while no release keeps a log."""


class Provenance(Rounds):
    """The log's state in one control process."""

    falls_behind = "the log of fingerprints falls behind"
    pause_s = PAUSE_S

    def __init__(self, workspace: Workspace, vault: Vault) -> None:
        super().__init__()
        self._workspace = workspace
        self._vault = vault
        self._charters: dict[str, Charter | None] = {}
        self._rounds: Fingerprinting | None = None
        self._reviewed = ReviewedTexts(workspace, vault, SystemClock(), charter=self._charter)

    def _round(self) -> float:
        live = read_table(self._workspace.routing).routes
        logs = any(self._charter(name, route.live) is not None for name, route in live.items())
        if self._rounds is None:
            if not logs and not self._workspace.fingerprints.exists():
                return PAUSE_S  # nobody asked for a log
            log = FingerprintLog(self._workspace.fingerprints, write=True)
            tail = Tail(self._workspace.journal, log.read_so_far())
            self._rounds = Fingerprinting(
                tail, self._vault, log, SystemClock(), charter=self._charter
            )
        wait = self._rounds.round(logs=logs)
        self._rounds.add(self._reviewed.fresh())
        return wait

    def _charter(self, system: str, release: str) -> Charter | None:
        """The charter of a release that keeps a log; None of any other."""
        if release not in self._charters:
            content = content_of(self._workspace, system, release)
            charter = content.charter if content is not None else None
            disclosure = charter.behaviour.disclosure if charter is not None else UNSET
            keeps = disclosure is not UNSET and disclosure.log
            self._charters[release] = charter if keeps else None
        return self._charters[release]
