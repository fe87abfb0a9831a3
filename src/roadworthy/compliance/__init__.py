"""Duties as data: which apply to a system, and what proves each."""

from .classify import UNDECIDED, classify, contradictions
from .sheet import ROLE, ROLES, Expressions, Sheet
from .shipped import EU_AI_ACT, shipped

__all__ = [
    "EU_AI_ACT",
    "ROLE",
    "ROLES",
    "UNDECIDED",
    "Expressions",
    "Sheet",
    "classify",
    "contradictions",
    "shipped",
]
