"""Spans that must not be read, and what stands in their place.

Enters: findings. Leaves: the text with every span replaced. Never happens here: half a span;
spans that overlap are one, named by the one that begins first (the longest of those).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from roadworthy.domain import Finding

from .guard import Guard

Span = tuple[int, int, int, str]
"""Start, minus end (so that the longest sorts first), order of the guard, replacement."""


def spans_of(guard: Guard, order: int, findings: Iterable[Finding]) -> list[Span]:
    """The spans of one guard's findings; none unless it redacts."""
    if guard.action != "redact":
        return []
    return [(f.start, -f.end, order, guard.label(f.kind)) for f in findings]


def cluster(spans: list[Span]) -> tuple[int, int]:
    """End of the spans that overlap from the first one on, and how many they are."""
    end = -spans[0][1]
    count = 1
    while count < len(spans) and spans[count][0] < end:
        end = max(end, -spans[count][1])
        count += 1
    return end, count


def insert(spans: list[Span], fresh: Iterable[Span]) -> None:
    """Add spans, keeping the order."""
    for span in fresh:
        bisect.insort(spans, span)


def redacted(text: str, spans: list[Span]) -> str:
    """The text with every cluster of spans replaced."""
    out: list[str] = []
    at = 0
    rest = sorted(spans)
    while rest:
        end, count = cluster(rest)
        out += [text[at : rest[0][0]], rest[0][3]]
        at = end
        rest = rest[count:]
    out.append(text[at:])
    return "".join(out)
