"""Use cases side by side: seven factors with their stop criteria, and what is not thought through.

A score is a judgement with a reason, so nothing is added up to one number that decides: a factor
at 1 stops, one that nobody scored stops, too. Weights only order what is worth a look first.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.domain import Charter, Suite

FACTORS = (
    "business_value", "technical_capability", "data_availability", "regulation", "ethics", "risk",
    "automation_against_assistance",
)  # fmt: skip
"""Each from 1 (speaks against it) to 5 (speaks for it)."""
STOPS = 1
"""A factor with this score stops a use case."""


class Factor(Struct, frozen=True, kw_only=True):
    """One factor of one use case."""

    name: str
    score: int | None
    reason: str = ""
    stop_if: str = ""
    """What would end it later, too."""


class UseCase(Struct, frozen=True, kw_only=True):
    """One use case, as its charter has it."""

    system: str
    title: str
    purpose: str
    factors: tuple[Factor, ...]
    others: tuple[Factor, ...]
    """Factors of its own."""
    findings: tuple[str, ...]
    """What is not thought through: each names the place to write it."""

    @property
    def stops(self) -> tuple[str, ...]:
        """Factors that speak against it."""
        return tuple(one.name for one in self.factors if one.score == STOPS)

    @property
    def unscored(self) -> tuple[str, ...]:
        """Factors that nobody scored."""
        return tuple(one.name for one in self.factors if one.score is None)

    @property
    def mean(self) -> float | None:
        """Of what is scored, to order use cases by; None while a factor is not."""
        scores = [one.score for one in self.factors if one.score is not None]
        return sum(scores) / len(scores) if scores and not self.unscored else None


def use_case(charter: Charter, suites: Sequence[Suite]) -> UseCase:
    """A charter as a use case among others."""
    scored = charter.value.scorecard if charter.value is not None else {}
    factors = [
        Factor(
            name=name,
            score=scored[name].score if name in scored else None,
            reason=scored[name].reason if name in scored else "",
            stop_if=scored[name].stop_if if name in scored else "",
        )
        for name in FACTORS
    ]
    others = [
        Factor(name=name, score=one.score, reason=one.reason, stop_if=one.stop_if)
        for name, one in scored.items()
        if name not in FACTORS
    ]
    return UseCase(
        system=charter.system,
        title=charter.title,
        purpose=" ".join(charter.use.intended_purpose.split()),
        factors=tuple(factors),
        others=tuple(others),
        findings=tuple(_findings(charter, suites)),
    )


def _findings(charter: Charter, suites: Sequence[Suite]) -> list[str]:
    scored = charter.value.scorecard if charter.value is not None else {}
    success = charter.value.success if charter.value is not None else {}
    tags = {tag for suite in suites for case in suite.cases for tag in case.tags}
    voices = {one.voice for one in charter.stakeholders if one.consulted}
    found = [f"value.scorecard.{name}: nobody scored it" for name in FACTORS if name not in scored]
    found += [
        f"value.scorecard.{name}.stop_if: nothing would end it"
        for name, one in scored.items()
        if not one.stop_if.strip()
    ]
    found += [
        f"value.success.{level}: no criterion"
        for level in ("business", "model", "system")
        if not success.get(level)
    ]
    if not charter.risks:
        found.append("risks: no row of the FMEA table")
    found += [f"risks.{one.id}: no test" for one in charter.risks if not set(one.tested_by) & tags]
    found += [f"never.{one.id}: no case" for one in charter.never if f"never:{one.id}" not in tags]
    if not charter.stakeholders:
        found.append("stakeholders: nobody is named")
    found += [
        f"stakeholders: the voice `{voice}` was not heard"
        for voice in charter.review.required_voices
        if voice not in voices
    ]
    return found
