"""MLflow: the table of an evaluation, as JSON (`eval_results_table.json`) or CSV.

Read of MLflow 3.18: `mlflow.models.evaluate` (columns `NAME/score`, `NAME/v1/score`), and
`result_df` of `mlflow.genai` written with `to_json(orient="split", default_handler=str)`
(`NAME/value`). There an expected answer has a column like a judgement's; only `assessments` tells
them apart, so without it, or as CSV, such a column is refused. The table names no version, but some
metrics do. A case is a row. Judges say yes and no; these are 1 and 0.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET, Struct, ValidationError, convert

from roadworthy.domain import Imported
from roadworthy.origins import Source, clean

from .tally import Tally
from .unknown import unknown

_METRIC = re.compile(r"(?P<name>.+?)(/v(?P<version>\d+))?/(?P<kind>score|value)", re.DOTALL)
_KNOWN = "1"
"""The version of a metric that was seen."""
_SIDES = {"inputs", "outputs", "predictions", "request", "response", "trace", "trace_id", "targets"}
_WORDS = {"yes": 1.0, "true": 1.0, "pass": 1.0, "no": 0.0, "false": 0.0, "fail": 0.0}
_MOST_CELL = 64 << 20
_TOLD_APART = "assessments"
_FIX = 'write it with `result_df.to_json(FILE, orient="split", default_handler=str)`'


class _Metric(Struct, frozen=True, kw_only=True):
    place: int
    name: str
    column: str
    judged: bool
    """Of `mlflow.genai`: its values stand beside those of expectations."""


class _Assessment(Struct):
    assessment_name: str
    feedback: Any = UNSET


class _Table(Struct):
    columns: list[str]
    data: list[list[Any]]


def is_table(columns: Iterable[Any]) -> bool:
    """Whether these are the columns of such a table: an answer's and a metric's."""
    names = [name for name in columns if isinstance(name, str)]
    return bool(_SIDES & set(names)) and any(_METRIC.fullmatch(name) for name in names)


def read_document(source: Source) -> Imported:
    """JSON. Raises UsageError on another form or version of a metric."""
    table = source.decode(source.whole(), _Table)
    if not is_table(table.columns):
        raise source.fault(
            "a table without a metric, or without what was answered",
            "write the evaluation's table with its metrics (`NAME/v1/score`, `NAME/value`)",
        )
    return _read(source, table.columns, enumerate(table.data, start=1))


def read_csv(source: Source) -> Imported:
    """CSV with a header, read row by row. Raises UsageError as `read_document`."""
    csv.field_size_limit(_MOST_CELL)
    rows = csv.reader(_text(source), strict=True)
    try:
        columns = next(rows, [])
        if not is_table(columns):
            raise unknown(source, "no table of an evaluation (no metric among its columns)")
        return _read(source, columns, enumerate(rows, start=2))
    except csv.Error as error:
        raise source.fault(f"it is no CSV: {error}") from None


def _text(source: Source) -> Iterator[str]:
    for number, line in source.lines():
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise source.fault(f"line {number} is not UTF-8", "save it as UTF-8") from None


def _read(source: Source, columns: list[str], rows: Iterable[tuple[int, list[Any]]]) -> Imported:
    metrics = _metrics(source, columns)
    told = columns.index(_TOLD_APART) if any(each.judged for each in metrics) else -1
    tally = Tally(source)
    unread: Counter[str] = Counter()
    for number, row in rows:
        if len(row) != len(columns):
            raise source.fault(f"row {number} has {len(row)} cells and {len(columns)} columns")
        judgements = _judgements(source, number, row[told]) if told >= 0 else set()
        scores: dict[str, float] = {}
        for metric in metrics:
            if metric.judged and metric.column not in judgements:
                continue
            value = _number(row[metric.place])
            if value is not None:
                scores[metric.name] = value
            elif row[metric.place] not in (None, ""):
                unread[metric.name] += 1
        tally.row(str(number), scores, failed=not scores)
    notes = ["the table does not say which MLflow wrote it, nor which model answered"]
    notes += [f"{count} values of {name} are no numbers" for name, count in unread.items()]
    return Imported(
        tool="mlflow",
        version="",
        format="MLflow evaluation table, metrics of version 1",
        cases=tally.cases,
        rows=tally.rows,
        failed=tally.failed,
        scores=tally.scores(),
        files=(source.described(),),
        notes=tuple(notes),
    )


def _metrics(source: Source, columns: list[str]) -> list[_Metric]:
    found: list[_Metric] = []
    for place, column in enumerate(columns):
        match = _METRIC.fullmatch(column)
        if match is None:
            continue
        if match["version"] not in (None, _KNOWN):
            raise source.fault(
                f"the metric {clean(column)!r} has another version than {_KNOWN}",
                "leave the column out, or score it again with that version",
            )
        judged = match["kind"] == "value"
        if judged and _TOLD_APART not in columns:
            raise source.fault(f"{clean(column)!r} may be an expected answer", _FIX)
        name = clean(match["name"])
        if any(each.name == name for each in found):
            raise source.fault(f"two columns are of the metric {name!r}")
        found.append(_Metric(place=place, name=name, column=match["name"], judged=judged))
    return found


def _judgements(source: Source, number: int, cell: Any) -> set[str]:
    """Whose values of a row are judgements, and not what was expected."""
    try:
        said = convert(cell, list[_Assessment])
    except ValidationError:
        raise source.fault(f"row {number} holds no assessments that can be read", _FIX) from None
    return {each.assessment_name for each in said if each.feedback is not UNSET}


def _number(value: Any) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    word = _WORDS.get(value.strip().lower())
    if word is not None:
        return word
    try:
        return float(value)
    except ValueError:
        return None
