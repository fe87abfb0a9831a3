"""The cases as the page carries them: columns of all cases, and texts in chunks, compressed.

Enters: one case at a time with its rows. Leaves: blocks of base64 (deflated JSON) that the page
inflates when somebody looks. Nothing but base64's letters reaches the file, so no text can end
an element or start a script. What never happens here: all texts in memory, or one that was to be
left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Approval, Case, Expect, Observation, RailVerdict, score_grades

from .tally import VERDICTS, CaseVerdict

CHUNK_CASES = 256
CHUNK_CHARACTERS = 1_500_000
"""A chunk ends at either: few cases with large texts inflate as fast as many with small ones."""

ID_SHOWN = 96
"""Characters of an id in the columns; the chunk has all of it."""

FLIPS = ("", "same", "fixed", "broken")

_EXPECTED = Expect.__struct_fields__
_expected = attrgetter(*_EXPECTED)
_said = attrgetter("rail", "side", "outcome", "kinds", "reason", "never_event")
"""What a rail's verdict says, as it lies in a chunk's table."""
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
    approvals: list[Approval]
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


COLUMNS = (
    "id", "suite", "verdict", "action", "decision", "label", "confidence", "tags", "facets",
    "rails", "flip", "repeats", "passes", "latency", "never", "changed",
)  # fmt: skip
"""One value a case each, for the list, its filters and its order. Codes index the tables."""


class _Table(dict[Any, int]):
    """Value -> number, in the order in which they were asked for."""

    def __missing__(self, value: Any) -> int:
        self[value] = number = len(self)
        return number


class CaseData:
    """Takes cases, gives blocks."""

    def __init__(self, *, texts: bool) -> None:
        """`texts`: whether inputs, outputs and what else may quote them are put in."""
        self._columns: list[tuple[Any, ...]] = []
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
        verdict: tuple[CaseVerdict, int],
        *,
        flip: str = "",
        before: Iterable[Observation] = (),
    ) -> bytes | None:
        """Put one case in, with its verdict and how many repeats passed; a full chunk's JSON."""
        if not self._chunk.cases:
            self._starts.append(len(self._columns))
        self._columns.append(self._column(rows, verdict, flip))
        repeats = [self._repeat(row) for row in rows]
        earlier = [self._repeat(row) for row in before]
        detail = self._detail(rows[0], case, absent, repeats, earlier)
        self._chunk.cases.append(detail)
        self._size += sum(len(each.output) + len(each.raw) for each in repeats + earlier)
        self._size += len(detail.input) if isinstance(detail.input, str) else 1000
        full = len(self._chunk.cases) >= CHUNK_CASES or self._size >= CHUNK_CHARACTERS
        return self.flush() if full else None

    def flush(self) -> bytes | None:
        """The JSON of what is left, if anything is."""
        if not self._chunk.cases:
            return None
        self._chunk.rails = list(self._railed)
        text = _encoder.encode(self._chunk)
        self._chunk, self._railed, self._size = Chunk(), _Table(), 0
        return text

    def index(self, **more: Any) -> bytes:
        """The JSON of all columns with their tables, and `more` for the page."""
        columns = list(zip(*self._columns, strict=True)) or [()] * len(COLUMNS)
        tables = {name: list(table) for name, table in self._tables.items()}
        return _encoder.encode(
            {
                "columns": dict(zip(COLUMNS, columns, strict=True)),
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

    def _column(
        self, rows: tuple[Observation, ...], verdict: tuple[CaseVerdict, int], flip: str
    ) -> tuple[Any, ...]:
        """A case's values in the order of COLUMNS."""
        first, tables, several = rows[0], self._tables, len(rows) > 1
        fired = {each.rail for row in rows for each in row.rails if each.outcome != "passed"}
        sure, slow = first.confidence, first.latency_ms
        action: str = first.action
        decision = first.decision
        if several:
            sure = min((r.confidence for r in rows if r.confidence is not None), default=None)
            slow = max((r.latency_ms for r in rows if r.latency_ms is not None), default=None)
            action = _all({row.action for row in rows})
            decision = _all({row.decision for row in rows})
        return (
            first.case[:ID_SHOWN],
            tables["suite"][first.suite],
            VERDICTS.index(verdict[0]),
            tables["action"][action],
            tables["label"][decision],
            tables["label"][first.label],
            _rounded(sure),
            tables["tags"][first.tags],
            tables["facets"][tuple(first.facets.items())],
            tables["rails"][tuple(sorted(fired)) if fired else ()],
            FLIPS.index(flip),
            len(rows),
            verdict[1],
            None if slow is None else round(slow),
            1 if first.never or (several and any(row.never for row in rows)) else 0,
            1 if _raw(first) or (several and any(_raw(row) for row in rows)) else 0,
        )

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
            for name, value in zip(_EXPECTED, _expected(case.expect), strict=True):
                if value is not None and value is not msgspec.UNSET:
                    expect[name] = value
            if not self.texts:
                expect = {name: expect[name] for name in ("label", "action") if name in expect}
        return Detail(
            id=row.case,
            suite=row.suite,
            tags=row.tags,
            facets=row.facets,
            label=row.label,
            input=shown.input if shown else "",
            expect=expect,
            turns=shown.turns if shown else [],
            approvals=(shown.approvals or []) if shown else [],
            context=shown.context if shown else {},
            source=shown.source if shown else "",
            absent=absent if self.texts else "left out of this report",
            repeats=repeats,
            before=before,
        )

    def _repeat(self, row: Observation) -> Repeat:
        texts, railed = self.texts, self._railed
        said = _said if texts else _said_without_reason
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
            rails=[
                (railed[said(each)], each.score and round(each.score, 4))
                for each in row.rails
            ],
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
            attributes=row.attributes if texts else _degrees(row),
        )  # fmt: skip


def _said_without_reason(each: RailVerdict) -> tuple[Any, ...]:
    return each.rail, each.side, each.outcome, each.kinds, "", each.never_event


def _degrees(row: Observation) -> dict[str, Any]:
    """Which scores are matters of degree: names of scorers, no text of the exchange."""
    degrees = score_grades(row)
    return {"graded": degrees} if degrees else {}


def _raw(row: Observation) -> str:
    return row.raw_output if row.raw_output != row.output else ""


def _all(values: set[str]) -> str:
    """One value, or all of them where the repeats differ."""
    return " | ".join(sorted(values))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
