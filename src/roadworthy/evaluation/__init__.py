"""Evaluation: a plan fixed before, a runner that resumes, an answer cache, scorers."""

from .answers import Answer, AnswerStore
from .cache import CachedProvider, PlainProvider, Receipt, apart, new_receipt
from .comparison import Comparison, Degrees, compare, compare_all, compare_degrees
from .feature_table import FeatureTable, read_features
from .fingerprint import row_digest, rows_digest
from .likeness import Embedding, LikenedTarget, Likeness
from .plan import (
    Item,
    Plan,
    case_digest,
    latest_attempt,
    pin_suite,
    plan,
    quarantine_of,
    suite_digest,
)
from .progress import Progress
from .reading import RunReader
from .repeats import CaseKey, flaky_cases, outcomes, passed
from .runfile import Header, RunFile, read_header, read_run
from .runner import Limits, RunRows, run
from .scorers import SCORER_NAMES, DetectorFactory, arguments_match, make_scorer, text_of
from .scoring import Scoring
from .sealed_lines import Seal, SealedLines
from .seeding import SeededProvider
from .spending import MeteredProvider, MeteredTarget, cost_of, spendings, tab
from .stopping import must_be_asked

__all__ = [
    "SCORER_NAMES",
    "Answer",
    "AnswerStore",
    "CachedProvider",
    "CaseKey",
    "Comparison",
    "Degrees",
    "DetectorFactory",
    "Embedding",
    "FeatureTable",
    "Header",
    "Item",
    "LikenedTarget",
    "Likeness",
    "Limits",
    "MeteredProvider",
    "MeteredTarget",
    "PlainProvider",
    "Plan",
    "Progress",
    "Receipt",
    "RunFile",
    "RunReader",
    "RunRows",
    "Scoring",
    "Seal",
    "SealedLines",
    "SeededProvider",
    "apart",
    "arguments_match",
    "case_digest",
    "compare",
    "compare_all",
    "compare_degrees",
    "cost_of",
    "flaky_cases",
    "latest_attempt",
    "make_scorer",
    "must_be_asked",
    "new_receipt",
    "outcomes",
    "passed",
    "pin_suite",
    "plan",
    "quarantine_of",
    "read_features",
    "read_header",
    "read_run",
    "row_digest",
    "rows_digest",
    "run",
    "spendings",
    "suite_digest",
    "tab",
    "text_of",
]
