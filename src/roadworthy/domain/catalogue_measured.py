"""Indicators that this version measures. `definition` is exact: it is what is computed.

Conventions that the definitions lean on: a case asked several times is one observation, whose value
is the mean over its repeats; a score is 1.0 for right and 0.0 for wrong; a case that
must be held or blocked says so in `expect.action`, which its observation carries in
`attributes["expect_action"]`; cases that belong together (paraphrases, counterfactual pairs)
share a tag `group:<id>`.
"""

from __future__ import annotations

from .catalogue_calibration import OF_CONFIDENCE, OF_REPEATS, PERCENTILES
from .indicator import IndicatorKind, IndicatorSpec


def _share(
    name: str,
    definition: str,
    *,
    needs: tuple[str, ...] = (),
    better: bool = True,
    kind: IndicatorKind = "rate",
    area: str = "quality",
    **notes: str,
) -> IndicatorSpec:
    """An indicator between 0 and 1; `notes` are `misleads` and `source`."""
    return IndicatorSpec(
        name=name,
        definition=definition,
        needs=needs,
        higher_is_better=better,
        kind=kind,
        area=area,
        measured=True,
        **notes,  # type: ignore[arg-type]
    )


_QUALITY = (
    _share(
        "accuracy",
        "share of labelled cases whose released answer carries the label; what was blocked, held "
        "for a person, answered by the fallback or failed is not right; cases that must be held "
        "or blocked are left out; without any answer there is no value",
        needs=("label",),
        misleads="when one label is frequent: a constant answer scores high",
    ),
    _share(
        "precision",
        "mean over labels of the share of released decisions for a label that were right (macro)",
        needs=("label",),
        kind="score",
        misleads="when a label is rare: one case moves it; holding what is unsure raises it",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    _share(
        "recall",
        "mean over labels of the share of a label's cases whose released answer found it (macro)",
        needs=("label",),
        kind="score",
        misleads="when a label is rare: one case moves it",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    _share(
        "f1",
        "mean over labels of the harmonic mean of precision and recall (macro)",
        needs=("label",),
        kind="score",
        misleads="it hides which of precision and recall is low",
        source="https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    _share(
        "precision_micro",
        "right decisions over all released decisions, all labels pooled",
        needs=("label",),
        misleads="equal to accuracy when everything is answered; holding what is unsure raises it",
    ),
    _share(
        "recall_micro",
        "right decisions over all labelled cases, all labels pooled",
        needs=("label",),
        misleads="equal to accuracy when every case has one label",
    ),
    _share(
        "f1_micro",
        "harmonic mean of micro precision and micro recall",
        needs=("label",),
        kind="score",
        misleads="equal to accuracy when every case has one label and one decision",
    ),
    _share("exact_match", "share of observations with score `exact` = 1", needs=("score:exact",)),
    _share(
        "contains", "share of observations with score `contains` = 1", needs=("score:contains",)
    ),
    _share("regex_match", "share of observations with score `regex` = 1", needs=("score:regex",)),
    _share(
        "format_validity",
        "share of observations whose output satisfies its JSON Schema (score `schema` = 1)",
        needs=("score:schema",),
        misleads="a valid form says nothing about the content",
    ),
    _share(
        "consistency",
        "share of groups (tag `group:<id>`, within tag `consistency`) with one decision throughout,"
        " of those of which two cases were answered",
        needs=("tag:consistency", "tag:group"),
        misleads="a constant answer is perfectly consistent",
    ),
    _share(
        "coverage",
        "share of observations with a decision or a label whose answer left by itself: not held, "
        "blocked, failed or answered by the fallback",
        needs=("decision",),
        misleads="high coverage with low accuracy is worse than holding",
        source="selective prediction, El-Yaniv and Wiener 2010",
    ),
    _share(
        "selective_accuracy",
        "accuracy among labelled observations whose decision stood by itself",
        needs=("label", "decision"),
        misleads="without coverage: holding all but one gives 1",
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
    ),
    _share(
        "attack_success",
        "share of observations tagged adversarial, misuse or hidden_function whose expectation "
        "(action, label or text) was not met",
        needs=("tag:adversarial",),
        better=False,
        area="safety",
        misleads="it knows only the attacks in the suite",
    ),
    _share(
        "hold_recall",
        "share of observations whose case must be held (`expect.action: hold`) that were held",
        needs=("expect:hold",),
        area="safety",
        misleads="holding everything gives 1; read it beside coverage and over_refusal",
    ),
    _share(
        "block_recall",
        "share of observations whose case must be blocked (`expect.action: block`) that were "
        "blocked or held",
        needs=("expect:block",),
        area="safety",
        misleads="blocking everything gives 1; read it beside over_refusal",
    ),
    _share(
        "over_refusal",
        "share of observations tagged benign that were blocked, held or answered by the fallback",
        needs=("tag:benign",),
        better=False,
        area="safety",
        misleads="it knows only the benign look-alikes in the suite",
    ),
    _share(
        "pii_leak",
        "share of released outputs in which the `pii` scorer found personal data (score below 1)",
        needs=("score:pii",),
        better=False,
        area="safety",
        misleads="formats without a checksum are missed or over-reported",
    ),
    _share(
        "flip_rate",
        "share of groups (tag `group:<id>`, within tag `fairness`) whose cases ended differently, "
        "of those of which two cases were answered",
        needs=("tag:fairness", "tag:group"),
        better=False,
        area="fairness",
        misleads="differences that the changed attribute justifies count as flips",
        source="Kusner et al. 2017, https://arxiv.org/abs/1703.06856",
    ),
)

_OPERATIONS = (
    _share(
        "error_rate",
        "share of observations with status `error`",
        better=False,
        area="operations",
        misleads="refusals and holds are not errors",
    ),
    _share(
        "availability", "share of observations with status `ok` or `refused`", area="operations"
    ),
    IndicatorSpec(
        name="latency",
        definition="time from the request to its whole answer; p95 unless the name says which",
        kind="quantile",
        unit="ms",
        high=None,
        area="operations",
        higher_is_better=False,
        needs=("latency",),
        aggregations=PERCENTILES,
        default_aggregation="p95",
        measured=True,
        misleads="cached answers are left out; a closed-loop load hides queueing",
    ),
    IndicatorSpec(
        name="ttft",
        definition="time from the request to the first released text; p95 unless the name says",
        kind="quantile",
        unit="ms",
        high=None,
        area="operations",
        higher_is_better=False,
        needs=("first_token",),
        aggregations=PERCENTILES,
        default_aggregation="p95",
        measured=True,
        misleads="hold-back of the rails is part of it",
    ),
    IndicatorSpec(
        name="cost_per_request",
        definition="mean cost of the observations whose price is known, in the price's currency",
        kind="mean",
        unit="currency",
        high=None,
        area="operations",
        higher_is_better=False,
        needs=("price",),
        measured=True,
        misleads="observations without a price are left out, never counted as 0",
    ),
)

MEASURED: tuple[IndicatorSpec, ...] = (
    *_QUALITY,
    *OF_REPEATS,
    *OF_CONFIDENCE,
    *_SAFETY,
    *_OPERATIONS,
)
"""In the order of the areas."""
