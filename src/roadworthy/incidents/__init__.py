"""Incidents: their states, and the cases that they become. Pure values; no I/O."""

from .changes import CaseChange
from .lifecycle import fold, kills_of
from .opening import (
    breach_incident,
    incident_id,
    open_incident,
    opens,
    rollout_incident,
    same_breach,
    severity_of,
)
from .regression import Demand, case_from, demand_of, redact, redacted, require_demands
from .reports import fold_reports, is_known, report_id

__all__ = [
    "CaseChange",
    "Demand",
    "breach_incident",
    "case_from",
    "demand_of",
    "fold",
    "fold_reports",
    "incident_id",
    "is_known",
    "kills_of",
    "open_incident",
    "opens",
    "redact",
    "redacted",
    "report_id",
    "require_demands",
    "rollout_incident",
    "same_breach",
    "severity_of",
]
