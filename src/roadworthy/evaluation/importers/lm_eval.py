"""lm-eval: results_DATE.json, and the samples_TASK_DATE.jsonl that lie beside it.

Read of lm_eval 0.4 (its files name the version of the tool, not one of their own). A case is a
document of a task. Figures without rows (groups of tasks, corpus metrics, no --log_samples) are
kept as what the tool says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import Imported, ImportedFile
from roadworthy.origins import Source, clean, opened

from .tally import Tally

_SERIES = re.compile(r"0\.4\.\d{1,4}(\.?(dev|post|rc)\d{1,4})?")


class _Count(Struct):
    original: int
    effective: int


class _Config(Struct):
    model: str = ""
    model_args: Any = None


class _File(Struct):
    results: dict[str, dict[str, Any]]
    date: float
    lm_eval_version: str
    config: _Config = field(default_factory=_Config)
    model_name: str | None = None
    samples: dict[str, _Count] = field(name="n-samples", default_factory=dict)


class _Head(Struct):
    version: Any = field(name="lm_eval_version", default=None)


class _Doc(Struct):
    doc_id: int | str
    metrics: list[str]
    filter: str = "none"


def read_document(source: Source) -> Imported:
    """Raises UsageError on another series of lm-eval, or samples that are not those it counts."""
    data = source.whole()
    version = source.decode(data, _Head).version
    if not isinstance(version, str) or not _SERIES.fullmatch(version):
        raise source.fault(
            f"results of lm-eval {version!r}; read are those of lm-eval 0.4",
            "write them again with lm-eval 0.4",
        )
    read = source.decode(data, _File)
    tally = Tally(source)
    files, notes = [source.described()], []
    for task in sorted(read.samples):
        path = _samples_beside(source.path, task)
        if path is None:
            notes.append(f"no samples of {clean(task)} lie beside the results")
            continue
        files.append(_read_samples(path, task, read.samples[task].effective, tally))
    return Imported(
        tool="lm_eval",
        version=version,
        format="lm-eval results of series 0.4",
        task=clean(", ".join(sorted(read.results))),
        model=clean(" ".join(dict.fromkeys(filter(None, (read.config.model, read.model_name))))),
        made_at=_instant(read.date),
        cases=tally.cases,
        rows=tally.rows,
        failed=tally.failed,
        scores=tally.scores(_reported(read.results)),
        files=tuple(files),
        notes=tuple(notes),
    )


def _instant(seconds: float) -> str:
    import datetime as dt

    from roadworthy.domain import format_instant

    try:
        return format_instant(dt.datetime.fromtimestamp(seconds, dt.UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def _samples_beside(path: Path, task: str) -> Path | None:
    """The task's samples of the same instant. A name from the file never leaves the folder."""
    name = re.sub(r"^results_", f"samples_{task}_", path.stem) + ".jsonl"
    beside = path.with_name(name) if Path(name).name == name else None
    return beside if beside is not None and beside.is_file() else None


def _read_samples(path: Path, task: str, effective: int, tally: Tally) -> ImportedFile:
    documents: set[str] = set()
    with opened(path, tally.limits) as source:
        for number, line in source.lines():
            place = f":{number}"
            row = source.decode(line, _Doc, place)
            values = source.decode(line, dict[str, Any], place)
            case = f"{task}/{row.doc_id}"
            documents.add(case)
            scores = {
                f"{clean(task)}/{clean(name)},{clean(row.filter)}": float(values[name])
                for name in row.metrics
                if isinstance(values.get(name), bool | int | float)
            }
            tally.row(case, scores)
        if len(documents) != effective:
            raise source.fault(
                f"it holds {len(documents)} documents, and the results count {effective}",
                "keep results and samples of one evaluation together",
            )
        return source.described()


def _reported(results: dict[str, dict[str, Any]]) -> dict[str, float]:
    return {
        f"{clean(task)}/{clean(name)}": float(value)
        for task, figures in results.items()
        for name, value in figures.items()
        if "," in name and "_stderr," not in name and isinstance(value, int | float)
    }
