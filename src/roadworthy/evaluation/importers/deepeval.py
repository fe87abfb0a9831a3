"""DeepEval: a test run as JSON (`DEEPEVAL_RESULTS_FOLDER`, `.deepeval/.latest_run_full.json`).

Read of deepeval 4.3. The file names no version, of itself or of DeepEval: what is read is its form,
every field of it that a score rests on with its type. A case is a test case; a metric gives its
score and, as `METRIC/pass`, whether it met its threshold.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Raw, Struct, field

from roadworthy.domain import Imported, UsageError
from roadworthy.origins import Source, clean

from .tally import Tally


class _Metric(Struct, rename="camel"):
    name: str
    success: bool | None
    score: float | None = None
    error: str | None = None
    evaluation_model: str | None = None


class _Case(Struct, rename="camel"):
    name: str
    success: bool | None
    metrics_data: list[_Metric] | None
    order: int | None = None


class _Run(Struct, rename="camel"):
    test_cases: list[_Case]
    conversational_test_cases: list[_Case] = field(default_factory=list)
    test_passed: int | None = None
    test_failed: int | None = None
    identifier: str | None = None
    dataset_alias: str | None = None


def read_document(source: Source) -> Imported:
    """Raises UsageError on another form or version, or counts that are not those of its cases."""
    whole = source.whole()
    named = [key for key in source.decode(whole, dict[str, Raw]) if "version" in key.casefold()]
    if named:
        raise source.fault(
            f"it names a version ({clean(named[0])}), which no test run of DeepEval 4.3 does",
            "write it again with deepeval 4.3",
        )
    try:
        run = source.decode(whole, _Run)
    except UsageError as error:
        raise UsageError(
            f"{error.message}: no test run in the form that DeepEval 4.3 writes",
            fix=error.fix or "write it again with deepeval 4.3",
        ) from None
    tally = Tally(source)
    judges: set[str] = set()
    broken: Counter[str] = Counter()
    cases = [*run.test_cases, *run.conversational_test_cases]
    for number, case in enumerate(cases):
        scores: dict[str, float] = {}
        for metric in case.metrics_data or ():
            if metric.error is not None or metric.success is None:
                broken[clean(metric.name)] += 1
                continue
            if metric.score is not None:
                scores[clean(metric.name)] = metric.score
            scores[f"{clean(metric.name)}/pass"] = float(metric.success)
            judges |= {clean(metric.evaluation_model)} if metric.evaluation_model else set()
        tally.row(str(number), scores, failed=not scores)
    passed = sum(case.success is True for case in cases)
    failed = sum(case.success is False for case in cases)
    said = (run.test_passed, run.test_failed)
    if None not in said and said != (passed, failed):
        raise source.fault(f"it counts {said} passed and failed, and its cases {(passed, failed)}")
    notes = ["the file does not say which DeepEval wrote it, nor which model answered"]
    if judges:
        notes.append(f"judged by {', '.join(sorted(judges))}, which nobody here measured")
    notes += [f"{name} judged {count} cases not at all" for name, count in broken.items()]
    return Imported(
        tool="deepeval",
        version="",
        format="DeepEval test run, as of 4.3",
        task=clean(run.dataset_alias or run.identifier or ""),
        cases=tally.cases,
        rows=tally.rows,
        failed=tally.failed,
        scores=tally.scores(),
        files=(source.described(),),
        notes=tuple(clean(note) for note in notes),
    )
