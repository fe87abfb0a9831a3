"""The columns of the one table of observations: a row for each exchange, whoever observed it.

Enters: an observation. Leaves: a row of plain values, and from a row the same observation again, or
as much of it as some of the columns tell. Never here: a text; what left and what was asked are
sealed in the journal, and of an error what quotes somebody is left out.

Only gains columns; `SCHEMA` says which there are. Two kinds come twice, so that rows can be counted
by a part of them: each facet has a column of its own (`facets.NAME`) beside `facets`, and what
indicators ask of a look for shift (`shift.flagged`) stands beside `shift`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import (
    EXPECTED,
    Instant,
    Observation,
    Shift,
    Usage,
    format_instant,
    parse_instant,
)

SCHEMA = 1
"""Version of the columns."""

TEXTS = (
    "id", "system", "release", "stage", "suite", "case", "tenant", "end_user", "session",
    "endpoint", "model", "status", "error", "finish_reason", "action", "decision", "label", "cost",
    "currency", "input_digest", "output_digest", "review", "mitigation",
)  # fmt: skip
NUMBERS = ("confidence", "latency_ms", "first_token_ms", "sampling_weight")
FLAGS = ("cache_hit", "notice_given", "ood")
TOKENS = (
    "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens",
    "cache_write_tokens", "audio_tokens",
)  # fmt: skip
COUNTS = ("version", "repeat", *TOKENS)
_ELSEWHERE = frozenset(
    {*TEXTS, *NUMBERS, *FLAGS, "version", "repeat", "time", "facets", "usage"}
    | {"output", "raw_output", "quoted"}
)
"""Fields that have columns of another kind, or are texts and have none."""

JSON: dict[str, Any] = {
    each.name: each.type for each in structs.fields(Observation) if each.name not in _ELSEWHERE
}
"""Columns of JSON, and what is in them: all other fields."""
SHIFT_TEXTS = ("shift.reference", "shift.unseen", "shift.new_facets")
SHIFT_FLAGS = ("shift.flagged", "shift.model_written")
FACET = "facets."
ALONE = "alone"
"""Whether a row is a case by itself: not one of a suite's, nor of a group."""
LEARNED_AT = "learned_at"
"""When something was learned of it last."""
LEARNED = "learned"
"""Whether anything was; no column of a row, but one that rows are counted by."""
SAID = "said"
"""JSON of what was learned, note by note; empty where nothing was."""
AS_LEFT = "as_left"
"""JSON of the fields that this changed, as they were before."""

Row = dict[str, Any]
"""Column -> value."""

_OF_SHIFT = frozenset({*SHIFT_TEXTS, *SHIFT_FLAGS})
_PLAIN = frozenset({*TEXTS, *NUMBERS, *FLAGS, "version", "repeat"})
_encoder = msgspec.json.Encoder(order="deterministic")


def row_of(seen: Observation) -> Row:
    """The row of an observation, without a text."""
    row: Row = {name: getattr(seen, name) for name in _PLAIN}
    row |= {name: getattr(seen.usage, name) for name in TOKENS}
    row |= {name: _json(getattr(seen, name)) for name in JSON}
    row |= {f"{FACET}{name}": value for name, value in seen.facets.items()}
    row |= _shift(seen.shift)
    if seen.quoted:
        row["error"] = seen.error.replace(seen.quoted, "[sealed]")
    return row | {
        "time": parse_instant(seen.time),
        "facets": list(seen.facets.items()),
        "usage_raw": _json(seen.usage.raw),
        "expect_action": str(seen.attributes.get(EXPECTED) or ""),
        ALONE: is_alone(seen),
    }


def is_alone(seen: Observation) -> bool:
    """Whether it counts for itself: no case of a suite, none of a group, nothing grown."""
    grouped = any(tag.startswith("group:") for tag in seen.tags)
    return not (seen.case or grouped or {"reduce", "grown_from"} & seen.attributes.keys())


def observation_of(row: Mapping[str, Any]) -> Observation:
    """The observation of a whole row, but for its texts.

    Raises msgspec.MsgspecError where a column of JSON does not hold what it should.
    """
    given: dict[str, Any] = {name: row[name] for name in _PLAIN if row.get(name) is not None}
    given |= {name: _read(name, row[name]) for name in JSON if row.get(name) is not None}
    tokens = {name: row[name] for name in TOKENS if row.get(name) is not None}
    raw = msgspec.json.decode(row.get("usage_raw") or "{}")
    at = row["time"]
    return Observation(
        **given,
        time=at if isinstance(at, str) else format_instant(at),
        facets=dict(row.get("facets") or ()),
        usage=Usage(**tokens, raw=raw),
    )


def glimpse(columns: Mapping[str, Any]) -> Observation:
    """As much of an observation as these columns tell; all else of it is as if it were not there.

    Only for questions that ask for nothing else.
    """
    given: Row = {"id": "", "time": "", "system": "", "release": "", "stage": "live"}
    facets: dict[str, str] = {}
    shift: Row = {}
    for name, value in columns.items():
        if value is None:
            continue
        if name.startswith(FACET):
            facets[name.removeprefix(FACET)] = value
        elif name in _OF_SHIFT:
            shift[name.partition(".")[2]] = value
        elif name == "expect_action":
            given["attributes"] = {EXPECTED: value} if value else {}
        elif name in JSON:
            given[name] = _read(name, value)
        elif name in _PLAIN:
            given[name] = value
    if shift:
        given["shift"] = _glimpsed(shift)
    return Observation(**given, facets=facets)


_ENDLESS = frozenset(
    {"id", "error", "input_digest", "output_digest", "session", "end_user", "cost", "review"}
)
"""Texts that name a request, or nearly."""


def countable(name: str) -> bool:
    """Whether rows can be counted by a field: its column has an end of values."""
    return name in {*TEXTS, *FLAGS, "tags", "never", "misuse"} - _ENDLESS


def facet_names(columns: Iterable[str]) -> list[str]:
    """The facets among columns."""
    return sorted(name.removeprefix(FACET) for name in columns if name.startswith(FACET))


def as_text(at: Instant | None) -> Any:
    """An instant as a column holds it."""
    return parse_instant(at) if at else None


def _shift(seen: Shift | None) -> Row:
    if seen is None:
        return dict.fromkeys(_OF_SHIFT)
    found = {f"shift.{name}": value for name, value in structs.asdict(seen).items()}
    new = found["shift.new_facets"]
    found["shift.new_facets"] = None if new is None else _json(new)
    return {name: found[name] for name in _OF_SHIFT}


def _glimpsed(said: Row) -> Shift:
    new = said.get("new_facets")
    facets = None if new is None else msgspec.json.decode(new, type=tuple[str, ...])
    return Shift(**{**said, "new_facets": facets})


def _json(value: Any) -> str:
    return _encoder.encode(value).decode()


@lru_cache(maxsize=4096)
def _read(name: str, text: str) -> Any:
    return msgspec.json.decode(text, type=JSON[name])
