"""Every indicator the product knows: what it says, of what kind it is, what it needs.

An indicator is a named function of observations. `measured` says whether this version computes
it; a known indicator that is not measured is INCONCLUSIVE at the gate, never a pass. Rows of
`catalogue_measured`, `catalogue_host`, `catalogue_sessions`, `catalogue_scored`,
`catalogue_judged` and `catalogue_planned`; the user's own scores (scorer names of a suite) are
indicators beside these.
"""

from __future__ import annotations

from .catalogue_drift import DRIFT
from .catalogue_host import HOST
from .catalogue_judged import BY_JUDGES
from .catalogue_measured import MEASURED
from .catalogue_novelty import NOVELTY
from .catalogue_planned import PLANNED
from .catalogue_scored import SCORED
from .catalogue_sessions import SESSIONS
from .indicator import IndicatorSpec

INDICATORS: dict[str, IndicatorSpec] = {
    spec.name: spec
    for spec in (*MEASURED, *HOST, *SESSIONS, *SCORED, *BY_JUDGES, *NOVELTY, *DRIFT, *PLANNED)
}
"""Name -> indicator, quality first."""

ALIASES: dict[str, str] = {
    "label_accuracy": "accuracy",
    "f1_macro": "f1",
    "precision_macro": "precision",
    "recall_macro": "recall",
    "macro_f1": "f1",
    "micro_f1": "f1_micro",
    "ece": "decision_ece",
    "calibration_error": "decision_ece",
    "brier_score": "brier",
    "ace": "adaptive_ece",
    "aurc": "risk_coverage",
    "exact": "exact_match",
    "schema_validity": "format_validity",
    "time_to_first_token": "ttft",
    "attack_success_rate": "attack_success",
    "pii_leak_rate": "pii_leak",
    "counterfactual_flips": "flip_rate",
    "token_f1": "f1_token",
    "similarity": "text_similarity",
    "faithfulness": "groundedness",
    "wer": "word_error_rate",
    "cer": "character_error_rate",
    "absolute_error": "mae",
    "numeric": "numeric_match",
    "json": "json_match",
    "json_fields": "f1_field",
    "items": "f1_items",
    "spans": "f1_span",
    "distinct": "diversity",
    "python": "code_execution",
    "sql": "sql_execution",
    "over_refusal_rate": "over_refusal",
    "toxicity_rate": "toxicity",
    "equalised_odds_gap": "spurious_dependence",
    "never_event_violation": "never_event_violations",
    "never_event_attempt": "never_event_attempts",
}
"""Other names that the field uses -> the catalogue's name."""

__all__ = ["ALIASES", "INDICATORS", "IndicatorSpec"]
