"""The cases as the page carries them: columns of all cases, and texts in chunks, compressed.

Enters: one case at a time with its rows. Leaves: blocks of base64 (deflated JSON) that the page
inflates when somebody looks. Nothing but base64's letters reaches the file, so no text can end
an element or start a script. What never happens here: all texts in memory, or one that was to be
left out.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Case, Observation, RailVerdict

from .tally import VERDICTS, CaseVerdict

CHUNK_CASES = 256
CHUNK_CHARACTERS = 1_500_000
"""A chunk ends at either: few cases with large texts inflate as fast as many with small ones."""

ID_SHOWN = 96
"""Characters of an id in the columns; the chunk has all of it."""

FLIPS = ("", "same", "fixed", "broken")
_LEVEL = 6
_encoder = msgspec.json.Encoder()


class Repeat(Struct, frozen=True, array_like=True, kw_only=True):
    """One answer, as it lies in a chunk."""

    repeat: int
    id: str
    status: str
    action: str
    decision: str
    confidence: float | None
    probabilities: dict[str, float]
    output: str
    raw: str
    """What the model said; empty when it is what was released."""
    rails: list[tuple[int, float | None]]
    """Index of the verdict in the chunk's table, and the rail's score."""
    scores: dict[str, float]
    latency: float | None
    first_token: float | None
    cost: str
    tokens: tuple[int, int]
    cached: bool
    finish: str
    error: str
    never: list[tuple[str, str, str]]
    model: str
    mitigation: str
    review: str
    attributes: dict[str, Any]


class Detail(Struct, frozen=True, array_like=True, kw_only=True):
    """One case, as it lies in a chunk."""

    id: str
    suite: str
    tags: tuple[str, ...]
    facets: dict[str, str]
    label: str
    input: Any
    expect: dict[str, Any]
    turns: list[dict[str, Any]]
    context: dict[str, Any]
    source: str
    absent: str
    """Why the input is not shown."""
    repeats: list[Repeat]
    before: list[Repeat]
    """The other run's answers, where the case flipped."""


class Chunk(Struct):
    """Cases that are inflated together."""

    rails: list[tuple[str, str, str, tuple[str, ...], str, str]] = field(default_factory=list)
    cases: list[Detail] = field(default_factory=list)


class Columns(Struct):
    """One value a case, for the list, its filters and its order. Codes index the tables."""

    id: list[str] = field(default_factory=list)
    suite: list[int] = field(default_factory=list)
    verdict: list[int] = field(default_factory=list)
    action: list[int] = field(default_factory=list)
    decision: list[int] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    confidence: list[float | None] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    facets: list[int] = field(default_factory=list)
    rails: list[int] = field(default_factory=list)
    flip: list[int] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    latency: list[int | None] = field(default_factory=list)
    never: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)


