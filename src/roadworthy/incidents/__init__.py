"""Incidents: their states, and the cases that they become. Pure values; no I/O."""

from .changes import CaseChange
from .lifecycle import fold, incident_id, kills_of, open_incident
from .regression import case_from, demanded, redact, redacted, require_demands
from .reports import fold_reports, is_known, report_id

__all__ = [
    "CaseChange",
    "case_from",
    "demanded",
    "fold",
    "fold_reports",
    "incident_id",
    "is_known",
    "kills_of",
    "open_incident",
    "redact",
    "redacted",
    "report_id",
    "require_demands",
]
