"""Token classes and money: a provider's raw usage in, our classes and a decimal price out.

What is not known stays unknown: no price, no usage or no matching date gives None, never 0.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from roadworthy.domain import Instant, Price, Usage, format_instant

_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        accepted audio billed cache cached candidates character characters citation completion
        content cost count creation details duration ephemeral fetch generated hit image inference
        input load miss modality num output prediction prompt queries queue read reasoning rejected
        requests search seconds server shared text thinking thoughts time token tokens tool total
        units upstream usage use used video web words write 5m 1h
        """,
    )
)
"""Of these the names of what upstreams count are made; a name with another word may be anything."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[0-9]+[a-z]")
_TOTALS = frozenset(("prompt_tokens", "completion_tokens", "total_tokens"))
"""All that an upstream without a cache and without reasoning counts."""

_FIGURE = re.compile(r"-?[0-9.]{1,32}")

_MILLION = Decimal(1_000_000)


def usage_of(raw: dict[str, Any]) -> Usage:
    """Our token classes from a usage object in OpenAI's, Anthropic's or a related shape.

    Cached and reasoning tokens are parts of input and output here. Anthropic counts cache reads
    and writes beside `input_tokens`, some upstreams reasoning beside `completion_tokens`: both
    are added in, the latter when the upstream's own total says so.
    """
    if raw.keys() == _TOTALS and all(type(value) is int and value >= 0 for value in raw.values()):
        return Usage(  # no cache and no reasoning to tell apart: most upstreams of open models
            input_tokens=raw["prompt_tokens"], output_tokens=raw["completion_tokens"], raw=raw
        )
    details_in = _object(raw, "prompt_tokens_details", "input_tokens_details")
    details_out = _object(raw, "completion_tokens_details", "output_tokens_details")
    cached = (
        _count(details_in, "cached_tokens")
        or _count(raw, "cache_read_input_tokens")
        or _count(raw, "prompt_cache_hit_tokens")
    )
    written = _count(raw, "cache_creation_input_tokens") or _count(
        details_in, "cache_creation_tokens"
    )
    reasoning = _count(details_out, "reasoning_tokens") or _count(details_out, "thinking_tokens")
    if "prompt_tokens" in raw:
        put_in = _count(raw, "prompt_tokens")
    else:
        put_in = _count(raw, "input_tokens")
        if not details_in:
            put_in += _count(raw, "cache_read_input_tokens") + written
    put_out = _count(raw, "completion_tokens") or _count(raw, "output_tokens")
    if reasoning and _count(raw, "total_tokens") == put_in + put_out + reasoning:
        put_out += reasoning
    return Usage(
        input_tokens=put_in,
        output_tokens=put_out,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=reasoning,
        audio_tokens=_count(details_in, "audio_tokens") + _count(details_out, "audio_tokens"),
        raw=_counts_of(raw),
    )


def _counts_of(raw: dict[str, Any]) -> dict[str, Any]:
    """The provider's own counts under their own names; words have no place among them.

    Nothing here is sealed where it is kept, so that a name that counts nothing known is left out.
    """
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        if not _is_known(name):
            continue
        if isinstance(value, dict):
            kept[name] = _counts_of(value)
        elif value is None or isinstance(value, int | float) or _FIGURE.fullmatch(str(value)):
            kept[name] = value
    return kept


@lru_cache(maxsize=1024)
def _is_known(name: str) -> bool:
    words = _WORD.findall(name)
    is_whole = "".join(words) == name.replace("_", "")
    return bool(words) and is_whole and all(word.lower() in _WORDS for word in words)


def _object(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = raw.get(name)
        if isinstance(value, dict):
            return value
    return {}


def _count(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    return value if type(value) is int and value > 0 else 0


def price(
    usage: Usage | None, model: str, at: Instant, prices: Sequence[Price]
) -> tuple[str, str] | None:
    """What a call cost: (decimal string, currency), by the newest price not after the call.

    Cached input costs its own price where the table has one. None when the model, the date or
    the usage is unknown.
    """
    if usage is None or not (usage.input_tokens or usage.output_tokens):
        return None
    known = [row for row in prices if row.model == model and _begin(row.since) <= at]
    if not known:
        return None
    row = max(known, key=lambda entry: _begin(entry.since))
    per_input = _decimal(row.input)
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    per_cached = per_input if row.cached_input is None else _decimal(row.cached_input)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    per_written = per_input if row.cache_write is None else _decimal(row.cache_write)
    for_long = min(_written_for_long(usage.raw), written)
    per_long = per_written if row.cache_write_1h is None else _decimal(row.cache_write_1h)
    amount = (
        (usage.input_tokens - cached - written) * per_input
        + cached * per_cached
        + (written - for_long) * per_written
        + for_long * per_long
        + usage.output_tokens * _decimal(row.output)
    ) / _MILLION
    text = format(amount, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text), row.currency


def _written_for_long(raw: dict[str, Any]) -> int:
    """Tokens that Anthropic's cache keeps for an hour, of those that were written to it."""
    return _count(_object(raw, "cache_creation"), "ephemeral_1h_input_tokens")


@lru_cache(maxsize=1024)
def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


@lru_cache(maxsize=1024)
def _begin(since: str) -> Instant:
    """A price's first instant; a bare date begins at midnight UTC."""
    moment = dt.datetime.fromisoformat(since)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return format_instant(moment)
