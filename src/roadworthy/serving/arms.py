"""Step 3 of the request line, while a release is rolled out: who gets the new one.

Enters: the arm of a route and who asks, in which slice. Leaves: yes or no, the same each time for
whom the rollout says. Never here: a look at what is asked, so that the two arms differ in nothing
but the release.
"""

from __future__ import annotations

import hashlib

from roadworthy.domain import Arm, Call, Observation

_BYTES = 8
_WHOLE = float(1 << (8 * _BYTES))


def takes(arm: Arm, call: Call) -> bool:
    """Whether the arm takes the call.

    A share is drawn by a hash of the rollout and of what is sticky: the session, else the end user,
    else the single call; or the tenant. Nobody who has got the new release loses it while the share
    grows.
    """
    if arm.tenants and call.tenant not in arm.tenants:
        return False
    if any(call.facets.get(facet) not in values for facet, values in arm.facets.items()):
        return False
    if arm.share >= 1.0:
        return True
    said = "\x1f".join((arm.rollout, call.system, call.tenant, drawn_as_one(arm.sticky, call)))
    drawn = hashlib.sha256(said.encode()).digest()[:_BYTES]
    return int.from_bytes(drawn, "big") / _WHOLE < arm.share


def drawn_as_one(sticky: str, asked: Call | Observation) -> str:
    """What of its tenant the request is drawn with: all that share it get the same release."""
    if sticky == "tenant":
        return ""
    if sticky == "none":
        return asked.id
    return asked.session or asked.end_user or asked.id
