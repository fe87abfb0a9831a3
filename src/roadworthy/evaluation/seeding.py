"""Repeats are distinct samples: each asks with a seed of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from roadworthy.domain import Chunk, ModelRequest, Provider

SEED_STRIDE = 1_000_003
"""Between the seeds of two runs; a prime far above any number of repeats."""
_SEED_RANGE = 2**31
"""Upstreams take a signed 32-bit seed."""


def seed_of(base: int, run_seed: int, repeat: int) -> int:
    """The sampling seed of one repeat; the candidate's own for the first repeat of seed 0."""
    return (base + run_seed * SEED_STRIDE + repeat) % _SEED_RANGE


class SeededProvider:
    """The Provider port before another one, with the run's seed and the repeat's in the request.

    A candidate that sets no seed (`seed: null`) is left alone.
    """

    def __init__(self, provider: Provider, run_seed: int) -> None:
        self.name = provider.name
        self._provider = provider
        self._run_seed = run_seed

    def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Ask the wrapped provider. Raises what it raises."""
        base = request.sampling.seed
        if base is None or not (self._run_seed or request.repeat):
            return self._provider.stream(request)
        seed = seed_of(base, self._run_seed, request.repeat)
        sampling = msgspec.structs.replace(request.sampling, seed=seed)
        return self._provider.stream(msgspec.structs.replace(request, sampling=sampling))

    async def aclose(self) -> None:
        """Close the wrapped provider; safe to call twice."""
        await self._provider.aclose()
