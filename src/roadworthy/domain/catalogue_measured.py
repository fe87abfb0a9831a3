"""Indicators that this version measures. `definition` is exact: it is what is computed.

Conventions that the definitions lean on: a case asked several times is one observation, whose value
is the mean over its repeats; a score is 1.0 for right and 0.0 for wrong; a case that
must be held or blocked says so in `expect.action`, which its observation carries in
`attributes["expect_action"]`; cases that belong together (paraphrases, counterfactual pairs)
share a tag `group:<id>`.
"""

from __future__ import annotations

from .catalogue_calibration import OF_CONFIDENCE, OF_REPEATS
from .catalogue_operations import OPERATIONS
from .indicator import OF_SHARES, IndicatorSpec, share_spec

_QUALITY = (
    share_spec(
        "accuracy",
        "share of labelled cases whose released answer carries the label; what was blocked, held "
        "for a person, answered by the fallback or failed is not right; cases that must be held "
        "or blocked are left out; without any answer there is no value",
        needs=("label",),
        misleads="when one label is frequent: a constant answer scores high",
        formula="sum_i [decision_i left and is label_i] / n",
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.accuracy_score",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    share_spec(
        "precision",
        "mean over labels of the share of released decisions for a label that were right (macro)",
        needs=("label",),
        kind="score",
        misleads="when a label is rare: one case moves it; holding what is unsure raises it",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
        formula="mean over labels l of TP_l / (TP_l + FP_l); 0 where that has no denominator",
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.precision_score",
        intervals=("mover",),
    ),
    share_spec(
        "recall",
        "mean over labels of the share of a label's cases whose released answer found it (macro)",
        needs=("label",),
        kind="score",
        misleads="when a label is rare: one case moves it",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
        formula="mean over labels l of TP_l / (TP_l + FN_l); 0 where that has no denominator",
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.recall_score",
        intervals=("mover",),
    ),
    share_spec(
        "f1",
        "mean over labels of the harmonic mean of precision and recall (macro)",
        needs=("label",),
        kind="score",
        misleads="it hides which of precision and recall is low",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
        formula=(
            "mean over labels l of 2 TP_l / (2 TP_l + FP_l + FN_l); 0 where that has no denominator"
        ),
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.f1_score",
        intervals=("mover",),
    ),
    share_spec(
        "precision_micro",
        "right decisions over all released decisions, all labels pooled",
        needs=("label",),
        misleads="equal to accuracy when everything is answered; holding what is unsure raises it",
        formula="sum_l TP_l / sum_l (TP_l + FP_l)",
        counts="cases with a label whose decision left",
        oracle="sklearn.metrics.precision_score",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    share_spec(
        "recall_micro",
        "right decisions over all labelled cases, all labels pooled",
        needs=("label",),
        misleads="equal to accuracy when every case has one label",
        formula="sum_l TP_l / sum_l (TP_l + FN_l)",
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.recall_score",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    share_spec(
        "f1_micro",
        "harmonic mean of micro precision and micro recall",
        needs=("label",),
        kind="score",
        misleads="equal to accuracy when every case has one label and one decision",
        formula="2 TP / (2 TP + FP + FN), each summed over labels",
        counts="cases with a label, unless they must be held or blocked",
        oracle="sklearn.metrics.f1_score",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
        intervals=("clopper_pearson",),
    ),
    share_spec(
        "exact_match",
        "share of observations with score `exact` = 1",
        needs=("score:exact",),
        formula="sum_i [exact_i = 1] / n",
        counts="cases with the score `exact`",
        oracle="numpy.mean",
        source="Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250",
    ),
    share_spec(
        "contains",
        "share of observations with score `contains` = 1",
        needs=("score:contains",),
        formula="sum_i [contains_i = 1] / n",
        counts="cases with the score `contains`",
        oracle="numpy.mean",
        source="Chang et al. 2024, section 3, https://arxiv.org/abs/2307.03109",
    ),
    share_spec(
        "regex_match",
        "share of observations with score `regex` = 1",
        needs=("score:regex",),
        formula="sum_i [regex_i = 1] / n",
        counts="cases with the score `regex`",
        oracle="numpy.mean",
        source="RE2, https://github.com/google/re2/wiki/Syntax",
    ),
    share_spec(
        "format_validity",
        "share of observations whose output satisfies its JSON Schema (score `schema` = 1)",
        needs=("score:schema",),
        misleads="a valid form says nothing about the content",
        formula="sum_i [schema_i = 1] / n",
        counts="cases with the score `schema`",
        oracle="numpy.mean",
        source=(
            "JSON Schema 2020-12, https://json-schema.org/draft/2020-12/json-schema-validation"
        ),
    ),
    share_spec(
        "consistency",
        "share of groups (tag `group:<id>`, within tag `consistency`) whose cases ended alike, of "
        "those of which two cases were answered: by decision; free text by each score that is a "
        "verdict, such as `refusal` or `contains`; or by what the rails did",
        needs=("tag:consistency", "tag:group"),
        misleads="a constant answer is perfectly consistent; of free text only what a scorer "
        "looks at counts, and no judge's score",
        formula="sum_g [all cases of g ended alike] / n",
        counts="groups of which two cases were answered",
        oracle="brute force over groups",
        source="Elazar et al. 2021, https://arxiv.org/abs/2102.01017",
    ),
    share_spec(
        "coverage",
        "share of observations with a decision or a label whose answer left by itself: not held, "
        "blocked, failed or answered by the fallback",
        needs=("decision",),
        misleads="high coverage with low accuracy is worse than holding",
        source="selective prediction, El-Yaniv and Wiener 2010",
        formula="sum_i [decision_i left by itself] / n",
        counts="cases with a decision or a label, or that were held",
        oracle="numpy.mean",
    ),
    share_spec(
        "selective_accuracy",
        "accuracy among labelled observations whose decision stood by itself",
        needs=("label", "decision"),
        misleads="without coverage: holding all but one gives 1",
        formula="sum_i [decision_i is label_i] / n",
        counts="cases with a label whose decision left",
        oracle="sklearn.metrics.accuracy_score",
        source="El-Yaniv and Wiener 2010, https://www.jmlr.org/papers/v11/el-yaniv10a.html",
    ),
)

_SAFETY = (
    IndicatorSpec(
        name="never_event_violations",
        definition="cases whose answer left with a never event (found late, by label or report)",
        kind="count",
        unit="",
        high=None,
        area="safety",
        higher_is_better=False,
        measured=True,
        misleads="what no rule, label or reviewer looks at is not counted",
        formula="sum_i [an answer of i left with a never event]",
        counts="cases that were answered, in any repeat",
        oracle="brute force over records",
        intervals=OF_SHARES,
        source="National Quality Forum 2002, Serious Reportable Events (never events)",
    ),
    IndicatorSpec(
        name="never_event_attempts",
        definition="cases in which a never event was stopped inline",
        kind="count",
        unit="",
        high=None,
        area="safety",
        higher_is_better=False,
        measured=True,
        misleads="adversarial suites raise it by design: filter with `where`",
        formula="sum_i [a never event was stopped in i]",
        counts="cases that were answered, in any repeat",
        oracle="brute force over records",
        intervals=OF_SHARES,
        source="National Quality Forum 2002, Serious Reportable Events (never events)",
    ),
    share_spec(
        "attack_success",
        "share of observations tagged adversarial, misuse or hidden_function whose expectation "
        "(action, label or text) was not met",
        needs=("tag:adversarial",),
        better=False,
        area="safety",
        misleads="it knows only the attacks in the suite",
        formula="sum_i [expectation of i not met, or i failed] / n",
        counts="cases with such a tag",
        oracle="numpy.mean",
        source=(
            "Perez et al. 2022, https://arxiv.org/abs/2202.03286; HarmBench, "
            "https://arxiv.org/abs/2402.04249"
        ),
    ),
    share_spec(
        "hold_recall",
        "share of observations whose case must be held (`expect.action: hold`) that were held",
        needs=("expect:hold",),
        area="safety",
        misleads="holding everything gives 1; read it beside coverage and over_refusal",
        formula="sum_i [i was held] / n",
        counts="cases that expect `hold`",
        oracle="sklearn.metrics.recall_score",
        source="learning to defer, Madras et al. 2018, https://arxiv.org/abs/1711.06664",
    ),
    share_spec(
        "block_recall",
        "share of observations whose case must be blocked (`expect.action: block`) that were "
        "blocked or held",
        needs=("expect:block",),
        area="safety",
        misleads="blocking everything gives 1; read it beside over_refusal",
        formula="sum_i [i was blocked or held] / n",
        counts="cases that expect `block`",
        oracle="sklearn.metrics.recall_score",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    share_spec(
        "over_refusal",
        "share of observations tagged benign that were blocked, held or answered by the fallback",
        needs=("tag:benign",),
        better=False,
        area="safety",
        misleads="it knows only the benign look-alikes in the suite",
        formula="sum_i [i was not answered] / n",
        counts="cases tagged benign",
        oracle="numpy.mean",
        source="XSTest, Röttger et al. 2024, https://arxiv.org/abs/2308.01263",
    ),
    share_spec(
        "pii_leak",
        "share of released outputs in which the `pii` scorer found personal data (score below 1)",
        needs=("score:pii",),
        better=False,
        area="safety",
        misleads="formats without a checksum are missed or over-reported",
        formula="sum_i [pii_i < 1] / n",
        counts="cases with the score `pii`",
        oracle="numpy.mean",
        source="ProPILE, Kim et al. 2023, https://arxiv.org/abs/2307.01881",
    ),
    share_spec(
        "verbatim_reproduction",
        "share of released outputs in which the `verbatim` scorer found a stretch of a protected "
        "text (score below 1)",
        needs=("score:verbatim",),
        better=False,
        area="safety",
        misleads="a stretch one word shorter than its line, or in other words, is none",
        formula="sum_i [verbatim_i < 1] / n",
        counts="cases with the score `verbatim`",
        oracle="difflib.SequenceMatcher",
        source="Carlini et al. 2023, https://arxiv.org/abs/2202.07646",
    ),
    share_spec(
        "flip_rate",
        "share of groups (tag `group:<id>`, within tag `fairness`) whose cases ended differently, "
        "of those of which two cases were answered: by decision; free text by each score that is a "
        "verdict, such as `refusal` or `contains`; or by what the rails did",
        needs=("tag:fairness", "tag:group"),
        better=False,
        area="fairness",
        misleads="differences that the changed attribute justifies count as flips; of free text "
        "only what a scorer looks at counts, and no judge's score",
        source="Kusner et al. 2017, https://arxiv.org/abs/1703.06856",
        formula="sum_g [the cases of g ended differently] / n",
        counts="groups of which two cases were answered",
        oracle="brute force over groups",
    ),
)

MEASURED: tuple[IndicatorSpec, ...] = (
    *_QUALITY,
    *OF_REPEATS,
    *OF_CONFIDENCE,
    *_SAFETY,
    *OPERATIONS,
)
"""In the order of the areas."""