class _Table:
    """Values by number, in the order in which they came."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    def values(self) -> list[Any]:
        return list(self.numbers)


class CaseData:
    """Takes cases, gives blocks."""

    def __init__(self, *, texts: bool) -> None:
        """`texts`: whether inputs, outputs and what else may quote them are put in."""
        self.columns = Columns()
        self.texts = texts
        self._tables = {
            name: _Table() for name in ("suite", "action", "label", "tags", "facets", "rails")
        }
        self._starts: list[int] = []
        self._chunk, self._railed, self._size = Chunk(), _Table(), 0

    def add(
        self,
        rows: tuple[Observation, ...],
        case: Case | None,
        absent: str,
        verdict: CaseVerdict,
        *,
        flip: str = "",
        before: Iterable[Observation] = (),
    ) -> bytes | None:
        """Put one case in; returns a chunk's block when one is full."""
        if not self._chunk.cases:
            self._starts.append(len(self.columns.id))
        self._add_columns(rows, verdict, flip)
        repeats = [self._repeat(row) for row in rows]
        earlier = [self._repeat(row) for row in before]
        detail = self._detail(rows[0], case, absent, repeats, earlier)
        self._chunk.cases.append(detail)
        self._size += sum(len(each.output) + len(each.raw) for each in repeats + earlier)
        self._size += len(detail.input) if isinstance(detail.input, str) else 1000
        full = len(self._chunk.cases) >= CHUNK_CASES or self._size >= CHUNK_CHARACTERS
        return self.flush() if full else None

    def flush(self) -> bytes | None:
        """The block of what is left, if anything is."""
        if not self._chunk.cases:
            return None
        self._chunk.rails = self._railed.values()
        block = packed(self._chunk)
        self._chunk, self._railed, self._size = Chunk(), _Table(), 0
        return block

    def index(self, **more: Any) -> bytes:
        """The block of all columns with their tables, and `more` for the page."""
        tables = {name: table.values() for name, table in self._tables.items()}
        return packed(
            {
                "columns": self.columns,
                "tables": tables,
                "verdicts": VERDICTS,
                "flips": FLIPS,
                "starts": self._starts,
                "repeat": Repeat.__struct_fields__,
                "detail": Detail.__struct_fields__,
                "texts": self.texts,
                **more,
            }
        )

    def _add_columns(self, rows: tuple[Observation, ...], verdict: CaseVerdict, flip: str) -> None:
        first, columns, tables = rows[0], self.columns, self._tables
        fired = sorted(
            {each.rail for row in rows for each in row.rails if each.outcome != "passed"}
        )
        columns.id.append(first.case[:ID_SHOWN])
        columns.suite.append(tables["suite"].number(first.suite))
        columns.verdict.append(VERDICTS.index(verdict))
        columns.action.append(tables["action"].number(_all({row.action for row in rows})))
        columns.decision.append(tables["label"].number(_all({row.decision for row in rows})))
        columns.label.append(tables["label"].number(first.label))
        columns.confidence.append(_rounded(_least(row.confidence for row in rows)))
        columns.tags.append(tables["tags"].number(first.tags))
        columns.facets.append(tables["facets"].number(tuple(first.facets.items())))
        columns.rails.append(tables["rails"].number(tuple(fired)))
        columns.flip.append(FLIPS.index(flip))
        columns.repeats.append(len(rows))
        columns.passes.append(sum(1 for row in rows if _passed(row)))
        slowest = max((row.latency_ms for row in rows if row.latency_ms is not None), default=None)
        columns.latency.append(None if slowest is None else round(slowest))
        columns.never.append(int(any(row.never for row in rows)))
        columns.changed.append(int(any(_raw(row) for row in rows)))

    def _detail(
        self,
        row: Observation,
        case: Case | None,
        absent: str,
        repeats: list[Repeat],
        before: list[Repeat],
    ) -> Detail:
        shown = case if self.texts else None
        expect: dict[str, Any] = {}
        if case is not None:
            wanted = msgspec.to_builtins(case.expect)
            kept = wanted if self.texts else {"label": wanted["label"], "action": wanted["action"]}
            expect = {name: value for name, value in kept.items() if value is not None}
        return Detail(
            id=row.case,
            suite=row.suite,
            tags=row.tags,
            facets=row.facets,
            label=row.label,
            input=shown.input if shown else "",
            expect=expect,
            turns=shown.turns if shown else [],
            context=shown.context if shown else {},
            source=shown.source if shown else "",
            absent=absent if self.texts else "left out of this report",
            repeats=repeats,
            before=before,
        )

    def _repeat(self, row: Observation) -> Repeat:
        texts = self.texts
        return Repeat(
            repeat=row.repeat,
            id=row.id,
            status=row.status,
            action=row.action,
            decision=row.decision,
            confidence=_rounded(row.confidence),
            probabilities={name: round(p, 4) for name, p in row.label_probabilities.items()},
            output=row.output if texts else "",
            raw=_raw(row) if texts else "",
            rails=[(self._railed.number(self._said(each)), _rounded(each.score))
                   for each in row.rails],
            scores=row.scores,
            latency=row.latency_ms,
            first_token=row.first_token_ms,
            cost=f"{row.cost} {row.currency}".strip() if row.cost is not None else "",
            tokens=(row.usage.input_tokens, row.usage.output_tokens),
            cached=row.cache_hit,
            finish=row.finish_reason,
            error=row.error if texts else ("left out of this report" if row.error else ""),
            never=[(each.event, each.kind, each.found_by) for each in row.never],
            model=row.model,
            mitigation=row.mitigation,
            review=row.review,
            attributes=row.attributes if texts else {},
        )  # fmt: skip

    def _said(self, each: RailVerdict) -> tuple[str, str, str, tuple[str, ...], str, str]:
        reason = each.reason if self.texts else ""
        return each.rail, each.side, each.outcome, each.kinds, reason, each.never_event


def packed(value: Any) -> bytes:
    """JSON, deflated (zlib), base64: letters, digits, `+`, `/`, `=`."""
    return base64.b64encode(zlib.compress(_encoder.encode(value), _LEVEL))


def unpacked(block: bytes) -> Any:
    """What `packed` put in: the inverse, for tests and tools."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(block)))


def _passed(row: Observation) -> bool:
    from roadworthy.evaluation import passed

    return bool(passed(row))


def _raw(row: Observation) -> str:
    return row.raw_output if row.raw_output != row.output else ""


def _all(values: set[str]) -> str:
    """One value, or all of them where the repeats differ."""
    return next(iter(values)) if len(values) == 1 else " | ".join(sorted(values))


def _least(values: Iterator[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
