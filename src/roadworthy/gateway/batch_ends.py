"""What keeps a line of a batch waiting, what has it asked again, and what ends a batch early."""

from __future__ import annotations

from roadworthy.domain import BatchStatus

from .inside import Said

WORTH_WAITING = frozenset(
    (
        "rate_limit_exceeded", "overloaded", "insufficient_quota", "price_unknown",
        "journal_unavailable", "table_unreadable", "keys_unreadable", "release_refused",
    )
)  # fmt: skip
"""What passes, or is mended by somebody: the line waits, and is no failed one."""

LONGEST_WAIT_S = 30.0
TRIES = 3
"""So often a line is asked whose upstream fails."""

ENDS: dict[str, tuple[BatchStatus, str, str]] = {
    "expired": ("expired", "batch_expired", "it was not asked before the completion window ended"),
    "cancelled": (
        "cancelled",
        "batch_cancelled",
        "it was not asked before the batch was cancelled",
    ),
    "damaged": ("failed", "input_file_damaged", "the file of requests was changed on disk"),
    "revoked": ("failed", "invalid_api_key", "the API key that created the batch holds no more"),
}


def upstream_failed(said: Said) -> bool:
    """Whether the model could not be asked: an error, or the endpoint's fallback for one."""
    if said.status == 200:
        return said.headers.get("x-roadworthy-action") == "fallback"
    return said.status == 502


def after(said: Said, waits: int) -> float:
    """Seconds until it is worth another try."""
    wait = said.headers.get("retry-after", "")
    return min(float(wait) if wait.isdigit() else float(2 ** min(waits, 5)), LONGEST_WAIT_S)
