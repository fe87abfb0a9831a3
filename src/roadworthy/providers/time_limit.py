"""How long a call may take: the request's wish and the provider's own limit in, seconds out."""

from __future__ import annotations

from roadworthy.domain import ModelRequest

OWN_LIMIT_S = 60.0
"""For providers without an upstream that says otherwise."""


def time_limit(request: ModelRequest, own_s: float = OWN_LIMIT_S) -> float:
    """The tighter of the two, in seconds; a request without a wish (0) gets the provider's."""
    return min(request.timeout_s, own_s) if request.timeout_s > 0.0 else own_s
