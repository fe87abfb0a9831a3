"""MLflow: the table of an evaluation, as JSON (`eval_results_table.json`) or CSV.

Read of MLflow 3.18: `pandas` in its `split` form, and `result_df` of `mlflow.genai` written with
`to_csv` or `to_json(orient="split")`. The table names no version, but metrics do
(`toxicity/v1/score`). A case is a row. Judges say yes and no; these are 1 and 0.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from roadworthy.domain import Imported

from .source import Source, clean
from .tally import Tally

_METRIC = re.compile(r"(?P<name>.+?)(/v(?P<version>\d+))?/(score|value)", re.DOTALL)
_KNOWN = "1"
"""The version of a metric that was seen."""
_SIDES = {"inputs", "outputs", "predictions", "request", "response", "trace", "trace_id", "targets"}
_WORDS = {"yes": 1.0, "true": 1.0, "pass": 1.0, "no": 0.0, "false": 0.0, "fail": 0.0}
_MOST_CELL = 64 << 20


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
            raise source.fault("no table of an evaluation: no metric among its columns")
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
    tally = Tally(source)
    unread: dict[str, int] = {}
    for number, row in rows:
        if len(row) != len(columns):
            raise source.fault(f"row {number} has {len(row)} cells and {len(columns)} columns")
        scores: dict[str, float] = {}
        for place, name in metrics.items():
            value = _number(row[place])
            if value is not None:
                scores[name] = value
            elif row[place] not in (None, ""):
                unread[name] = unread.get(name, 0) + 1
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


def _metrics(source: Source, columns: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for place, column in enumerate(columns):
        match = _METRIC.fullmatch(column)
        if match is None:
            continue
        if match["version"] not in (None, _KNOWN):
            raise source.fault(
                f"the metric {clean(column)!r} has another version than {_KNOWN}",
                "leave the column out, or score it again with that version",
            )
        name = clean(match["name"])
        if name in found.values():
            raise source.fault(f"two columns are of the metric {name!r}")
        found[place] = name
    return found


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
