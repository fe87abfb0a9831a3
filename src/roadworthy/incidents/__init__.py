"""Incidents: their states, and the cases that they become. Pure values; no I/O."""

from .lifecycle import fold, incident_id, open_incident
from .regression import case_from, redact

__all__ = ["case_from", "fold", "incident_id", "open_incident", "redact"]
