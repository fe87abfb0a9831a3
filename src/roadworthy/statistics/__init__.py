"""Arithmetic with guarantees: every method names its source and has a simulation test.

Pure functions of numbers, on the standard library alone (scipy is the oracle in the tests), so
that a gate starts in milliseconds. No NaN enters or leaves: absence is None or an error.
"""

from .calibration import (
    Bin,
    brier,
    calibration_interval,
    expected_calibration_error,
    gap_of,
    reliability,
)
from .comparison import PairedDifference, holm, mcnemar_exact, paired_difference
from .distributions import beta_quantile, normal_quantile, regularised_beta, t_quantile
from .intervals import (
    Interval,
    clopper_pearson,
    mean_interval,
    share_interval,
    wilson,
    zero_count_upper,
)
from .macro import macro_interval
from .margin import Estimate, least_correlation, margin
from .power import (
    Plan,
    cases_needed,
    paired_cases,
    paired_power,
    proof_cases,
    zero_count_cases,
)
from .quantiles import quantile, quantile_cases, quantile_interval
from .repeats import pass_at_k, pass_hat_k, reduced
from .selective import RiskPoint, area_under_risk, risk_coverage

__all__ = [
    "Bin",
    "Estimate",
    "Interval",
    "PairedDifference",
    "Plan",
    "RiskPoint",
    "area_under_risk",
    "beta_quantile",
    "brier",
    "calibration_interval",
    "cases_needed",
    "clopper_pearson",
    "expected_calibration_error",
    "gap_of",
    "holm",
    "least_correlation",
    "macro_interval",
    "margin",
    "mcnemar_exact",
    "mean_interval",
    "normal_quantile",
    "paired_cases",
    "paired_difference",
    "paired_power",
    "pass_at_k",
    "pass_hat_k",
    "proof_cases",
    "quantile",
    "quantile_cases",
    "quantile_interval",
    "reduced",
    "regularised_beta",
    "reliability",
    "risk_coverage",
    "share_interval",
    "t_quantile",
    "wilson",
    "zero_count_cases",
    "zero_count_upper",
]
