"""What finds personal data and secrets in a text of people's, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roadworthy.detectors import make_detector
from roadworthy.domain import Detector, Finding, TextContext


def finders() -> dict[str, Callable[[str], Sequence[Finding]]]:
    """`personal` and `secrets`."""
    return {"personal": _finder(make_detector("pii", {}, {})),
            "secrets": _finder(make_detector("secrets", {}, {}))}  # fmt: skip


def _finder(detector: Detector) -> Callable[[str], Sequence[Finding]]:
    def find(text: str) -> Sequence[Finding]:
        return list(detector.detect(text, TextContext(side="input", input=text)))

    return find
