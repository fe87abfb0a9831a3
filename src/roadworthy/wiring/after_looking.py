"""What the look after the answer stands on: a tail of its own, and who looks for which release.

Whoever looks is made here, by a function of a release's content that gives None where the release
asks for no such look. One list, `MAKERS`.
"""

from __future__ import annotations

from collections.abc import Callable

from roadworthy.domain import ReleaseContent
from roadworthy.flows.late.after_looking import (
    SHARE,
    AfterLooking,
    Looker,
    Lookers,
    Sampler,
    any_looks,
)
from roadworthy.flows.late.shift_looking import after_answers
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import Remarks, Tail, Vault
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .clock import SystemClock
from .journal_marks import KeptMarks
from .known_texts import known_texts_looker
from .rounds import Rounds
from .sessions import sessions_looker

WRITER = "looks"
"""Whose segments hold what was seen; how far it was looked stands beside them."""

PAUSE_S = 10.0
"""After a round that failed, and while no release has lookers."""

Maker = Callable[[ReleaseContent], Looker | None]
"""A release's content -> who looks at its answers, one of a kind; None where nobody is to."""

SamplerMaker = Callable[[str, ReleaseContent], Sampler | None]
"""(release, its content) -> who looks at a sample of its answers; None where none is drawn."""

MAKERS: tuple[Maker, ...] = (after_answers,)


class AfterLook(Rounds):
    """The look's state in one control process."""

    falls_behind = "not all answers could be looked at after they left"
    pause_s = PAUSE_S

    def __init__(
        self,
        workspace: Workspace,
        vault: Vault,
        *,
        segment_mb: int,
        makers: tuple[Maker, ...] | None = None,
        sampler: SamplerMaker = lambda release, content: None,
        writer: str = WRITER,
        share: float = SHARE,
    ) -> None:
        """`makers`: the usual ones if none are given; `share`: of the time that looking takes."""
        super().__init__()
        self._workspace = workspace
        own = (sessions_looker(workspace, vault), known_texts_looker(workspace, vault))
        self._makers = (*MAKERS, *own) if makers is None else makers
        self._sampler = sampler
        self._known: dict[str, Lookers] = {}
        self._seen = False
        clock = SystemClock()
        self._marks = KeptMarks(workspace.journal / f"{writer}.json", clock)
        self._remarks = Remarks(
            workspace.journal, writer=writer, clock=clock, segment_mb=segment_mb
        )
        tail = Tail(workspace.journal, self._marks.marks)
        self._looking = AfterLooking(
            tail, vault, self._remarks, clock, lookers=self._lookers, share=share
        )

    @property
    def looked(self) -> int:
        """Answers that were looked at since this process began."""
        return self._looking.looked

    def _undone(self) -> str:
        return self._looking.missed

    def stop(self) -> None:
        """End the round after the answer that is looked at now."""
        self._looking.over.set()

    def close(self) -> None:
        """End the segment, and write down how far it was looked. Raises OSError."""
        self._remarks.close()
        self._marks.keep(self._looking.marks)

    def _round(self) -> float:
        live = read_table(self._workspace.routing).routes
        routes = [(name, route.live) for name, route in live.items()]
        # What was written while nobody looked may be by a release that is no longer live.
        self._seen = self._seen or any_looks(routes, self._lookers)
        try:
            wait = self._looking.round(looks=self._seen or not self._looking.caught_up)
        finally:
            self._marks.keep_at_times(self._looking.marks)
        return wait if self._seen or not self._looking.caught_up else PAUSE_S

    def _lookers(self, system: str, release: str) -> Lookers | None:
        """Who looks at a release's answers; None where it is gone, which the log says once."""
        if release not in self._known:
            content = content_of(self._workspace, system, release)
            if content is None:
                return None  # asked for again: it may be put back
            made = tuple(filter(None, (maker(content) for maker in self._makers)))
            self._known[release] = Lookers(
                charter=content.charter, lookers=made, sampler=self._sampler(release, content)
            )
        return self._known[release]
