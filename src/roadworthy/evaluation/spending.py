"""What is paid beside the candidate's answers: judges, and models that play users.

Enters: calls of models behind a metered provider, while a row is made. Leaves: in the row's
`attributes.spent` how many calls, tokens and what price, by whom, when they were paid for; in
`attributes.paid` what this process really paid, which answers from the cache do not. What never
happens here: a price that nobody knows taken for nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import (
    Case,
    Chunk,
    ModelRequest,
    Observation,
    Provider,
    Spending,
    Target,
    Usage,
)

from .cache import receipt_apart

SPENT = "spent"
"""The attribute of a row that says what was paid beside its answer, by whom."""

PAID = "paid"
"""The attribute that says how much of it this process paid; in no digest."""

Pricing = Callable[[Usage], tuple[str, str] | None]
"""What a call cost: (decimal string, currency); None where no price is known."""


class Spent(Struct):
    """Calls of one kind, added up."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: dict[str, Decimal] = field(default_factory=dict)
    """Currency -> of the calls whose price is known."""
    unpriced: int = 0
    """Calls whose price is not known."""

    def add(self, usage: Usage | None, price: tuple[str, str] | None) -> None:
        """One call more."""
        self.calls += 1
        if usage is not None:
            self.input_tokens += usage.input_tokens
            self.output_tokens += usage.output_tokens
        if price is None:
            self.unpriced += 1
        else:
            add_cost(self.cost, price)

    def as_attribute(self) -> dict[str, Any]:
        """Plain, without floats."""
        return {**msgspec.structs.asdict(self), "cost": _texts(self.cost)}


class _Tab(Struct):
    """What the row that is being made has cost so far."""

    by: dict[str, Spent] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)


_tab: ContextVar[_Tab | None] = ContextVar("roadworthy_tab", default=None)


@contextmanager
def tab() -> Iterator[dict[str, Spent]]:
    """What metered calls in here cost, by whom: for calls that belong to no row."""
    opened = _Tab()
    token = _tab.set(opened)
    try:
        yield opened.by
    finally:
        _tab.reset(token)


class MeteredProvider:
    """The Provider port around another one: its calls are put on the tab of the row."""

    def __init__(self, provider: Provider, by: str, pricing: Pricing) -> None:
        """`by` says who asks: `judges` or `users`."""
        self.name = provider.name
        self._provider = provider
        self._by = by
        self._pricing = pricing

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Ask for the whole reply, note it, hand it on. Raises ProviderError; it is noted, too."""
        usage: Usage | None = None
        chunks: list[Chunk] = []
        with receipt_apart() as receipt:
            try:
                async for chunk in self._provider.stream(request):
                    chunks.append(chunk)
                    usage = chunk.usage or usage
            finally:
                self._note(usage, paid=not receipt.cache_hit)
        for chunk in chunks:
            yield chunk

    def _note(self, usage: Usage | None, *, paid: bool) -> None:
        opened = _tab.get()
        if opened is None:
            return
        price = None if usage is None else self._pricing(usage)
        opened.by.setdefault(self._by, Spent()).add(usage, price)
        if paid and price is not None:
            add_cost(opened.paid, price)

    async def aclose(self) -> None:
        """Release the provider behind."""
        await self._provider.aclose()


class MeteredTarget:
    """The Target port around another one: each row says what was paid beside its answer."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer; the row with `attributes.spent` where anything was."""
        opened = _Tab()
        token = _tab.set(opened)
        try:
            found = await self._target.answer(case, suite=suite, repeat=repeat)
        finally:
            _tab.reset(token)
        if not opened.by:
            return found
        more: dict[str, Any] = {SPENT: {by: each.as_attribute() for by, each in opened.by.items()}}
        if opened.paid:
            more[PAID] = _texts(opened.paid)
        return msgspec.structs.replace(found, attributes={**found.attributes, **more})


def spendings(rows: Iterable[Observation]) -> tuple[Spending, ...]:
    """What all rows spent beside their answers, by whom."""
    total: dict[str, Spent] = {}
    for row in rows:
        for by, said in row.attributes.get(SPENT, {}).items():
            into = total.setdefault(by, Spent())
            into.calls += said["calls"]
            into.input_tokens += said["input_tokens"]
            into.output_tokens += said["output_tokens"]
            into.unpriced += said["unpriced"]
            for currency, amount in said["cost"].items():
                add_cost(into.cost, (amount, currency))
    return tuple(
        Spending(
            by=by,
            calls=each.calls,
            input_tokens=each.input_tokens,
            output_tokens=each.output_tokens,
            cost=_in_words(each.cost),
            unpriced=each.unpriced,
        )
        for by, each in sorted(total.items())
    )


def cost_of(rows: Iterable[Observation]) -> str | None:
    """What a run cost when it was paid for, judges and users too; None when no price is known.

    With prices in several currencies there is no one sum: each is written with its currency.
    """
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.cost is not None:
            add_cost(sums, (row.cost, row.currency))
        for price in costs_beside(row):
            add_cost(sums, price)
    return _in_words(sums)


def costs_beside(row: Observation, attribute: str = SPENT) -> list[tuple[str, str]]:
    """(amount, currency) of what a row cost beside its answer; of PAID: in this process."""
    said = row.attributes.get(attribute, {})
    each = [said] if attribute == PAID else [part["cost"] for part in said.values()]
    return [(amount, currency) for cost in each for currency, amount in cost.items()]


def add_cost(sums: dict[str, Decimal], price: tuple[str, str]) -> None:
    """Add an amount to the sum of its currency."""
    amount, currency = price
    sums[currency] = sums.get(currency, Decimal(0)) + Decimal(amount)


def _in_words(sums: dict[str, Decimal]) -> str | None:
    if not sums:
        return None
    return " + ".join(f"{amount.normalize():f} {unit}".strip() for unit, amount in sums.items())


def _texts(sums: dict[str, Decimal]) -> dict[str, str]:
    return {currency: f"{amount:f}" for currency, amount in sums.items()}
