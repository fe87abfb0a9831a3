"""Which inspector a rail gets: a rail and the deployment in, something to ask out.

What cannot be asked at all is a UsageError now; what does not answer is a rail that is closed then.
Other tools are imported here only when a rail names them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import (
    Clock,
    Deployment,
    GuardrailsCheck,
    HttpCheck,
    Inspector,
    ModelCheck,
    NemoCheck,
    PresidioCheck,
    Rail,
    ReferenceCheck,
    Upstream,
    UsageError,
    deep_options,
    deep_upstream,
)

from ..breaker import Breaker, BreakerPolicy, Traffic
from ..credentials import resolve_credential
from ..factory import make_provider
from .careful import Careful


def make_inspector(
    rail: Rail, *, deployment: Deployment, root: str, assets: dict[str, Any], clock: Clock
) -> Inspector:
    """What a rail asks, with its time limit, its places and its rest after failures.

    Raises UsageError for an upstream that is not there, a credential that cannot be read, and a
    tool that is not installed.
    """
    check = deep_options(rail.detector, rail.options)
    if isinstance(check, ReferenceCheck):
        raise UsageError(f"rail {rail.id!r} asks nothing outside: it looks by a reference")
    named = deep_upstream(check)
    upstream = deployment.upstreams.get(named) if named else None
    rest = BreakerPolicy()
    if upstream is not None:
        rest = BreakerPolicy(after=upstream.rest_after, rest_s=upstream.rest_s)
    match check:
        case HttpCheck():
            inner = _service(check, rail.id, upstream, root)
        case ModelCheck():
            inner = _model(check, deployment, root, assets, clock)
        case PresidioCheck() | NemoCheck() | GuardrailsCheck():
            inner = _tool(check, assets)
    return Careful(
        inner,
        name=f"{rail.detector} {named}".strip(),
        breaker=Breaker(clock, rest),
        budget_s=rail.budget_ms / 1000.0,
        at_once=check.at_once,
    )


def _service(check: HttpCheck, rail: str, upstream: Upstream | None, root: str) -> Inspector:
    from .http_check import HttpInspector

    if upstream is None:
        raise UsageError(
            f"rail {rail!r} asks the upstream {check.upstream!r}, which roadworthy.toml has not",
            fix=f"add [upstreams.{check.upstream}] with url, or correct options.upstream",
        )
    if upstream.also:
        raise UsageError(
            f"rail {rail!r} asks the upstream {check.upstream!r}, which has several addresses",
            fix="a guard service has one: put a balancer before it, or write an upstream for it",
        )
    secret = resolve_credential(upstream.credential, root=root, upstream=check.upstream)
    return HttpInspector(check, upstream, secret=secret)


def _tool(check: PresidioCheck | NemoCheck | GuardrailsCheck, assets: dict[str, Any]) -> Inspector:
    if isinstance(check, PresidioCheck):
        from .presidio_tool import make_presidio

        return make_presidio(check)
    if isinstance(check, NemoCheck):
        from .nemo_tool import make_nemo

        return make_nemo(check, assets)
    from .guardrails_tool import make_guardrails

    return make_guardrails(check)


def _model(
    check: ModelCheck, deployment: Deployment, root: str, assets: dict[str, Any], clock: Clock
) -> Inspector:
    from .model_check import GuardModel, JudgeModel

    # No retries of its own: whoever waits for a rail waits for an answer.
    once = {name: msgspec.structs.replace(u, retries=0) for name, u in deployment.upstreams.items()}
    provider = make_provider(
        check.model,
        deployment=msgspec.structs.replace(deployment, upstreams=once),
        root=root,
        assets=assets,
        clock=clock,
        traffic=Traffic(),
    )
    kind = JudgeModel if check.speaks in ("judge", "groundedness") else GuardModel
    return kind(check, provider)
