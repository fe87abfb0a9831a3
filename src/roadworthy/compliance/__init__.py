"""Duties as data: which apply to a system, and what proves each."""

from .changes import meaning_of, text_changes
from .classify import UNDECIDED, classify, conflict, contradictions
from .costs import sums
from .coverage import covered, proof_of
from .documents import (
    FILLERS,
    FORMS,
    GERMAN,
    WEIGHTS_ACCESS,
    Gathered,
    assemble,
    owed_in_words,
    said,
    to_markdown,
)
from .dora import four_measures
from .matrix import exit_lacks, matrix, profile_of, tasks
from .review_due import CADENCES, ReviewDue, day_due, review_due
from .scoping import FACTORS, use_case
from .sheet import ROLE, ROLES, Sheet
from .shipped import EU_AI_ACT, EVIDENCE, MATRIX, shipped

__all__ = [
    "CADENCES",
    "EU_AI_ACT",
    "EVIDENCE",
    "FACTORS",
    "FILLERS",
    "FORMS",
    "GERMAN",
    "MATRIX",
    "ROLE",
    "ROLES",
    "UNDECIDED",
    "WEIGHTS_ACCESS",
    "Gathered",
    "ReviewDue",
    "Sheet",
    "assemble",
    "classify",
    "conflict",
    "contradictions",
    "covered",
    "day_due",
    "exit_lacks",
    "four_measures",
    "matrix",
    "meaning_of",
    "owed_in_words",
    "profile_of",
    "proof_of",
    "review_due",
    "said",
    "shipped",
    "sums",
    "tasks",
    "text_changes",
    "to_markdown",
    "use_case",
]
