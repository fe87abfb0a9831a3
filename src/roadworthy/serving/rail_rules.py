"""From rails.yaml and the charter's never events to guards.

Enters: rails, never events, side files. Leaves: guards and late rules, or every fault at once.
Never happens here: a rail that is dropped because it cannot be built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.detectors import make_detector
from roadworthy.domain import (
    DEEP_RAILS,
    CelRule,
    Detector,
    Egress,
    Fault,
    Inspector,
    ManifestError,
    NeverEvent,
    Rail,
    RailAction,
    Rule,
    deep_faults,
)

from .egress import detectors_of
from .guard import Guard, Side

_NEVER_BUDGET_S = 0.02
"""A never event is worth four times the default budget of a rail; it has no option to fail open."""


Ask = Callable[[Rail], Inspector]
"""Makes what a rail asks outside. Raises UsageError where it cannot be reached at all."""


class BuiltRule(Struct, frozen=True, kw_only=True):
    """A never event's rule, ready to look."""

    event: NeverEvent
    detector: Detector | None
    """None for a judge: carried, and said to be not checked."""
    sides: tuple[Side, ...]
    threshold: float = 0.0


class RuleBuilder:
    """Builds guards and collects what is wrong with any of them."""

    def __init__(self, assets: Mapping[str, Any], ask: Ask | None = None) -> None:
        self._assets = assets
        self._ask = ask
        self.faults: list[Fault] = []

    def raise_faults(self) -> None:
        """Raise ManifestError when anything was wrong."""
        if self.faults:
            raise ManifestError(self.faults)

    def rail(self, rail: Rail) -> list[Guard]:
        """The guards of one rail, one per side."""
        where = f"rail `{rail.id}`"
        if rail.action in ("label", "resample") and rail.on != "output":
            self._fault(
                "rails.yaml", f"{where}: `{rail.action}` is for answers", "write `on: output`"
            )
        if rail.action == "label" and not rail.replacement.strip():
            self._fault(
                "rails.yaml",
                f"{where}: `label` has nothing to say",
                "write `replacement: This is no legal advice.`",
            )
        if not 0.0 <= rail.threshold <= 1.0:
            self._fault("rails.yaml", f"{where}: threshold {rail.threshold:g}", "give 0 to 1")
        if rail.budget_ms <= 0.0:
            self._fault("rails.yaml", f"{where}: budget_ms {rail.budget_ms:g}", "give more than 0")
        deep = rail.detector in DEEP_RAILS
        detector = asks = None
        if deep:
            for message, fix in (wrong := deep_faults(rail)):
                self._fault("rails.yaml", f"{where}: {message}", fix)
            if wrong:
                return []
            asks = None if self._ask is None else self._ask(rail)
        else:
            detector = self._detector("rails.yaml", where, rail.detector, rail.options)
            if detector is None:
                return []
        sides: tuple[Side, ...] = ("input", "output") if rail.on == "both" else (rail.on,)
        return [
            Guard(
                rail=rail.id,
                side=side,
                detector=detector,
                action=rail.action,
                threshold=rail.threshold,
                budget_s=rail.budget_ms / 1000.0,
                open=rail.on_timeout == "open",
                replacement=rail.replacement,
                deep=deep,
                asks=asks,
            )
            for side in sides
        ]

    def egress(self, egress: Egress) -> None:
        """Note what keeps the look for personal data on its way out from being built."""
        try:
            detectors_of(egress)
        except ManifestError as wrong:
            for fault in wrong.faults:
                self._fault("rails.yaml", f"egress: {fault.message}", fault.fix)

    def rule(self, event: NeverEvent) -> BuiltRule | None:
        """A never event's rule; None when it is faulty."""
        where = f"never event `{event.id}`"
        name, options, sides, threshold = _asked(event.rule)
        if not name:
            self._fault("charter.yaml", f"{where}: it has no rule", "give exactly one rule")
            return None
        if name == "judge":
            return BuiltRule(event=event, detector=None, sides=sides)
        detector = self._detector("charter.yaml", where, name, options)
        if detector is None:
            return None
        return BuiltRule(event=event, detector=detector, sides=sides, threshold=threshold)

    def _detector(
        self, file: str, where: str, name: str, options: Mapping[str, Any]
    ) -> Detector | None:
        try:
            return make_detector(name, options, self._assets)
        except ManifestError as wrong:
            for fault in wrong.faults:
                self._fault(file, f"{where}: {fault.message}", fault.fix)
            return None

    def _fault(self, file: str, message: str, fix: str) -> None:
        self.faults.append(Fault(file=file, line=0, message=message, fix=fix))


def never_guards(rule: BuiltRule) -> list[Guard]:
    """The guards of an inline never event, one per side."""
    action: RailAction = "hold" if rule.event.action == "hold" else "block"
    return [
        Guard(
            rail=f"never:{rule.event.id}",
            side=side,
            detector=rule.detector,
            action=action,
            threshold=rule.threshold,
            budget_s=_NEVER_BUDGET_S,
            never_event=rule.event.id,
            error_is_event=rule.event.rule.kind == "cel",
        )
        for side in rule.sides
    ]


def _asked(rule: Rule) -> tuple[str, dict[str, Any], tuple[Side, ...], float]:
    """Detector name, options, sides and threshold of a rule; an empty name when it has none.

    CEL, schema and judge rules speak of the answer, so they look at the output side.
    """
    output: tuple[Side, ...] = ("output",)
    if rule.pattern is not None:
        options = {"patterns": rule.pattern.patterns, "ignore_case": rule.pattern.ignore_case}
        return "pattern", options, _sides(rule.pattern.on), 0.0
    if rule.cel is not None:
        text = rule.cel.expression if isinstance(rule.cel, CelRule) else rule.cel
        return "cel", {"expression": text}, output, 0.0
    if rule.schema is not None:
        return "schema", {"schema": rule.schema.schema}, output, 0.0
    if rule.classifier is not None:
        asked = rule.classifier
        return asked.detector, dict(asked.options), _sides(asked.on), asked.threshold
    return ("judge" if rule.judge is not None else ""), {}, output, 0.0


def _sides(on: str) -> tuple[Side, ...]:
    return ("input", "output") if on == "both" else ("input",) if on == "input" else ("output",)


def names_twice(rails: Sequence[Rail]) -> list[str]:
    """Rail ids that occur more than once."""
    seen: set[str] = set()
    return sorted({rail.id for rail in rails if rail.id in seen or seen.add(rail.id)})  # type: ignore[func-returns-value]
