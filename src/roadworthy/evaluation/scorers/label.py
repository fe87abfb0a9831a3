"""The expected decision."""

from __future__ import annotations

from roadworthy.domain import Case, Observation


class Label:
    """1.0 when the decision (or without one the output) is `expect.label`.

    What was blocked gave no decision to the caller and is wrong; what is held for a person is
    not decided yet and is not counted here (how often that happens is an indicator of its own).
    Option: `ignore_case` (default false).
    """

    def __init__(self, name: str, *, ignore_case: bool = False) -> None:
        self.name = name
        self._ignore_case = ignore_case

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no label or a person will decide."""
        expected = case.expect.label
        if expected is None or observation.action == "held":
            return None
        if observation.action != "answered":
            return 0.0
        decided = observation.decision or output.strip()
        if self._ignore_case:
            return float(decided.casefold() == expected.casefold())
        return float(decided == expected)
