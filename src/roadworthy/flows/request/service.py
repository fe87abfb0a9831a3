"""One release, ready to answer. Everything compiled; nothing is read from files here."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import cast

from roadworthy.domain import (
    AddressState,
    Chunk,
    Endpoint,
    Inspector,
    ModelRequest,
    Provider,
    ProviderError,
    ReleaseContent,
    Usage,
)
from roadworthy.prompting import Composer
from roadworthy.serving import (
    Acceptance,
    Border,
    BuiltRail,
    ExactCache,
    Notice,
    RailLine,
    compile_acceptance,
)

MOST_TIGHTENED = 16
"""Sets of emergency rails of which each is compiled once; slices have sets of their own."""

_VECTORS = "vectors"

Pricing = Callable[[Usage, str], tuple[str, str] | None]
"""(usage, instant) -> (decimal amount, currency), or None when no price is known."""


class Service:
    """One release, ready to answer: everything compiled, nothing read from files."""

    def __init__(
        self,
        *,
        content: ReleaseContent,
        digest: str,
        composer: Composer,
        rails: RailLine,
        provider: Provider,
        pricing: Pricing,
        acceptance: Acceptance | None = None,
    ) -> None:
        self.content = content
        self.digest = digest
        self.composer = composer
        self.rails = rails
        self.provider = provider
        self.pricing = pricing
        self.decision = content.candidate.decision
        self.notice = Notice(content)
        self.cache: ExactCache | None = None
        """Set by whoever serves a release whose charter allows it; an evaluation has its own."""
        self.border: Border | None = None
        """What stands between a call and an upstream that is elsewhere; whoever builds the service
        sets it."""
        self.pictures: Inspector | None = None
        """Who is asked whether a model made a picture; whoever builds the service sets it."""
        self.tools = frozenset(tool.name for tool in content.candidate.tools)
        # Without a calibration `auto` accepts nothing.
        self.acceptance = acceptance or compile_acceptance(self.decision, None)
        self._endpoints = {endpoint.id: endpoint for endpoint in content.charter.endpoints}
        self._first = content.charter.endpoints[0]
        self._priors: list[dict[str, float]] = []
        """At most one; shared, as the makers are, with who answers under more rails."""
        self.make_embedder: Callable[[], Provider] | None = None
        """Makes the provider of vectors; whoever builds the service sets it, where there is one."""
        self.make_maker: Callable[[str], Provider] | None = None
        """The same for what makes media of a kind."""
        self._makers: dict[str, Provider] = {}
        self._tightened: dict[tuple[str, ...], Service] = {}

    def uncached(self) -> Service:
        """This release, with no answer from the cache, and none that is kept there."""
        return self if self.cache is None else self.under(self.rails)

    def under(self, rails: RailLine) -> Service:
        """This release under other rails, without the cache."""
        twin = copy.copy(self)
        twin.rails, twin.cache = rails, None
        return twin

    def tightened(self, rails: Sequence[BuiltRail]) -> Service:
        """This release under emergency rails as well; what they stop is in no cache after them."""
        if not rails:
            return self
        key = tuple(each.rail.digest for each in rails)
        if key not in self._tightened:
            if len(self._tightened) >= MOST_TIGHTENED:
                self._tightened.clear()
            more = [guard for each in rails for guard in each.guards]
            self._tightened[key] = self.under(self.rails.tightened(more))
        return self._tightened[key]

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name; the charter's first when a call names none."""
        return self._endpoints.get(name, self._first)

    async def warm(self) -> None:
        """Load a model that runs here, so that no caller waits for it. Raises ProviderError."""
        warm = getattr(self.provider, "warm", None)
        if warm is not None:
            await warm()

    def addresses(self) -> tuple[AddressState, ...]:
        """Where model and rails are asked outside and how each place does."""
        states = getattr(self.provider, "states", None)
        own = cast("tuple[AddressState, ...]", states()) if states is not None else ()
        return own + self.rails.states()

    async def prior(self) -> dict[str, float] | None:
        """Label log-probabilities of a content-free input; None unless calibration is asked."""
        if self.decision is None or not self.decision.calibrate:
            return None
        if not self._priors:
            async with aclosing(self.stream(self.composer.content_free())) as chunks:
                async for chunk in chunks:
                    if chunk.label_logprobs is not None:
                        self._priors[:] = [chunk.label_logprobs]
            if not self._priors:
                raise ProviderError(
                    "the model gave no label probabilities to calibrate with", retryable=False
                )
        return self._priors[0]

    def embedder(self) -> Provider | None:
        """The model as a maker of vectors, made when first asked for; None where it is none."""
        if _VECTORS not in self._makers and self.make_embedder is not None:
            self._makers[_VECTORS] = self.make_embedder()
        return self._makers.get(_VECTORS)

    def maker(self, kind: str) -> Provider | None:
        """The model as a maker of `images` or `speech`; None where it makes none."""
        if kind not in self._makers and self.make_maker is not None:
            self._makers[kind] = self.make_maker(kind)
        return self._makers.get(kind)

    async def aclose(self) -> None:
        """Let the model go."""
        await self.provider.aclose()
        await self.rails.aclose()
        if self.border is not None:
            await self.border.aclose()
        if self.pictures is not None:
            await self.pictures.aclose()
        for maker in self._makers.values():
            await maker.aclose()

    def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk, None]:
        """The model's reply; close it to stop the model."""
        return cast("AsyncGenerator[Chunk, None]", self.provider.stream(request))
