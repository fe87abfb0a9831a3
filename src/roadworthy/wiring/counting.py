"""Where it is counted what limited tenants take, and the books of it.

What enters: a deployment, later the journal. What leaves: counts that all who share them believe.
What never happens here: a tenant with a budget that is let in before what it spent is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from roadworthy.domain import (
    UNHEARD,
    Clock,
    LimitSettings,
    UsageError,
    format_instant,
)
from roadworthy.journal import BudgetGauge, originals, read_segment, segments
from roadworthy.manifests import STORE_PREFIX, Workspace, load_deployment, wrong_store
from roadworthy.providers import resolve_credential
from roadworthy.serving import (
    Quota,
    TenantLimits,
    billionths,
    forecast,
    load_tenants,
    month_of,
)

from .clock import new_id
from .count_scripts import Keys as CountKeys
from .redis_link import Link as RedisLink
from .shared_books import SharedBooks, machine_of
from .shared_counts import SharedCounts

NOT_BILLED = UNHEARD | {"probe", "drill"}
"""Stages of what no tenant asked for."""


class Books(Protocol):
    """The counts, for who is not in a hurry. Every method may raise CountError."""

    def create(self) -> None:
        """See that there is a place for counts."""

    def at_least(self, limits: TenantLimits, spent: int, month: int) -> None:
        """Correct this machine's spending of a month upwards."""

    def open(self) -> None:
        """This machine's spending is known: tenants are let in from now on."""

    def exists(self) -> bool:
        """Whether there are counts at all."""

    def requests_left(self, limits: TenantLimits, now: float) -> int:
        """How many requests could come at once."""

    def spent(self, limits: TenantLimits, month: int) -> int:
        """Billionths spent in a month."""

    def close(self) -> None:
        """Let go what is held."""


class Counting(Struct, frozen=True, kw_only=True):
    """Where it is counted, as a deployment says."""

    settings: LimitSettings
    root: str
    """The folder of that deployment; its `file:` references begin there."""

    @property
    def shared(self) -> bool:
        """Whether several machines count together."""
        return bool(self.settings.url)

    @property
    def local(self) -> bool:
        """Whether this machine counts for itself, always or while the others cannot be reached."""
        return not self.shared or self.settings.on_unreachable == "local"

    def link(self) -> RedisLink:
        """How to reach the shared counts. Raises UsageError."""
        settings = self.settings
        # What the environment says has not been checked, and it may hold a password.
        if wrong_store(settings.url) or not STORE_PREFIX.fullmatch(settings.prefix):
            raise UsageError(
                "limits.url is no address of Redis, or holds more; or limits.prefix is no name",
                fix="write `rediss://HOST:PORT/DB`, and the password as limits.credential",
            )
        secret = resolve_credential(settings.credential, root=self.root, upstream="limits")
        return RedisLink(
            url=settings.url, user=settings.user, secret=secret, timeout_s=settings.timeout_s
        )


def counting_of(roots: Iterable[str | Path]) -> Counting:
    """What the deployments of systems that are served together say.

    One workspace has one truth about what a tenant took. Raises UsageError, ManifestError.
    """
    every = sorted({str(root) for root in roots})
    said = {root: load_deployment(Path(root)).limits for root in every}
    distinct = {settings: root for root, settings in reversed(said.items())}
    if len(distinct) > 1:
        places = " and ".join(sorted(distinct.values()))
        raise UsageError(
            f"the roadworthy.toml of {places} say different [limits]",
            fix="systems of one workspace are counted in one place: write the same in all",
        )
    settings, root = next(iter(distinct.items()), (LimitSettings(), "."))
    return Counting(settings=settings, root=root)


def books_of(workspace: Workspace, counting: Counting) -> Books:
    """The books in force. Raises UsageError."""
    if not counting.shared:
        return Quota(workspace.quota)
    return SharedBooks(counting.link(), counting.settings.prefix, workspace.serving)


def shared_counts(
    workspace: Workspace, counting: Counting, *, worker: str, said: Callable[[str, str], None]
) -> SharedCounts | None:
    """A worker's side of counts that several machines share; None where none do."""
    if not counting.shared:
        return None
    keys = CountKeys(counting.settings.prefix, machine_of(workspace.serving))
    return SharedCounts(counting.link(), keys, writer=worker, incarnation=new_id(), said=said)


def recount(workspace: Workspace, clock: Clock, counting: Counting) -> None:
    """Correct this month's spending upwards to what the journal knows, before anybody asks.

    Counts may be lost or behind; the journal was on disk before each answer left. Raises
    EvidenceError when either cannot be read; then limited tenants are refused.
    """
    kept: list[Books] = [Quota(workspace.quota)] if counting.local else []
    kept += [books_of(workspace, counting)] if counting.shared else []
    tenants = load_tenants(workspace.tenants).limits
    budgets = {tenant: limits for tenant, limits in tenants.items() if limits.budget}
    spent = _spent_this_month(workspace, clock, budgets) if budgets else {}
    month = month_of(clock.now().timestamp())
    for books in kept:
        try:
            books.create()
            for tenant, limits in budgets.items():
                books.at_least(limits, spent[tenant], month)
            books.open()
        finally:
            books.close()


def _spent_this_month(
    workspace: Workspace, clock: Clock, budgets: dict[str, TenantLimits]
) -> dict[str, int]:
    now = clock.now()
    month, since = format_instant(now)[:7], now.replace(day=1, hour=0, minute=0, second=0)
    spent = dict.fromkeys(budgets, 0)
    for path in originals(segments(workspace.journal)):
        if path.stat().st_mtime < since.timestamp():
            continue
        for placed in read_segment(path):
            kept = placed.record.observation
            if placed.record.kind != "close" or kept is None or kept.time[:7] != month:
                continue
            if kept.stage in NOT_BILLED:
                continue
            limits = budgets.get(kept.tenant)
            if limits is not None and kept.cost is not None and kept.currency == limits.currency:
                spent[kept.tenant] += billionths(kept.cost)
    return spent


class Restoring:
    """Sees, again and again, that shared counts still know this machine. A thread's."""

    def __init__(self, workspace: Workspace, clock: Clock, counting: Counting) -> None:
        """Raises UsageError."""
        self._workspace = workspace
        self._clock = clock
        self._counting = counting
        self._books = SharedBooks(counting.link(), counting.settings.prefix, workspace.serving)

    def look(self) -> bool:
        """Whether they had to be counted anew, and were. Raises EvidenceError when not."""
        if not self._books.lost():
            return False
        recount(self._workspace, self._clock, self._counting)
        return True


def budgets_of(workspace: Workspace, clock: Clock, counting: Counting) -> tuple[BudgetGauge, ...]:
    """How every budget stands. Raises EvidenceError when it cannot be read."""
    books = books_of(workspace, counting)
    try:
        return tuple(_budget_gauges(workspace, books, clock.now().timestamp()))
    finally:
        books.close()


def _budget_gauges(workspace: Workspace, books: Books, now: float) -> Iterator[BudgetGauge]:
    for tenant, limits in sorted(load_tenants(workspace.tenants).limits.items()):
        if limits.budget and books.exists():
            spent = books.spent(limits, month_of(now))
            yield BudgetGauge(
                tenant=tenant,
                currency=limits.currency,
                budget=float(limits.budget),
                spent=spent / 1e9,
                forecast=forecast(spent, now) / 1e9,
            )
