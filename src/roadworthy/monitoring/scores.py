"""Indicators that are means of scores, and of what the tokens' probabilities say."""

from __future__ import annotations

import math

from msgspec import structs

from roadworthy.domain import SCORE_SHOWN, IndicatorSpec, Measurement, Observation

from .cases import Cases
from .clusters import mean_of_cases, share_of_cases
from .results import absent


def score_mean(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean of the score that the indicator shows."""
    score = SCORE_SHOWN[spec.name]
    if mixed := mixed_vectors(cases, score):
        return absent(spec, mixed)
    measured = share_of_cases if spec.high == 1.0 else mean_of_cases
    return measured(spec, cases, lambda row: row.scores.get(score), score, confidence)


def mixed_vectors(cases: Cases, score: str) -> str:
    """Why a score of vectors is none: those of two models, or of two lengths, share no space."""
    made = {
        (about["model"], about["length"])
        for row in cases.rows
        if (about := row.attributes.get("embedded", {}).get(score)) is not None
    }
    named = ", ".join(f"{model} ({length} numbers)" for model, length in sorted(made))
    return f"its vectors are of {len(made)} models: {named}" if len(made) > 1 else ""


def root_mean_square(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The root of the mean square of the score `absolute_error`, and of its bounds."""

    def square(row: Observation) -> float | None:
        error = row.scores.get("absolute_error")
        return None if error is None else error * error

    squared = structs.replace(spec, high=None if spec.high is None else spec.high**2)
    found = mean_of_cases(squared, cases, square, "", confidence)
    roots = {
        name: None if bound is None else math.sqrt(max(0.0, bound))
        for name, bound in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return structs.replace(found, **roots)


def perplexity(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean of the answers' perplexities."""

    def of_tokens(row: Observation) -> float | None:
        mean = _mean_logprob(row)
        return None if mean is None else math.exp(min(-mean, 700.0))

    return mean_of_cases(spec, cases, of_tokens, "", confidence)


def token_confidence(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean of the answers' geometric mean token probabilities."""

    def of_tokens(row: Observation) -> float | None:
        mean = _mean_logprob(row)
        return None if mean is None else min(1.0, math.exp(mean))

    return share_of_cases(spec, cases, of_tokens, "", confidence)


def _mean_logprob(row: Observation) -> float | None:
    """Mean natural-log probability of the answer's tokens; None where they are not known."""
    known = row.attributes.get("logprobs")
    if row.status == "error" or not known or not known["tokens"]:
        return None
    return float(known["sum"]) / int(known["tokens"])
