"""From label probabilities to a decision and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct


class Decided(Struct, frozen=True):
    """A label, its probability among the labels, and all probabilities (they add up to 1)."""

    label: str
    confidence: float | None
    probabilities: dict[str, float]
    said: float | None = None
    """What the model said of its confidence, where a calibration put another in its place."""


def decide(
    label_logprobs: Mapping[str, float],
    labels: Sequence[str],
    prior: Mapping[str, float] | None = None,
) -> Decided:
    """Normalise over the labels and take the most likely.

    With `prior` (the label log-probabilities of a content-free input under the same prompt) each
    is first divided by it: contextual calibration, Zhao et al. 2021
    (https://arxiv.org/abs/2102.09690). Ties go to the label that is declared first.

    Raises ValueError when a label has no finite log-probability: it is never guessed.
    """
    missing = [label for label in labels if label not in label_logprobs]
    if missing:
        raise ValueError(f"no probability for label {missing[0]!r}")
    scores = {label: label_logprobs[label] - (prior[label] if prior else 0.0) for label in labels}
    if not all(map(math.isfinite, scores.values())):
        raise ValueError("the probability of a label is no number")
    top = max(scores.values())
    weights = {label: math.exp(score - top) for label, score in scores.items()}
    total = sum(weights.values())
    probabilities = {label: weight / total for label, weight in weights.items()}
    best = max(labels, key=lambda label: probabilities[label])
    return Decided(best, probabilities[best], probabilities)


def read_label(text: str, labels: Sequence[str]) -> str:
    """The label that a free text names, or `""` when it names none or several.

    Exact first (spaces, case and a final full stop do not matter), then a single mention.
    """
    cleaned = text.strip().strip(".!\"'`* ").casefold()
    for label in labels:
        if cleaned == label.casefold():
            return label
    mentioned = [label for label in labels if _mentions(cleaned, label.casefold())]
    return mentioned[0] if len(mentioned) == 1 else ""


def _mentions(text: str, word: str) -> bool:
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if not before.isalnum() and not after.isalnum():
            return True
        start = text.find(word, start + 1)
    return False


_WORDS = ("confidence", "certainty", "konfidenz", "sicherheit", "confiance", "confianza")


def read_confidence(text: str) -> float | None:
    """How sure a model says that it is, or None when it does not say it plainly.

    The number after the last word such as `confidence`: `85 %`, `85` or `0.85`. What is no share
    (`120 %`) is not one. Source: Tian et al. 2023, https://arxiv.org/abs/2305.14975.
    """
    small = text.casefold()
    ends = [at + len(word) for word in _WORDS if (at := small.rfind(word)) >= 0]
    if not ends:
        return None
    said = small[max(ends) : max(ends) + 40]
    for mark in (":", "="):
        said = said.partition(mark)[2] or said
    number, rest = _first_number(said)
    if number is None:
        return None
    percent = rest.lstrip().startswith("%") or number > 1
    share = number / 100 if percent else number
    return share if 0 <= share <= 1 else None


def _first_number(text: str) -> tuple[float | None, str]:
    """The first number of a short text, and what follows it."""
    start = next((at for at, letter in enumerate(text) if letter in "0123456789"), None)
    if start is None or text[:start].rstrip().endswith("-"):
        return None, ""
    end = start
    while end < len(text) and text[end] in "0123456789.,":
        end += 1
    digits = text[start:end].rstrip(".,").replace(",", ".")
    try:
        return float(digits), text[end:]
    except ValueError:
        return None, ""
