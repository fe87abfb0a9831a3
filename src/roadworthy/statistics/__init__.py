"""Arithmetic with guarantees: every method names its source and has a simulation test.

Pure functions of numbers, on the standard library alone (scipy is the oracle in the tests), so
that a gate starts in milliseconds. No NaN enters or leaves: absence is None or an error.
"""

from .calibration import Bin, brier, expected_calibration_error, reliability
from .comparison import PairedDifference, holm, mcnemar_exact, paired_difference
from .distributions import beta_quantile, normal_quantile, regularised_beta, t_quantile
from .intervals import Interval, clopper_pearson, mean_interval, wilson, zero_count_upper
from .margin import Estimate, least_correlation, margin
from .quantiles import quantile, quantile_interval
from .resampling import bootstrap, bootstrap_counts

__all__ = [
    "Bin",
    "Estimate",
    "Interval",
    "PairedDifference",
    "beta_quantile",
    "bootstrap",
    "bootstrap_counts",
    "brier",
    "clopper_pearson",
    "expected_calibration_error",
    "holm",
    "least_correlation",
    "margin",
    "mcnemar_exact",
    "mean_interval",
    "normal_quantile",
    "paired_difference",
    "quantile",
    "quantile_interval",
    "regularised_beta",
    "reliability",
    "t_quantile",
    "wilson",
    "zero_count_upper",
]
