"""The expected decision."""

from __future__ import annotations

from roadworthy.domain import Case, Observation


class Label:
    """1.0 when the decision (or without one the output) is `expect.label`.

    What was blocked, held for a person or answered by the fallback gave no label to the caller
    and is wrong here, so that nobody gains by answering less (`selective_accuracy` counts only
    what was answered). Where the case wants it held or blocked, there is no label to judge.
    Option: `ignore_case` (default false).
    """

    def __init__(self, name: str, *, ignore_case: bool = False) -> None:
        self.name = name
        self._ignore_case = ignore_case

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no label, or none left as it wants."""
        expected = case.expect.label
        if expected is None:
            return None
        if observation.action != "answered":
            return None if case.expect.action in ("hold", "block") else 0.0
        decided = observation.decision or output.strip()
        if self._ignore_case:
            return float(decided.casefold() == expected.casefold())
        return float(decided == expected)
