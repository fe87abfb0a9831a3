"""An exchange as a span of OpenTelemetry, in the words of its conventions for generative AI.

Enters: an observation that the journal keeps. Leaves: one span, whose ids follow from the
observation's. What never happens here: a text, a name of an end user, or an attribute whose value
is not known. Source: OpenTelemetry semantic conventions for generative client spans.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from msgspec import Struct

from roadworthy.domain import Observation, parse_instant


class Span(Struct, frozen=True, kw_only=True):
    """One span. Times are nanoseconds since the epoch."""

    name: str
    trace_id: int
    span_id: int
    begin_ns: int
    end_ns: int
    failed: bool
    why: str
    """What failed, in one word; no message: it may quote."""
    attributes: dict[str, Any]


def span_of(seen: Observation) -> Span:
    """The span of an exchange. Raises ValueError for one whose id or time is none."""
    end_ns = int(parse_instant(seen.time).timestamp() * 1_000_000) * 1_000
    took_ns = int((seen.latency_ms or 0.0) * 1_000_000)
    failed = seen.status in ("error", "interrupted", "refused")
    return Span(
        name=f"chat {seen.model}".strip(),
        trace_id=UUID(seen.id).int,
        span_id=int.from_bytes(hashlib.sha256(seen.id.encode()).digest()[:8], "big") or 1,
        begin_ns=end_ns - took_ns,
        end_ns=end_ns,
        failed=failed,
        why=seen.status if failed else "",
        attributes={name: value for name, value in _attributes(seen).items() if value is not None},
    )


def _attributes(seen: Observation) -> dict[str, Any]:
    usage = seen.usage
    counted = bool(usage.input_tokens or usage.output_tokens)
    stopped = sorted({one.rail for one in seen.rails if one.outcome not in ("passed", "flag")})
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "roadworthy",
        "gen_ai.request.model": seen.model or None,
        "gen_ai.response.id": seen.id,
        "gen_ai.response.finish_reasons": [seen.finish_reason] if seen.finish_reason else None,
        "gen_ai.usage.input_tokens": usage.input_tokens if counted else None,
        "gen_ai.usage.output_tokens": usage.output_tokens if counted else None,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens or None,
        "gen_ai.conversation.id": seen.session or None,
        "gen_ai.agent.name": seen.system,
        "error.type": seen.status if seen.status != "ok" else None,
        "roadworthy.release": seen.release or None,
        "roadworthy.tenant": seen.tenant or None,
        "roadworthy.endpoint": seen.endpoint or None,
        "roadworthy.action": seen.action,
        "roadworthy.decision": seen.decision or None,
        "roadworthy.confidence": seen.confidence,
        "roadworthy.rails.acted": stopped or None,
        "roadworthy.never_events": [one.event for one in seen.never] or None,
        "roadworthy.cost": float(seen.cost) if seen.cost is not None else None,
        "roadworthy.currency": seen.currency or None,
        "roadworthy.first_token_ms": seen.first_token_ms,
        "roadworthy.cache_hit": seen.cache_hit or None,
        "roadworthy.notice_given": seen.notice_given or None,
        "roadworthy.mitigation": seen.mitigation or None,
    }
