"""Numbers in an output, exactly as they are written: decimal, never binary."""

from __future__ import annotations

import math
from decimal import Decimal

from roadworthy.domain import (
    Case,
    DecimalMark,
    DetectorError,
    Observation,
    Which,
    written_number,
)

from .references import right_texts


class NumberReader:
    """Finds the number that an answer means."""

    def __init__(self, *, which: Which, decimal: DecimalMark) -> None:
        self._which = which
        self._decimal = decimal

    def read(self, text: str) -> Decimal | None:
        """The number; None when there is none, or several where there must be one."""
        return written_number(text, which=self._which, decimal=self._decimal)

    def wanted(self, case: Case) -> list[Decimal]:
        """The right numbers. Raises DetectorError when a right text is none."""
        numbers = []
        for text in right_texts(case):
            number = self.read(text)
            if number is None:
                raise DetectorError(
                    f"`expect.text` of case {case.id} is no number: {text!r}",
                    fix="write the number alone",
                )
            numbers.append(number)
        return numbers


class Numeric:
    """1.0 when the output's number is a right one, within the wider of two tolerances."""

    def __init__(
        self,
        name: str,
        *,
        tolerance: float,
        relative: float,
        which: Which,
        decimal: DecimalMark,
    ) -> None:
        self.name = name
        self._reader = NumberReader(which=which, decimal=decimal)
        self._tolerance = Decimal(str(tolerance))
        self._relative = Decimal(str(relative))

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no text."""
        wanted = self._reader.wanted(case)
        if not wanted:
            return None
        got = self._reader.read(output)
        return float(got is not None and any(self._near(got, each) for each in wanted))

    def _near(self, got: Decimal, wanted: Decimal) -> bool:
        return abs(got - wanted) <= max(self._tolerance, self._relative * abs(wanted))


class AbsoluteError:
    """Distance of the output's number from the nearest right one, at most `worst`.

    An answer without a number counts as `worst`, so nobody gains by giving none.
    """

    def __init__(self, name: str, *, worst: float, which: Which, decimal: DecimalMark) -> None:
        self.name = name
        self._reader = NumberReader(which=which, decimal=decimal)
        self._worst = Decimal(str(worst))

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to `worst`; None when the case expects no text."""
        wanted = self._reader.wanted(case)
        if not wanted:
            return None
        got = self._reader.read(output)
        if got is None:
            return float(self._worst)
        return float(min(self._worst, *(abs(got - each) for each in wanted)))

    def numbers(self, case: Case, output: str) -> tuple[float | None, float] | None:
        """What the answer says, if a number, and the right one nearest to it; None as `score`.

        One that is larger than a float, which no row could hold, is none.
        """
        wanted = self._reader.wanted(case)
        if not wanted:
            return None
        if not all(math.isfinite(float(each)) for each in wanted):
            raise DetectorError(f"a right number of case {case.id} is too large to compare")
        got = self._reader.read(output)
        if got is None or not math.isfinite(float(got)):
            return None, float(wanted[0])
        return float(got), float(min(wanted, key=lambda each: abs(got - each)))
