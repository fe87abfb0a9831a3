"""What a use case is to cost and what it cost: money, hours, energy, phase by phase."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from .file import File

CostPhase = Literal[
    "understanding", "data", "modelling", "evaluation", "deployment", "monitoring"
]  # fmt: skip
"""The phases of CRISP-ML(Q), as the lifecycle has them."""
COST_PHASES: tuple[CostPhase, ...] = get_args(CostPhase)
Measure = Literal["money", "hours", "energy"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
NOTHING_RECORDED = "nothing was recorded"
"""Why a cost is unknown of which nobody said or measured anything."""
_Amount = Annotated[float, Meta(ge=0, le=1e12)]


class Estimate(File, frozen=True, kw_only=True):
    """What a phase is to cost, as people expected before it. What is left out was not estimated."""

    amount: _Amount | UnsetType = UNSET
    """Money, in `currency`."""
    currency: Currency = "EUR"
    hours: _Amount | UnsetType = UNSET
    """Of people."""
    kwh: _Amount | UnsetType = UNSET
    """Of energy."""
    reason: str = ""
    """What it rests on."""


class Cost(Struct, frozen=True, kw_only=True):
    """One known sum, and where it comes from."""

    phase: CostPhase
    measure: Measure
    amount: str
    """A decimal."""
    unit: str
    """The currency, `h` or `kWh`."""
    source: str
    """In words, such as `entry 12 (invoice.pdf)`."""


class UnknownCost(Struct, frozen=True, kw_only=True):
    """Something that cost, and nobody knows how much."""

    phase: CostPhase
    measure: Measure
    why: str


class CostSum(Struct, frozen=True, kw_only=True):
    """How one measure of one phase stands."""

    phase: CostPhase
    measure: Measure
    estimate: str = ""
    """A decimal; empty: nobody estimated it."""
    estimated_unit: str = ""
    actual: dict[str, str]
    """Unit -> decimal. Empty: nothing is known, which is not 0."""
    share: str = ""
    """Of the estimate, in percent; empty where they cannot be held against each other."""
    whole: bool
    """Whether nothing of it is unknown."""
    sources: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """What it cost; what is not known is said, and is no 0."""
        known = " + ".join(f"{amount} {unit}" for unit, amount in self.actual.items())
        if not known:
            return "unknown"
        return known if self.whole else f"{known} and what is unknown"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why something of it is unknown; none where nothing was recorded at all."""
        return () if self.unknown == (NOTHING_RECORDED,) else self.unknown

    @property
    def over(self) -> bool:
        """Whether what is known is more than what was estimated."""
        spent = self.actual.get(self.estimated_unit)
        return bool(self.estimate and spent) and Decimal(spent or 0) > Decimal(self.estimate)
