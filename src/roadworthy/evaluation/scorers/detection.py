"""Any detector as a scorer: the same object is a rail online and a judge offline."""

from __future__ import annotations

from typing import Literal

from roadworthy.domain import Case, Detector, Observation, TextContext

from .leaving import beside_answer


class Detection:
    """1.0 when the detector finds nothing (or with `want: present` something).

    What must be absent from the output must be absent from tool calls and earlier answers, too.

    Options: `detector` (its name), `options` (the detector's own), `threshold` (default 0.5),
    `want` (`absent`, the default, or `present`), `on` (`output`, the default, or `input`).
    """

    def __init__(
        self,
        name: str,
        detector: Detector,
        *,
        threshold: float = 0.5,
        want: Literal["absent", "present"] = "absent",
        on: Literal["input", "output"] = "output",
    ) -> None:
        self.name = name
        self._detector = detector
        self._threshold = threshold
        self._want = want
        self._on = on

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0. Raises DetectorError when the detector cannot look."""
        asked = text_of(case)
        context = TextContext(
            side=self._on,
            input=asked,
            decision=observation.decision,
            confidence=observation.confidence,
            facets=observation.facets,
            context=case.context,
        )
        texts = [asked if self._on == "input" else output]
        if self._on == "output" and self._want == "absent":
            texts += beside_answer(observation)
        found = any(
            finding.score >= self._threshold
            for text in texts
            for finding in self._detector.detect(text, context)
        )
        return float(found == (self._want == "present"))


def text_of(case: Case) -> str:
    """The text of a case that rails and detectors look at."""
    if isinstance(case.input, str):
        return case.input
    if isinstance(case.input, dict):
        return str(case.input.get("input", ""))
    return "\n".join(str(message.get("content", "")) for message in case.input)
