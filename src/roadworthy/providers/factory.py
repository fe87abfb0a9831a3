"""Which provider a candidate's model gets: a Model and the deployment in, a ready provider out.

Credentials are read here and nowhere else. What cannot work is a UsageError now, not a
ProviderError at the first call.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import Address, Clock, Deployment, Model, Provider, UsageError
from roadworthy_verify.plain_file import read_plain

from .addresses import Addresses, Member
from .anthropic import Anthropic
from .breaker import Breaker, BreakerPolicy, Traffic
from .credentials import resolve_credential
from .openai_compatible import OpenAICompatible
from .resilience import Resilient, RetryPolicy


def make_provider(
    model: Model,
    *,
    deployment: Deployment,
    root: str,
    assets: dict[str, Any],
    clock: Clock,
    traffic: Traffic | None = None,
) -> Provider:
    """The provider of `model`, with retries where a network is between.

    `root` is the system's folder; `assets` holds parsed side files by relative path and is
    looked into first. `traffic`: what it is a part of, where callers wait: addresses are shared by
    how busy they are, and while an upstream fails again and again calls end at once. Without, each
    tries, for a run that would rather wait than have error rows.
    Raises UsageError for what is wrong with model, deployment or files, VerificationError for
    weights that are not the pinned ones.
    """
    match model.provider:
        case "openai_compatible":
            return behind_upstream(
                OpenAICompatible, model, deployment, root=root, clock=clock, traffic=traffic
            )
        case "anthropic":
            return behind_upstream(
                Anthropic, model, deployment, root=root, clock=clock, traffic=traffic
            )
        case "local":
            from .local import make_local

            return make_local(model, root)
        case "rule":
            from .rules import make_rules

            return make_rules(model, _asset(model, root, assets))
        case "recorded":
            from .recorded import RecordedProvider, read_recording

            data = assets.get(model.file)
            if not isinstance(data, str | list):
                data = _read(model, root)
            return RecordedProvider(read_recording(data, source=model.file), source=model.file)
        case "python":
            from .python_function import make_python

            return make_python(model, root, assets)
        case "http":
            raise UsageError(
                "the provider `http` is not there yet",
                fix="put the model behind an OpenAI-compatible interface, or use `python`",
            )


def behind_upstream(
    kind: type[OpenAICompatible] | type[Anthropic],
    model: Model,
    deployment: Deployment,
    *,
    root: str,
    clock: Clock,
    traffic: Traffic | None = None,
) -> Provider:
    """A provider of the upstream that a model names, asked again. Raises UsageError."""
    upstream = deployment.upstreams.get(model.upstream)
    if upstream is None:
        known = ", ".join(sorted(deployment.upstreams)) or "none"
        raise UsageError(
            f"roadworthy.toml has no upstream {model.upstream!r} (it has: {known})",
            fix=f"add [upstreams.{model.upstream or 'NAME'}] with url, or correct model.upstream",
        )
    rest = BreakerPolicy(after=upstream.rest_after, rest_s=upstream.rest_s)
    members = []
    first = Address(url=upstream.url, credential=upstream.credential, weight=upstream.weight)
    for each in (first, *upstream.also):
        secret = resolve_credential(each.credential, root=root, upstream=model.upstream)
        one = msgspec.structs.replace(upstream, url=each.url)
        provider = kind(model, one, secret=secret, clock=clock)
        load = traffic.at(provider.peer) if traffic is not None else None
        members.append(Member(provider.peer, provider, Breaker(clock, rest, load), each.weight))
    addresses = Addresses(
        model.upstream,
        members,
        clock=clock,
        timeout_s=upstream.timeout_s,
        fail_fast=traffic is not None,
    )
    alone = len(members) == 1
    return Resilient(
        members[0].provider if alone else addresses,
        clock=clock,
        policy=RetryPolicy(retries=upstream.retries),
        timeout_s=upstream.timeout_s,
        breaker=members[0].breaker if alone and traffic is not None else None,
    )


def _asset(model: Model, root: str, assets: dict[str, Any]) -> Any:
    """A side file as parsed values: from the assets, else from the folder (YAML holds JSON)."""
    if model.file in assets:
        return assets[model.file]
    import yaml

    try:
        return yaml.safe_load(_read(model, root))
    except yaml.YAMLError as error:
        raise UsageError(f"{model.file}: not YAML: {error}") from None


def _read(model: Model, root: str) -> bytes:
    folder = Path(root).resolve()
    path = Path(folder, model.file).resolve()
    if not model.file or not path.is_relative_to(folder):
        raise UsageError(
            f"model {model.name!r}: {model.file!r} is not a file in the system's folder",
            fix="write model.file: a path beside the candidate",
        )
    try:
        return read_plain(path)
    except OSError as error:
        raise UsageError(f"{model.file}: cannot be read ({error.strerror})") from None
