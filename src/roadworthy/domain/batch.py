"""What a tenant left to be answered: files of requests, and batches that ask them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .clock import Instant

BatchStatus = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelled"
]
"""As OpenAI's API has it; `cancelling` is a batch that runs and was asked to end."""

FilePurpose = Literal["batch", "batch_output"]


class StoredFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a file beside its lines; its name lies sealed with them."""

    version: int = 1
    id: str
    tenant: str
    purpose: FilePurpose
    size: int
    """Bytes of the text, as it came or would leave."""
    lines: int
    created_at: Instant
    expires_at: Instant = ""
    """From when on nobody is given it; empty: it stays."""
    deleted_at: Instant = ""
    """Since when its tenant does not see it any more."""

    def gone(self, at: Instant) -> bool:
        """Whether its tenant is not given it any more at an instant."""
        return bool(self.deleted_at or (self.expires_at and at >= self.expires_at))


class BatchFault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a batch was not begun, or not ended."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class BatchState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a batch stands."""

    version: int = 1
    id: str
    tenant: str
    key: str
    """SHA-256 of the API key that created it: revoked, the batch ends."""
    endpoint: str
    input_file: str
    window: str
    """As the caller said it: `24h`."""
    created_at: Instant
    expires_at: Instant
    """What is not answered then is not asked any more."""
    output_s: int = 0
    """Seconds until its results expire; 0: what the deployment says."""
    status: BatchStatus = "validating"
    in_progress_at: Instant = ""
    finalizing_at: Instant = ""
    ended_at: Instant = ""
    """When it was completed, expired, cancelled, or failed."""
    output_file: str = ""
    error_file: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    faults: tuple[BatchFault, ...] = ()
    model: str = ""
    """The first request's."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    waits: str = ""
    """The code of what it waits for: `kill_switch`, `rate_limit_exceeded` … ; empty: it runs."""
    releases: dict[str, int] = field(default_factory=dict)
    """Release -> how many lines it answered."""

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ("failed", "completed", "expired", "cancelled")
