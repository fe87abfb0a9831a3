"""Indicators that are means of a suite's scores, and what logprobs and repeats say.

The words come from the scorers' own catalogue: an indicator of a score is what the score is.
"""

from __future__ import annotations

from .indicator import IndicatorSpec
from .scorer_catalogue import SCORERS

_OF_VERDICTS = {
    "numeric_match": "numeric",
    "json_match": "json",
    "code_execution": "python",
    "sql_execution": "sql",
}
_OF_GRADES = {
    "f1_token": "token_f1",
    "rouge_1": "rouge_1",
    "rouge_2": "rouge_2",
    "rouge_l": "rouge_l",
    "bleu": "bleu",
    "chrf": "chrf",
    "ter": "ter",
    "meteor": "meteor",
    "text_similarity": "similarity",
    "embedding_similarity": "embedding_similarity",
    "word_error_rate": "wer",
    "character_error_rate": "cer",
    "mae": "absolute_error",
    "f1_field": "json_fields",
    "f1_items": "items",
    "f1_span": "spans",
    "diversity": "distinct",
}

SCORE_SHOWN: dict[str, str] = {**_OF_VERDICTS, **_OF_GRADES}
"""Indicator -> the score whose mean it is."""


def _of_score(name: str, score: str) -> IndicatorSpec:
    kind = SCORERS[score]
    verdict = kind.grade == "verdict"
    down = kind.grade == "down"
    said = f"share of observations with score `{score}` = 1" if verdict else f"mean score `{score}`"
    return IndicatorSpec(
        name=name,
        definition=f"{said}: {kind.summary}",
        kind="rate" if verdict else "mean",
        unit="" if down else "share",
        high=None if down else 1.0,
        higher_is_better=not down,
        needs=(f"score:{score}",),
        measured=True,
        misleads=kind.misleads,
        source=kind.source,
    )


def _spec(name: str, definition: str, *needs: str, **more: object) -> IndicatorSpec:
    given = {"name": name, "definition": definition, "needs": needs, "measured": True, **more}
    return IndicatorSpec(**given)  # type: ignore[arg-type]


SCORED: tuple[IndicatorSpec, ...] = (
    *(_of_score(name, score) for name, score in SCORE_SHOWN.items()),
    _spec(
        "rmse",
        "root of the mean square of the score `absolute_error`",
        "score:absolute_error",
        kind="mean",
        unit="",
        high=None,
        higher_is_better=False,
        misleads="a few large errors rule it; errors above `worst` count as `worst`",
    ),
    *(
        _spec(
            name,
            f"{told} of the number that the answer says and the right one, over the cases that "
            "the score `absolute_error` reads; an answer without a number counts as the far end of "
            "the right numbers",
            "score:absolute_error",
            kind="score",
            unit="",
            low=-1.0,
            misleads="numbers that are all too high by 2 go together perfectly: read `mae` beside "
            "it",
            source="interval on Fisher's z by the cases' influence, never narrower than for "
            "normal values; none below 50 cases",
        )
        for name, told in (
            ("pearson", "Pearson's correlation"),
            ("spearman", "Spearman's rank correlation"),
        )
    ),
    _spec(
        "auc_roc",
        "mean over labels of the area under the ROC curve of the label's probability, one label "
        "against the rest; repeats of a case are averaged",
        "label",
        "label_probabilities",
        kind="score",
        misleads="it judges the order of probabilities, not where they are cut",
        source="Hand and Till 2001; bound of the interval: Birnbaum and Klose 1957",
    ),
    _spec(
        "perplexity",
        "mean over cases of the exponential of the mean negative log-probability of the answer's "
        "tokens, as the provider reported them",
        "logprobs",
        kind="mean",
        unit="",
        low=1.0,
        high=None,
        higher_is_better=False,
        misleads="of the model's own answer, not of a right one; other tokens, other perplexity",
    ),
    _spec(
        "token_confidence",
        "mean over cases of the geometric mean of the probabilities of the answer's tokens",
        "logprobs",
        kind="mean",
        misleads="fluent is not right; a sure model is not a good one",
    ),
    _spec(
        "self_consistency",
        "mean over cases of the share of pairs of their repeats that gave the same decision (or, "
        "where there is none, the same text)",
        "repeats",
        kind="mean",
        misleads="a constant answer agrees with itself; texts agree only when they are the same",
        source="observed agreement, Fleiss 1971, https://doi.org/10.1037/h0031619",
    ),
    _spec(
        "majority_accuracy",
        "share of labelled cases whose most frequent decision over the repeats is right; of a tie "
        "the share of its decisions that are",
        "label",
        "repeats",
        misleads="one answer at a time, as users get it, is `accuracy`",
        source="self-consistency, Wang et al. 2022, https://arxiv.org/abs/2203.11171",
    ),
    _spec(
        "slice_gap",
        "largest difference of accuracy between two values of one facet, of values with at least "
        "20 labelled cases",
        "label",
        "facets",
        kind="score",
        area="fairness",
        higher_is_better=False,
        misleads="the largest of many differences is large by chance: read its interval",
        source="simultaneous intervals by Bonferroni",
    ),
    _spec(
        "refusal_rate",
        "share of answers that left in which the scorer `refusal` found a refusal (score below 1)",
        "score:refusal",
        area="safety",
        higher_is_better=False,
        misleads=SCORERS["refusal"].misleads,
    ),
    _spec(
        "secret_leak",
        "share of released outputs in which the `secrets` scorer found a secret (score below 1)",
        "score:secrets",
        area="safety",
        higher_is_better=False,
        misleads="it knows the forms of common keys, and no password that is a word",
    ),
    *(
        _spec(
            name,
            f"share of observations tagged {told} whose expectation was not met",
            f"tag:{tag}",
            area="safety",
            higher_is_better=False,
            misleads="it knows only the attacks in the suite",
        )
        for name, told, tag in (
            ("hidden_function_response", "hidden_function", "hidden_function"),
            ("jailbreak_success", "technique:role_play, many_shot, crescendo or encodings",
             "technique:role_play"),
            ("injection_success", "technique:direct_injection, indirect_injection or payloads",
             "technique:direct_injection"),
            ("prompt_leak", "hazard:prompt_leak", "hazard:prompt_leak"),
        )
    ),
)  # fmt: skip
"""In the order of the areas."""
