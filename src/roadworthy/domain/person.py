"""People are keys. trust.yaml says whose key it is, in which role, and from when until when."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from .charter import PersonRole
from .clock import Instant
from .file import File


class TrustedKey(File, frozen=True, kw_only=True):
    """One public key and what it may do."""

    key_id: str
    """First 16 hex digits of SHA-256 over the raw 32-byte public key."""
    name: str
    kind: Literal["person", "machine"] = "person"
    roles: list[PersonRole] = field(default_factory=list)
    public_key: str
    """Base64 of the raw Ed25519 public key."""
    valid_from: Instant
    valid_until: Instant = ""
    revoked_at: Instant = ""
    replaced_by: str = ""
    """Key id of its successor; the rotation entry is signed by this key."""

    def valid_at(self, moment: Instant) -> bool:
        """Whether the key was valid at that instant (half-open)."""
        if moment < self.valid_from or (self.valid_until and moment >= self.valid_until):
            return False
        return not (self.revoked_at and moment >= self.revoked_at)


class Trust(File, frozen=True, kw_only=True):
    """The whole of trust.yaml."""

    roadworthy: int = 1
    keys: list[TrustedKey] = field(default_factory=list)

    def find(self, key_id: str) -> TrustedKey | None:
        """The key of that id, or None."""
        return next((key for key in self.keys if key.key_id == key_id), None)
