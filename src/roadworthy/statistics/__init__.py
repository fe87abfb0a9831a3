"""Arithmetic with guarantees: every method names its source and has a simulation test.

Pure functions of numbers, on the standard library alone (scipy is the oracle in the tests), so
that a gate starts in milliseconds. No NaN enters or leaves: absence is None or an error.
"""

from .acceptance import Threshold, controlled_threshold, proven_threshold
from .agreement import Agreement, cohen_kappa, krippendorff_alpha
from .alarm import BernoulliAlarm
from .batches import Slope, ratio_interval, slope_interval
from .bootstrap import bca_bootstrap, bca_mean, bca_ratio
from .bounded_means import mean_bounds, mean_floor
from .calibration import (
    DEFAULT_BINS,
    Bin,
    Decomposition,
    Level,
    bars_of,
    brier,
    brier_parts,
    calibration_interval,
    debiased_gap,
    debiased_slope,
    equal_mass,
    equal_mass_of,
    expected_calibration_error,
    gap_of,
    levels,
    reliability,
    reliability_of,
    sweep,
)
from .clusters import Clustered, cluster_interval, cluster_share_interval, clustered
from .comparison import (
    PairedDifference,
    benjamini_hochberg,
    holm,
    mcnemar_exact,
    paired_difference,
)
from .conformal import alarm_range, conformal_threshold, fewest_scores
from .correlation import correlation_interval, pearson, spearman
from .distributions import (
    beta_quantile,
    gamma_quantile,
    normal_cdf,
    normal_quantile,
    regularised_beta,
    regularised_gamma,
    t_quantile,
)
from .drift import Drift, Stratum, drift, excess, total_variation
from .features import Distance, cosines, frechet, kernel_distance
from .intervals import (
    Interval,
    clopper_pearson,
    counted_mean_interval,
    expected_count,
    mean_interval,
    share_interval,
    wilson,
    zero_count_upper,
)
from .judge_rates import Corrected, JudgeErrors, prediction_powered, rogan_gladen
from .macro import macro_interval
from .margin import Estimate, least_correlation, margin
from .pace import pace_interval
from .paired import ScoreDifference, score_difference
from .power import (
    Plan,
    cases_needed,
    paired_cases,
    paired_power,
    proof_cases,
    zero_count_cases,
)
from .quantiles import quantile, quantile_cases, quantile_interval
from .ranks import Shift, SignedRanks, shift, sign_flips, signed_ranks
from .recalibration import IsotonicMap, LogisticMap, isotonic, platt, temperature
from .repeats import pass_at_k, pass_hat_k, reduced
from .returning import Returning
from .selective import RiskPoint, area_interval, area_parts, area_under_risk, risk_coverage, risk_of
from .sequential import ConfidenceSequence, EProcess, stop_when_narrow
from .stratified import DrawnPart, Weighted, stratified
from .survival import kaplan_meier, waiting_quantile
from .thompson import better
from .two_arms import TwoArms, two_arms

__all__ = [
    "DEFAULT_BINS",
    "Agreement",
    "BernoulliAlarm",
    "Bin",
    "Clustered",
    "ConfidenceSequence",
    "Corrected",
    "Decomposition",
    "Distance",
    "DrawnPart",
    "Drift",
    "EProcess",
    "Estimate",
    "Interval",
    "IsotonicMap",
    "JudgeErrors",
    "Level",
    "LogisticMap",
    "PairedDifference",
    "Plan",
    "Returning",
    "RiskPoint",
    "ScoreDifference",
    "Shift",
    "SignedRanks",
    "Slope",
    "Stratum",
    "Threshold",
    "TwoArms",
    "Weighted",
    "alarm_range",
    "area_interval",
    "area_parts",
    "area_under_risk",
    "bars_of",
    "bca_bootstrap",
    "bca_mean",
    "bca_ratio",
    "benjamini_hochberg",
    "beta_quantile",
    "better",
    "brier",
    "brier_parts",
    "calibration_interval",
    "cases_needed",
    "clopper_pearson",
    "cluster_interval",
    "cluster_share_interval",
    "clustered",
    "cohen_kappa",
    "conformal_threshold",
    "controlled_threshold",
    "correlation_interval",
    "cosines",
    "counted_mean_interval",
    "debiased_gap",
    "debiased_slope",
    "drift",
    "equal_mass",
    "equal_mass_of",
    "excess",
    "expected_calibration_error",
    "expected_count",
    "fewest_scores",
    "frechet",
    "gamma_quantile",
    "gap_of",
    "holm",
    "isotonic",
    "kaplan_meier",
    "kernel_distance",
    "krippendorff_alpha",
    "least_correlation",
    "levels",
    "macro_interval",
    "margin",
    "mcnemar_exact",
    "mean_bounds",
    "mean_floor",
    "mean_interval",
    "normal_cdf",
    "normal_quantile",
    "pace_interval",
    "paired_cases",
    "paired_difference",
    "paired_power",
    "pass_at_k",
    "pass_hat_k",
    "pearson",
    "platt",
    "prediction_powered",
    "proof_cases",
    "proven_threshold",
    "quantile",
    "quantile_cases",
    "quantile_interval",
    "ratio_interval",
    "reduced",
    "regularised_beta",
    "regularised_gamma",
    "reliability",
    "reliability_of",
    "risk_coverage",
    "risk_of",
    "rogan_gladen",
    "score_difference",
    "share_interval",
    "shift",
    "sign_flips",
    "signed_ranks",
    "slope_interval",
    "spearman",
    "stop_when_narrow",
    "stratified",
    "sweep",
    "t_quantile",
    "temperature",
    "total_variation",
    "two_arms",
    "waiting_quantile",
    "wilson",
    "zero_count_cases",
    "zero_count_upper",
]
