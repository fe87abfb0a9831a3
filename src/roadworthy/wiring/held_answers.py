"""What reviewing needs of the road: held answers, and the releases that gave them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from roadworthy.domain import UPHELD, Deployment, Drawn, ReleaseContent, Witness
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import MASTER_FILE, HeldTail, Record, Vault, drawn_for, find, unseal
from roadworthy.serving import RailLine

from .release_rails import release_rails
from .road import Road, vault_of


class HeldAnswers:
    """The port `flows.review_queue.HeldJournal` over a workspace; nothing here writes."""

    def __init__(self, loop: Loop, deployment: Deployment, *, root: str) -> None:
        """`root` is the system's folder."""
        self._workspace = loop.workspace
        self._deployment = deployment
        self._clock = loop.clock
        self._root = root
        self._road = Road(loop, deployment)

    @cached_property
    def vault(self) -> Vault:
        """What opens the texts, and seals one beside them."""
        return vault_of(self._workspace, self._deployment)

    def held(self) -> Iterator[Record]:
        """Every held answer, oldest segment first. Raises VerificationError on a changed record."""
        return HeldTail(self._workspace.journal).read()

    def one(self, observation: str) -> Record | None:
        """The record of one answer, held or not."""
        return find(self._workspace.journal, observation)

    def sampled(self) -> dict[str, Drawn]:
        """What was drawn for reviewers and given to them."""
        drawn = drawn_for(self._workspace.journal, UPHELD)
        return {name: each for name, each in drawn.items() if not each.skipped}

    def content(self, release: str) -> ReleaseContent:
        """What a release that was activated here consists of."""
        return self._road.content(release)

    def rails(self, release: str) -> RailLine:
        """Its rails, compiled anew: who used them lets go of them. Raises as `release_rails`."""
        return release_rails(
            self.content(release), deployment=self._deployment, clock=self._clock, root=self._root
        )

    def readable(self, record: Record) -> bool:
        """Whether its texts can be read here still; on a copy without the keys none can."""
        sealed = record.sealed
        there = self._deployment.master_key or (self._workspace.keys / MASTER_FILE).exists()
        return bool(there and sealed and self.vault.opens(sealed.key, sealed.leaf))

    def texts(self, record: Record) -> Witness | None:
        """Its texts; None when they were erased, or never kept."""
        return unseal(record, self.vault)
