"""The model of a run: the release's own provider, asked once for every question and seed.

Enters: a provider and what decides its answers. Leaves: the same port with the answer cache, the
seeds of the repeats and the receipts around it. An answer in the cache that this workspace did
not write is not used, only counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from roadworthy.domain import (
    Model,
    Provider,
    ReleaseContent,
    Usage,
    canonical,
    format_instant,
    sha256,
)
from roadworthy.evaluation import (
    CachedProvider,
    MeteredProvider,
    PlainProvider,
    SeededProvider,
)

from ..workspace.loop import Loop

Price = Callable[[Usage, str, str], tuple[str, str] | None]
"""(usage, model, instant) -> (decimal string, currency); None where no price is known."""

_ANSWERS = "roadworthy/answer-cache/v1"
"""What the machine's key is asked for."""


class RunModel:
    """Wraps the provider of one run."""

    def __init__(
        self,
        content: ReleaseContent,
        loop: Loop,
        *,
        cache: bool,
        seed: int,
        price: Price | None = None,
    ) -> None:
        """`price` says what a call of a model cost; without it no price is known."""
        self._price = price
        self.content = content
        self._loop = loop
        self._cache = cache
        self._seed = seed
        self._cached: CachedProvider | None = None

    @property
    def distrusted(self) -> int:
        """Answers that were in the cache and not used: not written here, or changed since."""
        return 0 if self._cached is None else self._cached.refused

    def wrap(self, provider: Provider) -> Provider:
        """The provider as the run asks it."""
        if not self._cache:
            return SeededProvider(PlainProvider(provider), self._seed)
        content = self.content
        self._cached = self._keeping(provider, _identity(content.candidate.model, content.assets))
        return SeededProvider(self._cached, self._seed)

    def wrap_user(self, provider: Provider, model: Model, assets: dict[str, Any]) -> Provider:
        """A provider that plays users: remembered, so that the same answers meet the same users."""
        return self._beside(provider, model, assets, "users")

    def wrap_judge(self, provider: Provider, model: Model, assets: dict[str, Any]) -> Provider:
        """A provider that judges: remembered, so that the same answers get the same verdicts."""
        return self._beside(provider, model, assets, "judges")

    def wrap_embedder(self, provider: Provider, model: Model, assets: dict[str, Any]) -> Provider:
        """A provider of vectors: remembered, so that the same texts have the same vectors."""
        return self._beside(provider, model, assets, "embeddings")

    def _beside(
        self, provider: Provider, model: Model, assets: dict[str, Any], by: str
    ) -> Provider:
        """A provider beside the candidate's, its calls on the row's tab."""
        inner: Provider = PlainProvider(provider)
        if self._cache:
            inner = self._keeping(provider, {"user": True, **_identity(model, assets)})
        return self.metered(SeededProvider(inner, self._seed), model, by)

    def metered(self, provider: Provider, model: Model, by: str) -> Provider:
        """A provider whose calls are on the tab, of a row or of who opened one."""

        def pricing(usage: Usage) -> tuple[str, str] | None:
            at = format_instant(self._loop.clock.now())
            return None if self._price is None else self._price(usage, model.name, at)

        return MeteredProvider(provider, by, pricing)

    def _keeping(self, provider: Provider, identity: dict[str, Any]) -> CachedProvider:
        return CachedProvider(
            provider,
            self._loop.workspace.answers,
            identity=canonical(identity).decode(),
            secret=self._loop.keyring.derived_secret(_ANSWERS),
        )


def _identity(model: Model, assets: dict[str, Any]) -> dict[str, Any]:
    """Everything beside the request that changes the model's answers."""
    return {
        "model": model,
        "files": {
            path: sha256(msgspec.json.encode(assets.get(path), order="sorted"))
            for path in (model.file, model.adapter)
            if path
        },
    }
