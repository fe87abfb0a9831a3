"""The model of a run: the release's own provider, asked once for every question and seed.

Enters: a provider and what decides its answers. Leaves: the same port with the answer cache, the
seeds of the repeats and the receipts around it. An answer in the cache that this workspace did
not write is not used, only counted.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Provider, ReleaseContent, canonical, sha256
from roadworthy.evaluation import CachedProvider, PlainProvider, SeededProvider

from .loop import Loop

_ANSWERS = "roadworthy/answer-cache/v1"
"""What the machine's key is asked for."""


class RunModel:
    """Wraps the provider of one run."""

    def __init__(self, content: ReleaseContent, loop: Loop, *, cache: bool, seed: int) -> None:
        self._content = content
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
        self._cached = CachedProvider(
            provider,
            self._loop.workspace.answers,
            identity=canonical(_identity(self._content)).decode(),
            secret=self._loop.keyring.derived_secret(_ANSWERS),
        )
        return SeededProvider(self._cached, self._seed)


def _identity(content: ReleaseContent) -> dict[str, Any]:
    """Everything beside the request that changes the model's answers."""
    model = content.candidate.model
    return {
        "model": model,
        "files": {
            path: sha256(msgspec.json.encode(content.assets.get(path), order="sorted"))
            for path in (model.file, model.adapter)
            if path
        },
    }
