"""Builds a Service from a release's content: the composition of one request line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roadworthy.domain import (
    Clock,
    Deployment,
    Provider,
    ReleaseContent,
    Usage,
)
from roadworthy.flows.request.service import Service
from roadworthy.prompting import Composer
from roadworthy.providers import (
    Traffic,
    make_embedder,
    make_media_maker,
    make_provider,
    price,
)
from roadworthy.release import calibration_of, reference_of
from roadworthy.serving import Acceptance, compile_acceptance

from .leaving import model_border
from .picture_check import picture_check
from .release_rails import release_rails

Wrap = Callable[[Provider], Provider]


def build_service(
    content: ReleaseContent,
    digest: str,
    *,
    deployment: Deployment,
    clock: Clock,
    root: str,
    wrap: Wrap | None = None,
    traffic: Traffic | None = None,
) -> Service:
    """A service for `content`. `wrap` puts something around the provider, such as a cache.

    `traffic`: what it is a part of, where callers wait; see `make_provider`.
    `root` is the system's folder, for model files that lie beside it; behaviour is read from
    `content` alone. Raises ManifestError when a part cannot be compiled, and when its calibration
    was fitted for another candidate.
    """
    candidate = content.candidate
    acceptance = _acceptance(content)
    border = model_border(content, deployment, clock=clock, root=root)
    provider: Provider = make_provider(
        candidate.model,
        deployment=deployment,
        root=root,
        assets=content.assets,
        clock=clock,
        traffic=traffic,
    )
    if wrap is not None:
        provider = wrap(provider)
    model = candidate.model.name

    def embedder() -> Provider:
        return make_embedder(
            candidate.model, deployment=deployment, root=root, assets=content.assets, clock=clock
        )

    def maker(kind: str) -> Provider:
        return make_media_maker(
            kind, candidate.model, deployment=deployment, root=root, clock=clock
        )

    def pricing(usage: Usage, at: str) -> tuple[str, str] | None:
        return price(usage, model, at, deployment.prices)

    service = Service(
        content=content,
        digest=digest,
        composer=Composer(candidate, content.prompt, content.charter),
        rails=release_rails(content, deployment=deployment, clock=clock, root=root),
        provider=provider,
        pricing=pricing,
        acceptance=acceptance,
    )
    service.border = border
    if candidate.model.provider == "openai_compatible":
        service.make_embedder = embedder
        service.make_maker = maker
    service.pictures = picture_check(content, deployment=deployment, clock=clock, root=root)
    return service


def _acceptance(content: ReleaseContent) -> Acceptance:
    """What stands by itself, of a release whose fitted files are whole. Raises ManifestError.

    With a broken reference answers would leave that nobody could look at.
    """
    reference_of(content)
    return compile_acceptance(content.candidate.decision, calibration_of(content))


def describe_model(service: Service) -> dict[str, Any]:
    """What the service runs, for a person: provider, model, digest."""
    model = service.content.candidate.model
    return {"provider": model.provider, "name": model.name, "digest": model.digest}
