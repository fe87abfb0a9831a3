"""Incidents: their states, and the cases that they become. Pure values; no I/O."""

from .authority_report import Document, Known, Reached, marked_missing, report_document
from .changes import CaseChange
from .clocks import Running, clocks_of, why_no_clock
from .law import Law, Stated, strictest
from .lifecycle import fold, kills_of
from .notice_forms import alerts_body, mail_text, pagerduty_body, webhook_body
from .notices import clock_notices, notice_of
from .opening import (
    breach_incident,
    incident_id,
    moved_incident,
    open_incident,
    opens,
    railed_incident,
    rollout_incident,
    same_breach,
    same_rail,
    severity_of,
)
from .regression import Demand, case_from, demand_of, redact, redacted, require_demands
from .report_paragraphs import HUMAN, Language, asked_of, must_be_whole, what_is_asked
from .report_words import TITLES
from .reports import fold_reports, is_known, report_id

__all__ = [
    "HUMAN",
    "TITLES",
    "CaseChange",
    "Demand",
    "Document",
    "Known",
    "Language",
    "Law",
    "Reached",
    "Running",
    "Stated",
    "alerts_body",
    "asked_of",
    "breach_incident",
    "case_from",
    "clock_notices",
    "clocks_of",
    "demand_of",
    "fold",
    "fold_reports",
    "incident_id",
    "is_known",
    "kills_of",
    "mail_text",
    "marked_missing",
    "moved_incident",
    "must_be_whole",
    "notice_of",
    "open_incident",
    "opens",
    "pagerduty_body",
    "railed_incident",
    "redact",
    "redacted",
    "report_document",
    "report_id",
    "require_demands",
    "rollout_incident",
    "same_breach",
    "same_rail",
    "severity_of",
    "strictest",
    "webhook_body",
    "what_is_asked",
    "why_no_clock",
]
