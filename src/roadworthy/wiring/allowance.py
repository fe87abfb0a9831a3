"""What limited tenants may still take, as one worker asks and counts it.

Enters: a tenant's limits, later the record of an answer. Leaves: leave to go on, or QuotaError.
Never happens here: a budget in a currency or for a model that has no price (nobody could say when
it is spent), or an answer that costs nothing because its caller hung up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from roadworthy.domain import (
    UNHEARD,
    Clock,
    EvidenceError,
    Observation,
    QuotaError,
    Usage,
    Witness,
    format_instant,
)
from roadworthy.journal import BudgetGauge, originals, read_segment, segments
from roadworthy.manifests import Workspace
from roadworthy.serving import (
    Quota,
    TenantLimits,
    Tenants,
    billionths,
    forecast,
    load_tenants,
    month_of,
)

from .fronts import Front

BYTES_A_TOKEN = 4
"""Where nobody counted an answer's tokens: it broke off, or its upstream does not say."""

_NOT_BILLED = UNHEARD | {"probe"}
"""Stages of what no tenant asked for."""

logger = logging.getLogger("roadworthy.gateway")


class Allowance:
    """One worker's view of the shared counts."""

    def __init__(
        self,
        quota: Quota,
        clock: Clock,
        *,
        tenants: Callable[[], Tenants | None],
        fronts: Callable[[], Mapping[str, Front]],
    ) -> None:
        self._quota = quota
        self._clock = clock
        self._tenants = tenants
        self._fronts = fronts

    def admit(self, limits: TenantLimits) -> None:
        """Count a request. Raises QuotaError, or EvidenceError when nothing can be counted."""
        self._quota.admit(limits, self._clock.now().timestamp())

    def half_left(self, limits: TenantLimits) -> bool:
        """Whether half of the tenant's minute is free: batches leave it to who waits.

        Raises EvidenceError when nothing can be counted.
        """
        return self._quota.half_left(limits, self._clock.now().timestamp())

    def require_priced(self, limits: TenantLimits, front: Front) -> None:
        """Raises QuotaError when a budget is to be kept and nobody knows what an answer costs."""
        if not limits.budget:
            return
        one = Usage(input_tokens=1, output_tokens=1)
        price = front.service.pricing(one, format_instant(self._clock.now()))
        if price is None or price[1] != limits.currency:
            known = "has no price" if price is None else f"is priced in {price[1]}"
            raise QuotaError(
                f"the budget is in {limits.currency}, and the model {front.model} {known}",
                fix="the operator adds a price to roadworthy.toml",
                what="price",
            )

    def charge(self, kept: Observation, texts: Witness) -> None:
        """Count what an answer took, when its tenant is limited. Never raises."""
        if kept.stage in _NOT_BILLED:
            return
        tenants = self._tenants()
        limits = tenants.limits_of(kept.tenant) if tenants is not None else None
        if limits is None:
            return
        usage, cost = kept.usage, kept.cost
        if _asked(kept) and not (usage.input_tokens or usage.output_tokens):
            usage = _estimated(texts)
            cost = self._price(kept, usage)
        tokens = usage.input_tokens + usage.output_tokens
        now = self._clock.now().timestamp()
        try:
            said = self._quota.charge(limits, now, tokens=tokens, cost=cost)
        except EvidenceError as error:
            logger.error("what tenant %s took is not counted: %s", kept.tenant, error.message)
            return
        if said:
            logger.warning("tenant %s: %s", kept.tenant, said)

    def _price(self, kept: Observation, usage: Usage) -> str | None:
        front = self._fronts().get(kept.system)
        price = front.service.pricing(usage, kept.time) if front is not None else None
        return price[0] if price is not None else None


def _asked(kept: Observation) -> bool:
    """Whether a model may have worked for it: it said something, or it was cut off."""
    return not kept.cache_hit and (kept.first_token_ms is not None or kept.status == "interrupted")


def _estimated(texts: Witness) -> Usage:
    """Tokens of an answer whose upstream counted none, by its bytes, rounded up."""
    said = max(len(text.encode()) for text in (texts.output, texts.raw_output))
    return Usage(
        input_tokens=-(-len(texts.input.encode()) // BYTES_A_TOKEN),
        output_tokens=-(-said // BYTES_A_TOKEN),
    )


def budgets_of(workspace: Workspace, clock: Clock) -> tuple[BudgetGauge, ...]:
    """How every budget stands. Raises EvidenceError when it cannot be read."""
    quota = Quota(workspace.quota)
    try:
        return tuple(_budget_gauges(workspace, quota, clock.now().timestamp()))
    finally:
        quota.close()


def _budget_gauges(workspace: Workspace, quota: Quota, now: float) -> Iterator[BudgetGauge]:
    for tenant, limits in sorted(load_tenants(workspace.tenants).limits.items()):
        if limits.budget and quota.exists():
            spent = quota.taken(limits).spent_in(month_of(now))
            yield BudgetGauge(
                tenant=tenant,
                currency=limits.currency,
                budget=float(limits.budget),
                spent=spent / 1e9,
                forecast=forecast(spent, now) / 1e9,
            )


def recount(workspace: Workspace, clock: Clock) -> None:
    """Correct this month's spending upwards to what the journal knows, before anybody asks.

    The file of counts may be lost or behind; the journal was on disk before each answer left.
    Raises EvidenceError when either cannot be read; then limited tenants are refused.
    """
    quota = Quota(workspace.quota)
    quota.create()
    budgets = {
        tenant: limits
        for tenant, limits in load_tenants(workspace.tenants).limits.items()
        if limits.budget
    }
    if not budgets:
        quota.close()
        return
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
            if kept.stage in _NOT_BILLED:
                continue
            limits = budgets.get(kept.tenant)
            if limits is not None and kept.cost is not None and kept.currency == limits.currency:
                spent[kept.tenant] += billionths(kept.cost)
    for tenant, limits in budgets.items():
        quota.at_least(limits, spent[tenant], month_of(now.timestamp()))
    quota.close()
