"""A release: content pinned by one digest, bundled, attested, signed, verified."""

from .bundle import (
    add_attestations,
    build_bundle,
    bundle_digest,
    envelope_digest,
    read_bundle,
    read_envelopes,
)
from .pin import candidate_digest, pin

__all__ = [
    "add_attestations",
    "build_bundle",
    "bundle_digest",
    "candidate_digest",
    "envelope_digest",
    "pin",
    "read_bundle",
    "read_envelopes",
]
