"""What limited tenants may still take, as one worker asks and counts it.

Enters: a tenant's limits, later the record of an answer. Leaves: leave to go on, or QuotaError.
Counts lie with this machine, or with a store that several share (then somebody waits for it).
Never happens here: a budget in a currency or for a model that has no price (nobody could say when
it is spent), or an answer that costs nothing because its caller hung up.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from roadworthy.domain import (
    Clock,
    CountError,
    Observation,
    QuotaError,
    Usage,
    Witness,
    format_instant,
)
from roadworthy.manifests import Workspace
from roadworthy.serving import Quota, TenantLimits, Tenants

from .counting import NOT_BILLED, Counting, shared_counts
from .fronts import Front

BYTES_A_TOKEN = 4
"""Where nobody counted an answer's tokens: it broke off, or its upstream does not say."""

logger = logging.getLogger("roadworthy.gateway")


class Allowance:
    """One worker's view of the shared counts."""

    def __init__(
        self,
        workspace: Workspace,
        counting: Counting,
        clock: Clock,
        *,
        worker: str,
        tenants: Callable[[], Tenants | None],
        fronts: Callable[[], Mapping[str, Front]],
    ) -> None:
        """Raises UsageError for a store that cannot be asked as it is written."""
        self._quota = Quota(workspace.quota)
        self._local = counting.local
        self._shared = shared_counts(workspace, counting, worker=worker, said=_say)
        self._clock = clock
        self._tenants = tenants
        self._fronts = fronts

    @property
    def fault(self) -> str:
        """Why a shared store cannot count; empty while it can, and where there is none."""
        return self._shared.fault if self._shared is not None else ""

    def admit(self, limits: TenantLimits) -> Awaitable[None] | None:
        """Count a request; what has to be waited for, where others are asked.

        Raises QuotaError, or CountError when nothing can be counted.
        """
        now = self._clock.now().timestamp()
        if self._shared is not None:
            return self._admit_shared(limits, now)
        self._quota.admit(limits, now)
        return None

    async def _admit_shared(self, limits: TenantLimits, now: float) -> None:
        assert self._shared is not None
        try:
            await self._shared.admit(limits, now)
        except CountError:
            if not self._local:
                raise
            self._quota.admit(limits, now)

    async def half_left(self, limits: TenantLimits) -> bool:
        """Whether half of the tenant's minute is free: batches leave it to who waits.

        Raises CountError when nothing can be counted.
        """
        now = self._clock.now().timestamp()
        try:
            if self._shared is not None:
                return await self._shared.half_left(limits, now)
        except CountError:
            if not self._local:
                raise
        return self._quota.half_left(limits, now)

    async def aclose(self) -> None:
        """Count what is still to be counted elsewhere."""
        if self._shared is not None:
            await self._shared.aclose()
        self._quota.close()

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
        if kept.stage in NOT_BILLED:
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
        if self._shared is not None:
            self._shared.charge(limits, now, tokens=tokens, cost=cost)
        if not self._local:
            return
        try:
            said = self._quota.charge(limits, now, tokens=tokens, cost=cost)
        except CountError as error:
            logger.error("what tenant %s took is not counted: %s", kept.tenant, error.message)
            return
        if said and self._shared is None:  # else the store says it, of all machines
            _say(kept.tenant, said)

    def _price(self, kept: Observation, usage: Usage) -> str | None:
        front = self._fronts().get(kept.system)
        price = front.service.pricing(usage, kept.time) if front is not None else None
        return price[0] if price is not None else None


def _say(tenant: str, said: str) -> None:
    logger.warning("tenant %s: %s", tenant, said)


def _asked(kept: Observation) -> bool:
    """Whether a model may have worked for it: it said something, or it was cut off."""
    return not kept.cache_hit and (kept.first_token_ms is not None or kept.status == "interrupted")


def _estimated(texts: Witness) -> Usage:
    """Tokens of an answer whose upstream counted none, by its bytes, rounded up."""
    said = max(len(text.encode()) for text in (texts.output, texts.raw_output))
    said += len(texts.called.encode())
    return Usage(
        input_tokens=-(-len(texts.input.encode()) // BYTES_A_TOKEN),
        output_tokens=-(-said // BYTES_A_TOKEN),
    )
