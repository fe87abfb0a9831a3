"""Which model is asked: by the candidate, by a judge, by who plays a user."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from .file import File

ProviderKind = Literal[
    "local", "openai_compatible", "anthropic", "recorded", "rule", "python", "http"
]

HOSTED: frozenset[ProviderKind] = frozenset(("openai_compatible", "anthropic"))
"""Providers that ask an upstream of the deployment."""


class Model(File, frozen=True, kw_only=True):
    """Which model answers.

    `provider` picks the adapter; `name` is the model's name at that provider; `digest` pins
    weights or a version; `upstream` names an entry of roadworthy.toml (URL and credential are
    deployment, not candidate); `file` is a path beside the candidate (rules, recordings).
    """

    provider: ProviderKind
    name: str
    digest: str = ""
    version: str = ""
    adapter: str = ""
    upstream: str = ""
    file: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_hosted(self) -> bool:
        """Whether an upstream of the deployment is asked: texts leave to it."""
        return self.provider in HOSTED

    @property
    def is_pinned(self) -> bool:
        """Whether it is named so that it cannot change behind its name unsaid."""
        return bool(self.digest or self.version)
