"""How far a run is: rows done, what they cost, how long the rest will take."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from roadworthy.domain import Observation

from .spending import PAID, add_cost, costs_beside


class Progress(Struct, frozen=True, kw_only=True):
    """A snapshot, handed to `on_progress`."""

    done: int
    """Rows that are there, those from before included."""
    total: int
    errors: int = 0
    found: int = 0
    """Answered from the cache."""
    spent: dict[str, Decimal] = field(default_factory=dict)
    """Currency -> paid in this process; cached answers cost nothing again."""
    seconds_left: float | None = None


class Tally:
    """Counts rows as they finish."""

    def __init__(self, total: int, resumed: int) -> None:
        self.total = total
        self.done = resumed
        self.errors = 0
        self.errors_in_a_row = 0
        self.found = 0
        self.spent: dict[str, Decimal] = {}
        self._resumed = resumed

    def add(self, observation: Observation) -> None:
        """Count one finished row."""
        self.done += 1
        if observation.status == "error":
            self.errors += 1
            self.errors_in_a_row += 1
        else:
            self.errors_in_a_row = 0
        if observation.cache_hit:
            self.found += 1
        elif observation.cost is not None:
            add_cost(self.spent, (observation.cost, observation.currency))
        for price in costs_beside(observation, PAID):
            add_cost(self.spent, price)

    def snapshot(self, elapsed_s: float) -> Progress:
        """The progress after `elapsed_s` seconds of this process."""
        fresh = self.done - self._resumed
        left = elapsed_s / fresh * (self.total - self.done) if fresh else None
        return Progress(
            done=self.done,
            total=self.total,
            errors=self.errors,
            found=self.found,
            spent=dict(self.spent),
            seconds_left=left,
        )
