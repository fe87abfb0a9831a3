"""A target whose answers are held against the expected texts by their vectors.

Enters: a target and the embedding models of its cases. Leaves: the same observations with the
cosine as a score, and under `attributes.embedded` which model made the vectors and how long they
are. What never happens here: a vector of zeros, of another length than before, or with a number
that is none becomes a score (the row is an error and is asked again), or an answer that did not
leave is likened to anything (it is worth 0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import mul

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Case,
    EmbeddingOptions,
    Model,
    ModelRequest,
    Observation,
    Provider,
    ProviderError,
    Sampling,
    Target,
    require_sound,
)

from .plan import Plan
from .scorers import right_texts

_vector = msgspec.json.Decoder(list[float])


class Embedding:
    """One embedding model of a run. Its first vector says how long all others are."""

    def __init__(self, model: Model, provider: Provider, *, digest: str) -> None:
        """`digest` names what makes the vectors, as the rows will tell."""
        self.digest = digest
        self.length = 0
        self._model = model
        self._provider = provider

    async def vector(self, text: str) -> list[float]:
        """The text's vector, of length 1. Raises ProviderError on one that has no direction."""
        request = ModelRequest(
            model=self._model.name, prompt=text, sampling=Sampling(temperature=0.0)
        )
        words = []
        async for chunk in self._provider.stream(request):
            require_sound(chunk)
            words.append(chunk.text)
        return self._sound("".join(words))

    def _sound(self, words: str) -> list[float]:
        try:
            found = _vector.decode(words)
        except (msgspec.DecodeError, RecursionError):
            raise self._error("replied with something that is no list of numbers") from None
        if not found or not all(map(math.isfinite, found)):
            raise self._error("replied with a vector that is empty or not finite")
        largest = max(map(abs, found))
        if not largest > 0.0:
            raise self._error("replied with a vector of zeros, which has no direction")
        self.length = self.length or len(found)
        if len(found) != self.length:
            raise self._error(f"replied with {len(found)} numbers, before with {self.length}")
        scaled = [value / largest for value in found]
        norm = math.sqrt(math.fsum(map(mul, scaled, scaled)))
        return [value / norm for value in scaled]

    def _error(self, what: str) -> ProviderError:
        return ProviderError(
            f"the embedding model {self._model.name} {what}",
            retryable=False,
            fix="check its name and version, and what it says to a short text",
        )


class Likeness(Struct, frozen=True, kw_only=True):
    """One scorer of a suite with its model."""

    name: str
    options: EmbeddingOptions
    embedding: Embedding


class LikenedTarget:
    """The Target port before another one, with embedding models behind it."""

    def __init__(
        self, target: Target, planned: Plan, likenesses: Mapping[str, Sequence[Likeness]]
    ) -> None:
        self._target = target
        self._likenesses = {
            (item.suite, item.case.id): {
                each.name: each
                for suite in (item.suite, *item.also)
                for each in likenesses.get(suite, ())
            }
            for item in planned.items
        }

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer and compare. A vector that cannot be had makes the row an error."""
        found = await self._target.answer(case, suite=suite, repeat=repeat)
        asked = self._likenesses.get((suite, case.id), {})
        texts = right_texts(case)
        if found.status == "error" or not texts or case.expect.action in ("hold", "block"):
            return found
        scores, made = dict(found.scores), {}
        for name, each in asked.items():
            try:
                value = await _cosine(each.embedding, found, texts)
            except ProviderError as error:
                return msgspec.structs.replace(
                    found, status="error", error=f"not scored: {name}: {error.message}"
                )
            line = each.options.at_least
            scores[name] = value if line is None else float(value >= line)
            made[name] = {"model": each.embedding.digest, "length": each.embedding.length}
        if not made:
            return found
        attributes = {**found.attributes, "embedded": made}
        return msgspec.structs.replace(found, scores=scores, attributes=attributes)


async def _cosine(embedding: Embedding, found: Observation, texts: Sequence[str]) -> float:
    """The cosine to the expected text that is most alike; 0 below 0, and of no words."""
    if found.action != "answered" or not found.output.strip():
        return 0.0
    said = await embedding.vector(found.output)
    wanted = [await embedding.vector(text) for text in texts]
    best = max(math.fsum(map(mul, said, each)) for each in wanted)
    return min(1.0, max(0.0, best))
