"""promptfoo: what `promptfoo eval -o FILE.json` writes (results version 3), and its .jsonl.

The same results wrapped as a results file (`version: 4`, the server's export) are read too. Read
of promptfoo 0.121. A case is a test with one prompt and provider. A repeat is written as another
test with the same content, so tests are told apart by what they are and not by their number.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType, field, structs

from roadworthy.domain import Imported, sha256
from roadworthy.origins import Source, clean

from .tally import Tally

SUMMARY = 3
WRAPPER = 4
_ERROR = 2
"""`failureReason` of a row that failed outside of its assertions."""


class _Name(Struct):
    id: str = ""


class _Row(Struct, rename="camel"):
    success: bool
    score: float
    prompt_idx: int
    test_case: Raw
    failure_reason: int = 0
    provider: _Name = field(default_factory=_Name)
    named_scores: dict[str, float] | None = None


class _Stats(Struct):
    successes: int
    failures: int
    errors: int


class _Summary(Struct):
    version: int
    timestamp: str
    results: list[_Row]
    stats: _Stats


class _Config(Struct):
    description: Any = ""


class _Metadata(Struct):
    version: str = field(name="promptfooVersion", default="")


class _File(Struct):
    results: _Summary
    version: int | UnsetType = UNSET
    config: _Config = field(default_factory=_Config)
    metadata: _Metadata = field(default_factory=_Metadata)


class _Versioned(Struct):
    version: Any = None


class _Head(Struct):
    """What is looked at before anything else is believed."""

    results: _Versioned
    version: Any = UNSET


def read_document(source: Source) -> Imported:
    """Raises UsageError on another version, or a file that contradicts itself."""
    data = source.whole()
    head = source.decode(data, _Head)
    if head.results.version != SUMMARY or head.version not in (UNSET, WRAPPER):
        told = head.results.version if head.results.version != SUMMARY else head.version
        raise source.fault(
            f"promptfoo results of version {told!r}; read is version {SUMMARY}",
            "export them again with promptfoo 0.121",
        )
    read = source.decode(data, _File)
    tally = Tally(source)
    counts = _count(read.results.results, tally)
    stats = read.results.stats
    said = (stats.successes, stats.failures, stats.errors)
    if said != counts:
        raise source.fault(
            f"it counts {said} passes, failures and errors, and its rows {counts}",
            "export the results again",
        )
    models = {clean(row.provider.id) for row in read.results.results}
    return structs.replace(
        _imported(source, tally, f"promptfoo results, version {SUMMARY}", models),
        version=clean(read.metadata.version),
        task=clean(read.config.description),
        made_at=clean(read.results.timestamp),
    )


def read_lines(source: Source) -> Imported:
    """The same rows, one a line, as `-o FILE.jsonl` writes them. Nothing in it says how many."""
    tally = Tally(source)
    models: set[str] = set()
    for number, line in source.lines():
        row = source.decode(line, _Row, f":{number}")
        models.add(clean(row.provider.id))
        _count([row], tally)
    note = "the file does not say how many rows it had: one that was cut off is not seen"
    found = _imported(source, tally, "promptfoo rows", models)
    return structs.replace(found, notes=(*found.notes, note))


def _count(rows: list[_Row], tally: Tally) -> tuple[int, int, int]:
    passed = failed = errors = 0
    for row in rows:
        case = f"{sha256(bytes(row.test_case))}/{row.prompt_idx}/{row.provider.id}"
        error = row.failure_reason == _ERROR
        scores = {"pass": float(row.success), "score": row.score}
        scores |= {f"named/{clean(name)}": each for name, each in (row.named_scores or {}).items()}
        tally.row(case, scores, failed=error)
        errors += error
        passed += row.success and not error
        failed += not row.success and not error
    return passed, failed, errors


def _imported(source: Source, tally: Tally, form: str, models: set[str]) -> Imported:
    return Imported(
        tool="promptfoo",
        version="",
        format=form,
        model=clean(", ".join(sorted(models))),
        cases=tally.cases,
        rows=tally.rows,
        failed=tally.failed,
        scores=tally.scores(),
        files=(source.described(),),
        notes=(f"{len(models)} models answered, and the means are over all",)
        if len(models) > 1
        else (),
    )
