"""From a route to a release that is ready to be asked. Verified first, built second.

What enters: a route of the table. What leaves: a `Front`. What never happens here: an unsigned,
tampered or foreign bundle that is loaded; a look at the working tree for behaviour.
"""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    Clock,
    Deployment,
    RefusedError,
    Route,
    VerificationError,
    format_instant,
)
from roadworthy.flows.request.service import Service
from roadworthy.journal import ERASED_FILE
from roadworthy.manifests import Workspace, load_trust
from roadworthy.providers import Traffic
from roadworthy.release import read_bundle, verify_release
from roadworthy.serving import Admittance, ExactCache, FacetReader

from .service import build_service
from .watched import stamp_of

_AHEAD = dt.timedelta(days=7)
"""How long before a release expires it is said."""


class Front(Struct, frozen=True, kw_only=True):
    """One live release as a door sees it: compiled, verified, ready."""

    service: Service
    facets: FacetReader
    admittance: Admittance
    warning: str = ""
    """What is wrong with it although it serves: it expired after it went live, or soon will."""

    @property
    def model(self) -> str:
        """The name of the candidate's model."""
        return self.service.content.candidate.model.name


def arm_route(route: Route) -> Route | None:
    """The route of what is rolled out beside a live release, as if it were live itself."""
    arm = route.arm
    if arm is None:
        return None
    return structs.replace(
        route, live=arm.release, path=arm.path, activated_at=arm.since, baseline="", arm=None
    )


def baseline_route(route: Route) -> Route | None:
    """The route of a system's safe baseline, as if it were live."""
    if not route.baseline:
        return None
    return structs.replace(
        route, live=route.baseline, path=route.baseline_path, baseline="", arm=None
    )


def load_front(
    route: Route,
    *,
    workspace: Workspace,
    deployment: Deployment,
    root: str,
    clock: Clock,
    traffic: Traffic | None = None,
) -> Front:
    """Verify and build the live release of a route, as a part of the traffic of others.

    A release whose signature expired since it went live serves on with a warning: a restart
    must not turn an expiry into an outage. Everything else that does not verify is refused.
    Raises RefusedError, VerificationError or ManifestError.
    """
    path = workspace.root / route.path
    trust = load_trust(workspace.trust)
    admission = verify_release(path, trust=trust, at=format_instant(clock.now()))
    warning = ""
    if admission.state == "expired" and route.activated_at:
        warning = f"expired since it went live: {admission.fault}"
        admission = verify_release(path, trust=trust, at=route.activated_at)
    elif admission.ok:
        soon = verify_release(path, trust=trust, at=format_instant(clock.now() + _AHEAD))
        warning = f"will have expired in a week: {soon.fault}" if soon.state == "expired" else ""
    if not admission.ok:
        raise RefusedError(
            f"release {route.live} is {admission.state}: {admission.fault}",
            fix="build, sign and activate it again, or activate another release",
        )
    digest, content = read_bundle(path)
    if digest != route.live or content.system != route.system:
        raise VerificationError(
            f"the bundle at {path} is {digest} of {content.system}, "
            f"not {route.live} of {route.system}",
            fix="activate the release again",
        )
    try:
        facets = FacetReader(content.candidate.facets)
        admittance = Admittance(content.charter, content.candidate)
    except ValueError as error:
        raise RefusedError(f"release {route.live} cannot be compiled: {error}") from None
    service = build_service(
        content, digest, deployment=deployment, clock=clock, root=root, traffic=traffic or Traffic()
    )
    allowed = content.charter.behaviour.cache
    if allowed is not UNSET:
        erased = workspace.journal / "keys" / ERASED_FILE
        service.cache = ExactCache(allowed, digest, clock, erased=stamp_of(erased))
    return Front(service=service, facets=facets, admittance=admittance, warning=warning)
