"""A model that writes for us: pinned, asked once for each text, its answers kept.

Enters: a candidate's content and its provider. Leaves: what it said. What never happens here: an
unpinned model (what it wrote could not be traced), a paid call twice (the workspace's cache).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs

from roadworthy.domain import (
    ModelRequest,
    Provider,
    ProviderError,
    ReleaseContent,
    UsageError,
    require_sound,
)

from ..workspace.loop import Loop
from .run_model import RunModel

MAX_FAILURES = 3
"""Failed calls in a row after which the model is given up."""

_LEAST_TOKENS = 256


class Said(Struct, frozen=True):
    """What a model said, or why it said nothing."""

    text: str
    failure: str = ""


class Writer:
    """Asks the model of one candidate."""

    def __init__(
        self,
        content: ReleaseContent,
        loop: Loop,
        *,
        provider: Callable[[], Provider],
        seed: int,
    ) -> None:
        """Raises UsageError when the model is not pinned, or can say nothing but labels."""
        candidate = content.candidate
        model = candidate.model
        self.pin = model.digest or model.version
        self.name = f"{model.provider}/{model.name}"
        if not self.pin:
            raise UsageError(
                f"the model {self.name} of {candidate.name} is not pinned",
                fix="write model.digest or model.version, so that what it wrote can be traced",
            )
        if candidate.decision is not None or candidate.prompt:
            raise UsageError(
                f"the candidate {candidate.name} decides, or has a prompt: it cannot write",
                fix="name a candidate with `task: generation`, a model and no prompt",
            )
        self._sampling = structs.replace(
            candidate.sampling, max_tokens=max(_LEAST_TOKENS, candidate.sampling.max_tokens)
        )
        self._model = model.name
        self._provider = RunModel(content, loop, cache=True, seed=seed).wrap(provider())
        self._failures = 0

    async def say(self, text: str, *, repeat: int = 0) -> Said:
        """What the model answers. Raises ProviderError; gives up after a few failures in a row."""
        request = ModelRequest(
            model=self._model,
            messages=({"role": "user", "content": text},),
            sampling=self._sampling,
            repeat=repeat,
        )
        said: list[str] = []
        try:
            async for chunk in self._provider.stream(request):
                require_sound(chunk)
                said.append(chunk.text)
        except ProviderError as error:
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                raise
            return Said("", f"the model failed: {error.message}")
        self._failures = 0
        return Said("".join(said))

    async def aclose(self) -> None:
        """Release the model."""
        await self._provider.aclose()
