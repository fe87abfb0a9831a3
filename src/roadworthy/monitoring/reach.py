"""How far the values of a mean can go: what an objective says, beside what the indicator knows."""

from __future__ import annotations

from msgspec import Struct, structs

from roadworthy.domain import IndicatorSpec


class Reach(Struct, frozen=True, kw_only=True):
    """The least and the largest value that a case can have; None: nobody says."""

    least: float | None = None
    most: float | None = None

    def of(self, spec: IndicatorSpec) -> IndicatorSpec:
        """The indicator, with values that go so far. What it knows itself stands."""
        return structs.replace(
            spec,
            low=self.least if spec.low is None else spec.low,
            high=self.most if spec.high is None else spec.high,
        )


ANY = Reach()
"""Nobody says how far."""
