"""The service that says whether a model made a picture, where a charter names one.

Enters: a release and the deployment. Leaves: what is asked, within its budget. What never happens
here: a picture sent to an address that the release does not name, or past a border, since nobody
can look for personal data in it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import UNSET

from roadworthy.domain import (
    Clock,
    Deployment,
    Inspector,
    Rail,
    ReleaseContent,
    UsageError,
    is_host_allowed,
)
from roadworthy.providers import make_inspector
from roadworthy.serving import compile_border


def picture_check(
    content: ReleaseContent, *, deployment: Deployment, clock: Clock, root: str
) -> Inspector | None:
    """What is asked; None where the charter names nothing. Raises UsageError, ManifestError."""
    inbound = content.charter.behaviour.inbound_media
    if inbound is UNSET or inbound.detector is UNSET:
        return None
    check = inbound.detector
    rail = Rail(
        id="inbound_media",
        detector="http",
        budget_ms=check.budget_ms,
        options={
            "upstream": check.upstream,
            "path": check.path,
            "score": check.score,
            "send": {"text": check.field},
        },
    )
    inspector = make_inspector(
        rail, deployment=deployment, root=root, assets=content.assets, clock=clock
    )
    upstream = deployment.upstreams[check.upstream]
    egress = content.rails.egress
    host = urlsplit(upstream.url).hostname or ""
    if egress is not UNSET and egress.hosts and not is_host_allowed(host, egress.hosts):
        raise UsageError(
            f"behaviour.inbound_media.detector asks {host}, which egress.hosts does not name",
            fix="name it in rails.yaml, or ask another upstream",
        )
    if compile_border(content, check.upstream, upstream) is not None:
        raise UsageError(
            f"pictures may not go to {check.upstream!r}: personal data may not, and nobody can look"
            " for it in a picture",
            fix="ask a detector in an allowed region",
        )
    return inspector
