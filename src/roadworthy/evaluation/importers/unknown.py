"""The refusal of what no reader knows: what is read at all, and what is missing where near."""

from __future__ import annotations

from roadworthy.domain import UsageError
from roadworthy.origins import FORMS, Source, nearly

KNOWN = (
    "Inspect AI logs (.eval, .json), lm-eval results (results_*.json), garak reports "
    "(report.jsonl), promptfoo results (.json, .jsonl), DeepEval test runs (.json), tables of "
    "MLflow (.json, .csv)"
)
READ = f"read are {FORMS}; results of evaluations: {KNOWN}"


def unknown(source: Source, what: str = "no form that is known") -> UsageError:
    """The error for a file."""
    if not source.size:
        return source.fault("it is empty: nothing in it can be read", READ)
    near = nearly(source.path)
    return source.fault(f"{what}: {near}" if near else what, READ)
