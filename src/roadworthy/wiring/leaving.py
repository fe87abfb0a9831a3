"""What a release may send where: its hosts, and what stands between its texts and each upstream.

Enters: a release and the deployment. Leaves: borders; what a rail asks, behind one where it is
elsewhere. What never happens here: a host asked that the release does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import UNSET, structs

from roadworthy.domain import (
    DEEP_RAILS,
    JUDGED,
    Clock,
    Deployment,
    Inspector,
    Model,
    NemoCheck,
    Provider,
    Rail,
    ReleaseContent,
    Upstream,
    UsageError,
    deep_options,
    deep_upstream,
    is_host_allowed,
    rubric_options,
)
from roadworthy.providers import make_inspector
from roadworthy.serving import Border, Veiled, VeiledProvider, compile_border

_ANYWHERE = Upstream(url="")
"""Of a tool that reaches models by itself: nobody knows where."""


def model_border(
    content: ReleaseContent, deployment: Deployment, *, clock: Clock, root: str
) -> Border | None:
    """What stands between a call and the release's model. Raises UsageError, ManifestError."""
    _require_hosts(content, deployment)
    border = _border(content.candidate.model, content, deployment)
    return _named(border, content, deployment, clock, root)


def judge_behind_border(
    provider: Provider,
    model: Model,
    content: ReleaseContent,
    deployment: Deployment,
    *,
    clock: Clock,
    root: str,
) -> Provider:
    """A judge of the release's never events, with no personal data where it is elsewhere."""
    border = _named(_border(model, content, deployment), content, deployment, clock, root)
    return provider if border is None else VeiledProvider(provider, border)


def behind_border(
    inspector: Inspector,
    rail: Rail,
    content: ReleaseContent,
    deployment: Deployment,
    *,
    clock: Clock,
    root: str,
) -> Inspector:
    """What a rail asks, with no personal data where it is elsewhere."""
    name, upstream = _asked_by(rail, content, deployment)
    border = compile_border(content, name, upstream)
    border = _named(border, content, deployment, clock, root)
    return inspector if border is None else Veiled(inspector, border)


def _border(model: Model, content: ReleaseContent, deployment: Deployment) -> Border | None:
    if not model.is_hosted:
        return None
    return compile_border(content, model.upstream, deployment.upstreams.get(model.upstream))


def _named(
    border: Border | None, content: ReleaseContent, deployment: Deployment, clock: Clock, root: str
) -> Border | None:
    """The border with what finds names, where the release wants it. Raises UsageError."""
    egress = content.rails.egress
    if border is None or egress is UNSET or egress.presidio is UNSET:
        return border
    rail = Rail(
        id="egress", detector="presidio", options=egress.presidio, budget_ms=egress.budget_ms
    )
    names = make_inspector(rail, deployment=deployment, root=root, assets={}, clock=clock)
    return structs.replace(border, names=names)


def _asked_by(
    rail: Rail, content: ReleaseContent, deployment: Deployment
) -> tuple[str, Upstream | None]:
    options = deep_options(rail.detector, rail.options)
    if isinstance(options, NemoCheck):
        config = content.assets.get(options.config)
        asks = isinstance(config, dict) and config.get("models")
        return "models of NeMo Guardrails", _ANYWHERE if asks else None
    name = deep_upstream(options)
    return name, deployment.upstreams.get(name)


def _require_hosts(content: ReleaseContent, deployment: Deployment) -> None:
    """Raises UsageError where something would be asked that the release does not name."""
    egress = content.rails.egress
    if egress is UNSET or not egress.hosts:
        return
    for name, upstream in _upstreams(content, deployment):
        for url in (upstream.url, *(each.url for each in upstream.also)):
            host = urlsplit(url).hostname or ""
            if not host or not is_host_allowed(host, egress.hosts):
                raise UsageError(
                    f"the release may not ask {name} at {host or 'an unknown host'}",
                    fix="name the host under `egress.hosts` in rails.yaml, or ask another upstream",
                )


def online_judges(content: ReleaseContent) -> list[Model | str]:
    """The models that judge a sample of its live answers."""
    online = content.slos.online
    rules = online if online is not UNSET else []
    asked = [rubric_options(rule.spec).model for rule in rules if rule.scorer in JUDGED]
    return [model for model in asked if model is not None]


def _upstreams(content: ReleaseContent, deployment: Deployment) -> Iterator[tuple[str, Upstream]]:
    judges = [event.rule.judge.model for event in content.charter.never if event.rule.judge]
    judges += online_judges(content)
    models = [content.candidate.model, *(each for each in judges if isinstance(each, Model))]
    for model in models:
        if model.is_hosted and model.upstream in deployment.upstreams:
            yield f"the upstream {model.upstream!r}", deployment.upstreams[model.upstream]
    for rail in content.rails.rails:
        if rail.detector in DEEP_RAILS:
            name, upstream = _asked_by(rail, content, deployment)
            if upstream is not None:
                yield f"{name!r}", upstream
