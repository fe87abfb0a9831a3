"""What a row says, apart from when it was said; and one digest for all rows of a run.

Two runs of the same plan on the same answers have the same digest, on any machine: identity,
instants, durations, readings of the machine and whether the cache answered are left out of it.
Numbers are written as JSON, shortest form that reads back the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from roadworthy.domain import Observation

from .plan import Key
from .spending import PAID

DIGEST_BYTES = 32
"""Of a row's digest."""

_encoder = msgspec.json.Encoder(order="sorted")


def row_digest(observation: Observation) -> bytes:
    """SHA-256 of what the row says, 32 bytes."""
    attributes = observation.attributes
    if PAID in attributes:
        attributes = {name: value for name, value in attributes.items() if name != PAID}
    timeless = msgspec.structs.replace(
        observation,
        id="",
        time="",
        latency_ms=None,
        first_token_ms=None,
        cache_hit=False,
        host=None,
        attributes=attributes,
    )
    return hashlib.sha256(_encoder.encode(timeless)).digest()


def rows_digest(digests: Mapping[Key, bytes]) -> str:
    """One digest over row digests, in the order of (suite, case, repeat)."""
    return digest_in_order(digests[key] for key in sorted(digests))


def digest_in_order(digests: Iterable[bytes]) -> str:
    """`rows_digest` of row digests that come in that order."""
    whole = hashlib.sha256()
    for each in digests:
        whole.update(each)
    return f"sha256:{whole.hexdigest()}"
