"""Verdicts: four, ordered, worst wins, and only PASS opens."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What was judged of one objective, or of all of them."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a secret
    """The evidence meets the target."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """Too little evidence, or none: never a pass."""
    FAIL = "FAIL"
    """The evidence excludes the target (or, for a zero-tolerance target, one violation)."""
    ERROR = "ERROR"
    """The judgement itself could not be made."""

    @property
    def opens(self) -> bool:
        """True for PASS alone."""
        return self is Verdict.PASS


_ORDER = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict; of none, INCONCLUSIVE (absence is never a pass)."""
    seen = list(verdicts)
    if not seen:
        return Verdict.INCONCLUSIVE
    return max(seen, key=_ORDER.index)
