"""Many comparisons with one baseline: together they refuse a change that changes nothing rarely.

Each relative objective (each slice of it) may fail by chance alone. A FAIL against the baseline is
one that holds at every one's share of the error (Bonferroni), so that of changes that change
nothing at most 2.5 % fail for any of them; the rule about regressions then takes the other half of
its alpha. A PASS needs every objective to pass, so nothing is corrected there. Never here: a
verdict that becomes better than INCONCLUSIVE.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from roadworthy.domain import Assessment, Verdict, parse_target

from .regression import RegressionRule


def is_compared(item: Assessment) -> bool:
    """Whether it was judged against the baseline, with data."""
    return bool(parse_target(item.slo.target).relative_to) and item.baseline is not None


def held_together(alone: Assessment, together: Assessment, tests: int) -> Assessment:
    """The assessment; a failure that does not hold among `tests` comparisons is undecided."""
    if alone.verdict is not Verdict.FAIL or together.verdict is Verdict.FAIL:
        return alone
    reason = f"{alone.reason}, but not beside the {tests} that are compared with the baseline"
    return structs.replace(alone, verdict=Verdict.INCONCLUSIVE, reason=reason, phase="suite")


def beside_objectives(rule: RegressionRule, judged: Iterable[Assessment]) -> RegressionRule:
    """The rule with its share of the alpha: half, where objectives are compared too."""
    if not any(is_compared(item) for item in judged):
        return rule
    return structs.replace(rule, alpha=rule.alpha / 2)
