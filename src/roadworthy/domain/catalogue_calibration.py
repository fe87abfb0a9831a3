"""Indicators of confidence and of repeats that this version measures; see `catalogue_measured`."""

from __future__ import annotations

from .indicator import IndicatorSpec

PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "mean", "max")


def _confidence(
    name: str,
    definition: str,
    *,
    misleads: str,
    source: str,
    aggregations: tuple[str, ...] = (),
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
    )


OF_CONFIDENCE = (
    _confidence(
        "decision_ece",
        "expected calibration error of decisions: mean gap of confidence and accuracy",
        aggregations=PERCENTILES,
        misleads="biased upwards in small samples; a percentile of one slice is the upper bound",
        source="Guo et al. 2017, https://arxiv.org/abs/1706.04599",
    ),
    _confidence(
        "adaptive_ece",
        "the same over ten bins of equally many cases instead of equal width",
        aggregations=PERCENTILES,
        misleads="biased upwards in small samples, as decision_ece",
        source="Nixon et al. 2019, https://arxiv.org/abs/1904.01685",
    ),
    _confidence(
        "debiased_ece",
        "adaptive_ece less what the noise of its bins' accuracies adds, not below 0",
        aggregations=PERCENTILES,
        misleads="0 is no proof of calibration: read the upper bound",
        source="Kumar et al. 2019, https://arxiv.org/abs/1909.10155",
    ),
    _confidence(
        "brier",
        "mean squared gap between the confidence in the decision and its being right",
        misleads="mixes calibration with discrimination",
        source="Brier 1950, https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    ),
    _confidence(
        "risk_coverage",
        "area under risk over coverage (AURC): mean share of errors among the surest answers, over "
        "all coverages",
        misleads="low where everything is right, whatever the confidences say",
        source="Geifman and El-Yaniv 2017, https://arxiv.org/abs/1705.08500",
    ),
)

COUNTS = (2, 3, 5, 10)
"""k of the indicators that name one."""


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
        ),
        IndicatorSpec(
            name=f"pass_hat_{k}",
            definition=f"mean over cases of the probability that each of {times} does all that the "
            "case expects (pass^k, unbiased)",
            needs=("repeats",),
            measured=True,
            misleads="it falls with k by itself: compare equal k only",
            source="Yao et al. 2024, https://arxiv.org/abs/2406.12045",
        ),
    )


OF_REPEATS = tuple(spec for k in ("k", *map(str, COUNTS)) for spec in _repeated(k))
