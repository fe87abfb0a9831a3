"""An export of Langfuse: traces, observations or scores, counted; what people said is not kept.

Read are the tables as the UI exports them (CSV, JSON, JSON Lines), pages of the public API, and one
trace with its observations and scores as the UI downloads it. The file names no version, so the
keys of its rows are what is judged: a row that is none of the three is refused.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import Brought, Checked, Origin, Received, ToldFigure, UsageError

from .source import Limits, Source, clean, decode, instant, opened

SYSTEM = "roadworthy.system"
_LIMITS = Limits(document=512 << 20, streamed=4 << 30, line=64 << 20)
MOST_ROWS = 1_000_000
MOST_NAMES = 2_000
_MOST_DIGITS = 40
_CELL = 64 << 20
_NUMBERS = ("NUMERIC", "BOOLEAN")
_KINDS = ("traces", "observations", "scores")

Row = Mapping[str, Any]


def kind_of(keys: set[str]) -> str:
    """Which of the three a row is; empty for none."""
    if "traceId" in keys and {"name", "source", "dataType"} <= keys:
        return "scores"
    if {"traceId", "type", "startTime"} <= keys:
        return "observations"
    if {"id", "timestamp", "name"} <= keys and keys & {"sessionId", "userId", "release"}:
        return "traces"
    return ""


def lacking(keys: set[str]) -> str:
    """What keys of a row lack to be one of the three; empty where they are like none."""
    best: tuple[int, str, set[str]] = (0, "", set())
    for kind, needed in _NEEDED.items():
        best = max(best, (len(needed & keys), kind, needed - keys), key=lambda one: one[0])
    there, kind, missing = best
    if there < _ALIKE or not keys & _SIGNS:
        return ""
    return f"nearly Langfuse's {kind}: without {', '.join(sorted(missing) or _BESIDE)}"


_NEEDED = {
    "scores": {"traceId", "name", "source", "dataType"},
    "observations": {"traceId", "type", "startTime"},
    "traces": {"id", "timestamp", "name"},
}
_BESIDE = ("sessionId, userId or release",)
_SIGNS = frozenset(("traceId", "timestamp", "sessionId", "userId"))
_ALIKE = 2


def first_keys(data: bytes) -> set[str]:
    """The keys of a document, or of the first row of its list; empty for anything else."""
    try:
        told = msgspec.json.decode(data, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return set()
    if isinstance(told, list):
        return first_keys(bytes(told[0])) if told else set()
    return set(told)


def is_export(path: Path, head: bytes) -> bool:
    """Whether a file begins as an export."""
    if path.suffix == ".csv":
        line = head.decode("utf-8-sig", "replace").partition("\n")[0]
        return bool(kind_of({cell.strip().strip('"') for cell in line.split(",")}))
    if path.suffix not in (".json", ".jsonl", ".ndjson"):
        return False
    a_trace = b'"timestamp"' in head and (b'"sessionId"' in head or b'"userId"' in head)
    if b'"traceId"' not in head and not a_trace:
        return False  # others trace, too: what the file is of as a whole says it
    with opened(path, _LIMITS) as source:
        if path.suffix != ".json":
            return bool(_keys(next((line for _, line in source.lines()), b"")))
        return bool(_keys(source.whole()))


def _keys(data: bytes) -> str:
    """What a row, a list's first row, a page or a trace with its parts is; empty for none."""
    try:
        told = msgspec.json.decode(data, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # cut off, perhaps: then what it begins with says whose it is, and reading it says where
        begun = data.lstrip()[:1] == b"[" or b'"trace"' in data[:200]
        return "cut off" if begun else ""
    if isinstance(told, list):
        return _keys(bytes(told[0])) if told else ""
    if "data" in told and "meta" in told:
        return "page"
    inner = bytes(told["trace"]) if "trace" in told else b""
    return kind_of(set(told)) or (_keys(inner) if inner[:1] == b"{" else "")


class _Tally:
    """Counts rows while they pass."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ids: set[tuple[str, str]] = set()
        self.rows: Counter[str] = Counter()
        self.twice = 0
        self.types: Counter[str] = Counter()
        self.errors = 0
        self.models: set[str] = set()
        self.cost = Decimal(0)
        self.costed = 0
        self.sums: dict[str, tuple[Decimal, int]] = {}
        self.words: Counter[tuple[str, str]] = Counter()
        self.sources: set[str] = set()
        self.systems: set[str] = set()
        self.first = self.last = ""

    def take(self, row: Row, where: str, kind: str = "") -> None:
        """One row. Raises UsageError where it is none, with its place."""
        kind = kind or kind_of(set(row))
        if not kind:
            raise UsageError(
                f"{self._source.path}: {where} is no trace, observation or score of Langfuse",
                fix="export the table again, with all its columns",
            )
        if sum(self.rows.values()) >= MOST_ROWS:
            raise self._source.fault(f"it has more than {MOST_ROWS:,} rows", "export less at once")
        known = (kind, str(row.get("id", "")))
        if known[1] and known in self._ids:
            self.twice += 1
            return
        self._ids.add(known)
        self.rows[kind] += 1
        self._time(row, where)
        self._system(row)
        if kind == "scores":
            self._score(row, where)
        else:
            self._cost(row, where)
            if kind == "observations":
                self._observation(row)

    def _time(self, row: Row, where: str) -> None:
        said = str(row.get("timestamp") or row.get("startTime") or "").strip('"')[:40]
        if said:
            instant(said, f"{self._source.path}: {where}")
            self.first = min(self.first or said, said)
            self.last = max(self.last, said)

    def _system(self, row: Row) -> None:
        told = row.get("metadata")
        if isinstance(told, str) and SYSTEM in told:
            try:
                told = msgspec.json.decode(told)
            except (msgspec.MsgspecError, RecursionError):
                return
        if isinstance(told, dict) and told.get(SYSTEM):
            self.systems.add(clean(str(told[SYSTEM])))

    def _observation(self, row: Row) -> None:
        self.types[clean(str(row["type"]))] += 1
        self.errors += row.get("level") == "ERROR"
        model = clean(str(row.get("model") or row.get("providedModelName") or ""))
        if model and len(self.models) < MOST_NAMES:
            self.models.add(model)

    def _cost(self, row: Row, where: str) -> None:
        for key in ("calculatedTotalCost", "totalCost"):
            if row.get(key) not in (None, ""):
                self.cost += self._number(row[key], f"{where}: {key}")
                self.costed += 1
                return

    def _score(self, row: Row, where: str) -> None:
        name = clean(str(row["name"]))
        self.sources.add(clean(str(row["source"])))
        if len(self.sums) + len(self.words) > MOST_NAMES:
            raise self._source.fault(f"it has more than {MOST_NAMES:,} names of scores")
        if str(row["dataType"]) in _NUMBERS:
            total, number = self.sums.get(name, (Decimal(0), 0))
            value = self._number(row.get("value"), f"{where}: score {name!r}")
            self.sums[name] = (total + value, number + 1)
        else:
            said = row.get("stringValue") or row.get("value") or ""
            self.words[name, clean(str(said))] += 1

    def _number(self, value: Any, where: str) -> Decimal:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        text = {"true": "1", "false": "0"}.get(text.strip().lower(), text.strip())
        try:
            found = Decimal(text) if len(text) <= _MOST_DIGITS else Decimal("nan")
        except InvalidOperation:
            found = Decimal("nan")
        if not found.is_finite() or abs(found.adjusted()) > _MOST_DIGITS:
            raise UsageError(
                f"{self._source.path}: {where} is {clean(str(value))!r}, which is no number",
                fix="leave the row out, or score it again",
            )
        return found

    def figures(self) -> Iterator[ToldFigure]:
        """What the rows come to."""
        for kind in _KINDS:
            if self.rows[kind]:
                yield ToldFigure(name=kind, value=str(self.rows[kind]), n=self.rows[kind])
        for name, number in sorted(self.types.items()):
            yield ToldFigure(
                name=f"observations: {name}", value=str(number), n=self.rows["observations"]
            )
        if self.rows["observations"]:
            yield ToldFigure(
                name="observations with an error", value=str(self.errors),
                n=self.rows["observations"],
            )  # fmt: skip
        if self.costed:
            yield ToldFigure(name="cost", value=_plain(self.cost), n=self.costed, what="sum")
        for name, (total, number) in sorted(self.sums.items()):
            mean = (total / number).quantize(Decimal("1e-12")).normalize()
            yield ToldFigure(name=name, value=_plain(mean), n=number, what="mean")
        named = Counter[str]()
        for (name, _), number in self.words.items():
            named[name] += number
        for (name, word), number in sorted(self.words.items()):
            yield ToldFigure(name=f"{name} = {word}", value=str(number), n=named[name])


def _plain(value: Decimal) -> str:
    return format(value, "f")


def read_export(path: Path) -> Brought:
    """The export as evidence. Raises UsageError where it is none, or cut off, with its line."""
    with opened(path, _LIMITS) as source:
        tally = _Tally(source)
        if path.suffix == ".csv":
            _csv(source, tally)
        elif path.suffix in (".jsonl", ".ndjson"):
            for number, line in source.lines():
                tally.take(decode(line, dict[str, Any], f"{path}: line {number}"), f"line {number}")
        else:
            _document(source, tally)
        described = source.described()
    if not tally.rows:
        raise UsageError(f"{path} holds no row")
    if len(tally.systems) > 1:
        raise UsageError(
            f"{path} is about {len(tally.systems)} systems: {', '.join(sorted(tally.systems)[:5])}",
            fix="export one at a time",
        )
    facts: dict[str, Any] = {
        "from": clean(tally.first), "to": clean(tally.last), "models": sorted(tally.models)[:50],
        "scored by": sorted(tally.sources)[:20],
    }  # fmt: skip
    return Brought(
        received=Received(
            origin=Origin(
                tool="langfuse", form=f"Langfuse export ({', '.join(tally.rows)})",
                place=described.name, exported_at=clean(tally.last),
            ),
            id=described.digest,
            title=f"{', '.join(f'{number} {kind}' for kind, number in tally.rows.items())}",
            subject=described.digest,
            trust="claimed",
            by="Langfuse",
            system=next(iter(tally.systems), ""),
            figures=tuple(tally.figures()),
            facts={name: value for name, value in facts.items() if value},
            checks=(
                Checked(what="signature", result="not checked", why="Langfuse signs nothing"),
                Checked(
                    what="all rows", result="not checked",
                    why="whoever exports chooses what is in it",
                ),
            ),
            files=(described,),
            notes=_notes(tally),
        ),
    )  # fmt: skip


def _notes(tally: _Tally) -> tuple[str, ...]:
    notes = ["it holds what people said, so its digest alone is kept here: keep the file"]
    if tally.twice:
        notes.append(f"{tally.twice} rows stand there twice and count once")
    return tuple(notes)


def _csv(source: Source, tally: _Tally) -> None:
    csv.field_size_limit(_CELL)
    rows = csv.reader(_texts(source), strict=True)
    try:
        columns = next(rows, [])
        kind = kind_of(set(columns))
        for row in rows:
            if len(row) != len(columns):
                raise source.fault(
                    f"line {rows.line_num} has {len(row)} cells and {len(columns)} columns",
                    "it was cut off",
                )
            tally.take(dict(zip(columns, row, strict=True)), f"line {rows.line_num}", kind)
    except csv.Error as error:
        raise source.fault(f"line {rows.line_num}: it is no CSV: {error}") from None


def _texts(source: Source) -> Iterator[str]:
    """Every line, those within a cell too."""
    last = 0
    for number, line in source.lines():
        yield from ("\n" for _ in range(number - last - 1))
        last = number
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise source.fault(f"line {number} is not UTF-8", "save it as UTF-8") from None


def _document(source: Source, tally: _Tally) -> None:
    told = decode(source.whole(), Any, str(source.path))
    if isinstance(told, dict) and isinstance(told.get("data"), list):
        _require_all(source, told.get("meta"))
        told = told["data"]
    if isinstance(told, dict):
        inside = told.get("trace")
        whole: dict[str, Any] = inside if isinstance(inside, dict) else told
        inner = {kind: told.get(kind) for kind in ("observations", "scores")}
        tally.take(whole, "the trace", "traces" if "timestamp" in whole else "")
        for kind, rows in inner.items():
            for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
                if isinstance(row, dict):  # the API names others by their ids
                    tally.take(row, f"{kind}: row {number}", "")
        return
    if not isinstance(told, list):
        raise source.fault("it is no list of rows")
    for number, row in enumerate(told, start=1):
        if not isinstance(row, dict):
            raise source.fault(f"row {number} is no row")
        tally.take(row, f"row {number}")


def _require_all(source: Source, meta: Any) -> None:
    """A page of several is not what it looks like."""
    told = meta if isinstance(meta, dict) else {}
    pages = told.get("totalPages")
    if (isinstance(pages, int) and pages > 1) or told.get("cursor"):
        raise source.fault(
            "it is a page of several",
            "fetch every page and put their rows into one file, a line each (.jsonl)",
        )
