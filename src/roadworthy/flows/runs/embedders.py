"""The embedding models of a run: made once each, kept in the answer cache, released.

Enters: a plan and how to make a model. Leaves: a target with them behind it. What never happens
here: a model that nobody pinned, or two suites' vectors from one name and two models.
"""

from __future__ import annotations

from collections.abc import Callable

from roadworthy.domain import (
    STATIC_SHA256,
    Model,
    Provider,
    System,
    Target,
    UsageError,
    digest_of,
    embedding_options,
    embeddings_asked,
    score_name,
)
from roadworthy.evaluation import Embedding, LikenedTarget, Likeness, Plan

from .run_model import RunModel


class Embedders:
    """Every embedding model of a run, by suite."""

    def __init__(self) -> None:
        self._by_suite: dict[str, tuple[Likeness, ...]] = {}
        self._made: dict[str, Embedding] = {}
        self._providers: list[Provider] = []

    def behind(self, target: Target, planned: Plan) -> Target:
        """The target with the models behind it; itself where there are none."""
        return LikenedTarget(target, planned, self._by_suite) if self._made else target

    def open(
        self, system: System, planned: Plan, model: RunModel, make: Callable[[Model], Provider]
    ) -> None:
        """Make what the plan asks for. Raises UsageError, VerificationError on other weights."""
        for suite in planned.suites:
            self._by_suite[suite.name] = tuple(
                Likeness(
                    name=score_name(spec),
                    options=(options := embedding_options(spec)),
                    embedding=self._embedding(options.model, system, model, make),
                )
                for spec in embeddings_asked(suite.file)
            )

    def _embedding(
        self, wanted: Model, system: System, model: RunModel, make: Callable[[Model], Provider]
    ) -> Embedding:
        key = STATIC_SHA256 if wanted.provider == "local" else digest_of(wanted)
        if key not in self._made:
            kept = model.wrap_embedder(make(wanted), wanted, system.assets)
            self._providers.append(kept)
            self._made[key] = Embedding(wanted, kept, digest=key)
        return self._made[key]

    async def aclose(self) -> None:
        """Release the models."""
        for provider in self._providers:
            await provider.aclose()


def embedders_of(
    system: System, planned: Plan, model: RunModel, make: Callable[[Model], Provider] | None
) -> Embedders:
    """The embedding models of a plan. Raises UsageError where nothing can make one."""
    opened = Embedders()
    if any(embeddings_asked(suite.file) for suite in planned.suites):
        if make is None:
            raise UsageError("nothing can make an embedding model here")
        opened.open(system, planned, model, make)
    return opened
