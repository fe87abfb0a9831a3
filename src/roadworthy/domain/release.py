"""A bundle's content: what the gateway reads, and nothing else."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from .candidate import Candidate, Prompt, Rails
from .charter import Charter
from .clock import Instant
from .registry import ModelUse
from .rollout import Rollout
from .slo import SloFile


class ReleaseContent(Struct, frozen=True, kw_only=True):
    """All that changes behaviour, frozen. `candidate_digest` names what was evaluated."""

    version: int = 1
    system: str
    charter: Charter
    candidate: Candidate
    prompt: Prompt | None
    rails: Rails
    assets: dict[str, Any] = field(default_factory=dict)
    """Side files by relative path: rule models, schemas, detector weights."""
    candidate_digest: str
    slos: SloFile
    rollout: Rollout | None = None


class Statement(Struct, frozen=True, kw_only=True):
    """An in-toto Statement v1 about one subject (https://in-toto.io/Statement/v1)."""

    predicate_type: str
    subject: str
    """`sha256:…`"""
    predicate: dict[str, Any]


class Admission(Struct, frozen=True, kw_only=True):
    """What verification of a bundle or release says."""

    ok: bool
    state: Literal["verified", "unsigned", "unknown_key", "tampered", "expired", "refused"]
    fault: str = ""
    digest: str = ""
    system: str = ""
    candidate: str = ""
    signed_by: tuple[str, ...] = ()
    signed_at: Instant = ""
    checkpoint: int = 0
    """Size of the ledger at the newest checkpoint that the release carries."""
    models: tuple[ModelUse, ...] | UnsetType = UNSET
    """The models that the gate's attestation says were approved; left out: nobody looked."""
