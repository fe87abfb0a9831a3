"""BLEU, chrF and TER of one sentence, by sacrebleu (the extra `text`)."""

from __future__ import annotations

from typing import Any, Literal

from roadworthy.domain import Case, Observation, UsageError

from .references import right_texts

_MOST_WORDS = 2_000
"""Of an output before TER's shifts would take minutes; see `Ter`."""


def text_extra(module: str) -> Any:
    """A module of the extra `text`. Raises UsageError naming how to install it."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"this scorer needs {module}, which is not installed",
            fix="pip install 'roadworthy[text]'",
        ) from error


class SentenceMetric:
    """A sacrebleu metric of the output against every right text, as a share."""

    def __init__(
        self, name: str, *, metric: Literal["bleu", "chrf", "ter"], **options: Any
    ) -> None:
        self.name = name
        metrics = text_extra("sacrebleu.metrics")
        made = {"bleu": metrics.BLEU, "chrf": metrics.CHRF, "ter": metrics.TER}[metric]
        if metric == "bleu":
            options["effective_order"] = True
        if metric == "ter":
            options["case_sensitive"] = not options.pop("lowercase")
        self._metric = made(**options)
        self._bounded_words = metric == "ter"

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1 (TER: 0 or more); None when the case expects no text.

        TER of an output of more than 2,000 words is what it is at least: the words it has too
        many, over those of the longest right text.
        """
        texts = right_texts(case)
        if not texts:
            return None
        if self._bounded_words and (got := len(output.split())) > _MOST_WORDS:
            wanted = max(len(text.split()) for text in texts)
            return (got - wanted) / max(wanted, 1) if got > 2 * wanted else 1.0
        return float(self._metric.sentence_score(output, list(texts)).score) / 100
