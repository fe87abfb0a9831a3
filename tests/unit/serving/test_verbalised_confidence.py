"""How sure a model says that it is: read when it is plain, unknown when it is not."""

from __future__ import annotations

import pytest

from roadworthy.serving import read_confidence


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("motor\nConfidence: 85 %", 0.85),
        ("motor (confidence 0.9)", 0.9),
        ("Confidence: 85", 0.85),
        ("Confidence (0-100): 70", 0.7),
        ("confidence = 1", 1.0),
        ("confidence: 1%", 0.01),
        ("Konfidenz: 0,75", 0.75),
        ("Sicherheit: 60 %", 0.6),
        ("Confiance : 40 %", 0.4),
        ("My confidence was 20 before. Confidence: 90%", 0.9),
        ("Confidence: 120 %", None),
        ("Confidence: -5", None),
        ("Confidence: high", None),
        ("Confidence:", None),
        ("85 %", None),
        ("", None),
        ("confidence: 1.2.3", None),
        ("confidence: " + "9" * 400, None),
        ("confidence: \N{SUPERSCRIPT TWO}", None),
    ],
)
def test_what_is_read(text: str, share: float | None):
    assert read_confidence(text) == (None if share is None else pytest.approx(share))
