"""How an objective stands at run time, slice by slice, and what a breach of it changed."""

from __future__ import annotations

from msgspec import Struct, field

from .clock import Instant
from .slo import MitigationKind
from .verdict import Verdict


class ObjectiveStanding(Struct, frozen=True, kw_only=True):
    """One objective in one slice, over its window."""

    system: str
    release: str
    """Digest of the live release that it is about."""
    objective: str
    part: str = ""
    """The slice, `facet=value,…`; empty: all of it."""
    target: str
    verdict: Verdict
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    since: Instant
    """From when on answers (or what was learned of them) count."""
    reason: str = ""
    breached_at: Instant = ""
    """Since when the breach stands; empty: none does."""
    failed_at: Instant = ""
    """When it failed last."""
    action: MitigationKind = "alert"
    settled: Instant = ""
    """When the last breach was lifted or recovered: what was before does not breach again."""
    steps: tuple[str, ...] = ()
    """Of `degrade_steps`: the ids of those that stand, the first one first."""
    stepped_at: Instant = ""
    """When the last of them was taken, or taken back."""
    eased: bool = False
    """Whether one was taken back last: the next failure takes it again at once."""
    mitigation: str = ""
    """Id of what was done about it: a mitigation, or a kill flag."""
    entered: bool = True
    """Whether the ledger has it; what acts first is entered after."""

    @property
    def key(self) -> tuple[str, str, str]:
        """(system, objective, slice)."""
        return self.system, self.objective, self.part


class Standings(Struct, frozen=True, kw_only=True):
    """All objectives of a workspace, as the control process saw them last."""

    at: Instant = ""
    rows: int = 0
    """Answers that were looked at."""
    objectives: tuple[ObjectiveStanding, ...] = field(default_factory=tuple)
