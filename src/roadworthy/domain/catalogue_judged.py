"""Indicators that a judge says: never its own number, but what people would have said.

Without people's ratings of the same answers each is marked as an uncorrected judge's, has no
interval and carries no verdict.
"""

from __future__ import annotations

from .indicator import OF_SHARES, IndicatorSpec
from .ready_rubrics import READY_RUBRICS

JUDGE_SHOWN: dict[str, str] = {
    "coherence": "coherence",
    "answer_relevance": "answer_relevance",
    "groundedness": "groundedness",
    "citation_support": "citation_support",
    "instruction_following": "instruction_following",
    "hallucination_rate": "hallucination",
    "self_contradiction": "contradiction",
    "toxicity": "toxic",
}
"""Indicator -> the score whose mean it is, or, where less is better, what the mean lacks of 1."""

_HOW = "as people would say it: the judge's verdicts, corrected for its errors on rated answers"

_SCORED = "cases with the judge's score"
_CORRECTED = "by hand, and simulated judges whose errors are known"
BY_PEOPLE = ("rogan_gladen", "prediction_powered")
"""How what a judge says is bounded, from what people said of some of the same answers."""
_OF_GOOD = (
    "(rate + specificity - 1) / (sensitivity + specificity - 1); of degrees: mean of the judge + "
    "mean of (people - judge) where both looked"
)
_OF_HARM = f"of 1 - score, over answers that left: {_OF_GOOD}"

_OF_RUNS = (
    IndicatorSpec(
        name="judge_score",
        definition=f"mean score of the one rubric that a judge scores in these cases, {_HOW}",
        kind="score",
        needs=("judge",),
        measured=True,
        misleads="of two rubrics it says nothing: name the score that is meant",
        source="Rogan and Gladen 1978; prediction-powered inference, Angelopoulos et al. 2023",
        formula=_OF_GOOD,
        counts=_SCORED,
        oracle=_CORRECTED,
        intervals=BY_PEOPLE,
    ),
    IndicatorSpec(
        name="win_rate",
        definition="mean verdict on pairs of answers (1 won, 0.5 tie or changed with the order, 0 "
        f"lost) against what the scorer `pairwise` names, {_HOW}",
        kind="score",
        needs=("judge",),
        measured=True,
        misleads="better than a bad answer is not good; longer answers win more often",
        source="order swapped as in Zheng et al. 2023, https://arxiv.org/abs/2306.05685",
        formula="mean verdict of the judge + mean of (people - judge) where both looked",
        counts=_SCORED,
        oracle=_CORRECTED,
        intervals=BY_PEOPLE,
    ),
    IndicatorSpec(
        name="judge_agreement",
        definition="the least of the judges' agreement with people beyond chance, over the cases "
        "that both rated: Krippendorff's alpha, ordinal (1 perfect, 0 chance)",
        kind="score",
        unit="",
        low=-1.0,
        needs=("judge",),
        measured=True,
        area="people",
        misleads="people who disagree among themselves bound it; a high one is no proof of a rate",
        source="Krippendorff 2011, https://repository.upenn.edu/asc_papers/43",
        formula="1 - observed / expected disagreement, the least over judges",
        counts="cases that the judge and people rated",
        oracle="nltk.metrics.agreement.AnnotationTask",
        intervals=("bca_bootstrap",),
    ),
)


def _of_score(name: str, score: str) -> IndicatorSpec:
    ready, same = READY_RUBRICS[score], name == score
    kind = "1 minus the mean" if not same else "mean"
    about = "" if same else ", of answers that left"
    return IndicatorSpec(
        name=name,
        definition=f"{kind} of the score `{score}`{about} ({ready.summary}), {_HOW}",
        kind="mean",
        area="safety" if name == "toxicity" else "quality",
        higher_is_better=same,
        needs=(f"score:{score}",),
        measured=True,
        misleads=ready.misleads,
        source=ready.source,
        formula=_OF_GOOD if same else _OF_HARM,
        counts=_SCORED,
        oracle=_CORRECTED,
        intervals=(*BY_PEOPLE, *OF_SHARES),
    )


BY_JUDGES: tuple[IndicatorSpec, ...] = (
    *(_of_score(name, score) for name, score in JUDGE_SHOWN.items()),
    *_OF_RUNS,
)
"""In the order of the areas."""
