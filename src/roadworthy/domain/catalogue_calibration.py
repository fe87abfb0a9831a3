"""Indicators of confidence and of repeats that this version measures; see `catalogue_measured`."""

from __future__ import annotations

from .indicator import OF_SHARES, IndicatorSpec

PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "mean", "max")


def _confidence(
    name: str,
    definition: str,
    *,
    misleads: str,
    source: str,
    aggregations: tuple[str, ...] = (),
    intervals: tuple[str, ...] = ("mover",),
    **notes: str,
) -> IndicatorSpec:
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind="calibration",
        area="calibration",
        higher_is_better=False,
        evidence="point",
        needs=("label", "confidence"),
        aggregations=aggregations,
        measured=True,
        misleads=misleads,
        source=source,
        intervals=intervals,
        **notes,  # type: ignore[arg-type]
    )


OF_CONFIDENCE = (
    _confidence(
        "decision_ece",
        "expected calibration error of decisions: mean gap of confidence and accuracy",
        aggregations=PERCENTILES,
        misleads="biased upwards in small samples; a percentile of one slice is the upper bound",
        source="Guo et al. 2017, https://arxiv.org/abs/1706.04599",
        formula="sum_b n_b / n * |accuracy_b - confidence_b|, over ten bins b of equal width",
        counts="cases with a label and a confidence",
        oracle="brute force over bins, as in Guo et al.",
    ),
    _confidence(
        "adaptive_ece",
        "the same over ten bins of equally many cases instead of equal width",
        aggregations=PERCENTILES,
        misleads="biased upwards in small samples, as decision_ece",
        source="Nixon et al. 2019, https://arxiv.org/abs/1904.01685",
        formula=(
            "sum_b n_b / n * |accuracy_b - confidence_b|, over ten bins b of equally many cases"
        ),
        counts="cases with a label and a confidence",
        oracle="brute force over bins, as in Nixon et al.",
    ),
    _confidence(
        "debiased_ece",
        "adaptive_ece less what the noise of its bins' accuracies adds, not below 0",
        aggregations=PERCENTILES,
        misleads="0 is no proof of calibration: read the upper bound",
        source="Kumar et al. 2019, https://arxiv.org/abs/1909.10155",
        formula=(
            "sum_b n_b / n * (2 |gap_b| - E|gap_b + noise_b|), at least 0; noise_b is "
            "normal with the variance of accuracy_b"
        ),
        counts="cases with a label and a confidence",
        oracle="the same gaps, resampled",
    ),
    _confidence(
        "brier",
        "mean squared gap between the confidence in the decision and its being right",
        misleads="mixes calibration with discrimination",
        source="Brier 1950, https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
        formula="sum_i (confidence_i - [decision_i is label_i])^2 / n",
        counts="cases with a label and a confidence",
        oracle="sklearn.metrics.brier_score_loss",
        intervals=OF_SHARES,
    ),
    _confidence(
        "risk_coverage",
        "area under risk over coverage (AURC): mean share of errors among the surest answers, over "
        "all coverages",
        misleads="low where everything is right, whatever the confidences say",
        source="Geifman and El-Yaniv 2017, https://arxiv.org/abs/1705.08500",
        formula=(
            "mean over k = 1 .. n of the share of errors among the k surest; ties share alike"
        ),
        counts="cases with a label and a confidence",
        oracle="brute force over coverages",
        intervals=("bca",),
    ),
)

COUNTS = (2, 3, 5, 10)
"""k of the indicators that name one."""


_ASKED = "cases that say what is right, each asked at least k times"


def _repeated(k: str) -> tuple[IndicatorSpec, IndicatorSpec]:
    times = "all of its repeats" if k == "k" else f"{k} repeats"
    return (
        IndicatorSpec(
            name=f"pass_at_{k}",
            definition=f"mean over cases of the probability that at least one of {times} does all "
            "that the case expects (pass@k, unbiased)",
            needs=("repeats",),
            measured=True,
            misleads="of use only where somebody picks the right one; it rises with k by itself",
            source="Chen et al. 2021, https://arxiv.org/abs/2107.03374",
            formula=f"mean over cases of 1 - C(r - c, {k}) / C(r, {k}); c of the r repeats were "
            "right",
            counts=_ASKED,
            intervals=("clopper_pearson",),
            oracle="brute force over all draws of k repeats",
        ),
        IndicatorSpec(
            name=f"pass_hat_{k}",
            definition=f"mean over cases of the probability that each of {times} does all that the "
            "case expects (pass^k, unbiased)",
            needs=("repeats",),
            measured=True,
            misleads="it falls with k by itself: compare equal k only",
            source="Yao et al. 2024, https://arxiv.org/abs/2406.12045",
            formula=f"mean over cases of C(c, {k}) / C(r, {k}); c of the r repeats were right",
            counts=_ASKED,
            intervals=("clopper_pearson",),
            oracle="brute force over all draws of k repeats",
        ),
    )


OF_REPEATS = tuple(spec for k in ("k", *map(str, COUNTS)) for spec in _repeated(k))
