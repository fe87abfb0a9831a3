"""`model`: a guard model in its own form, a judge, or a judge of groundedness.

Enters: a text, and what was asked where it is an answer. Leaves: findings over the whole text. What
never happens here: words of another form than the model's own taken for a verdict; a text that
could end the place in which it stands (judges read between marks made of its digest, chat templates
keep roles apart, and ShieldGemma's turn marks are broken up where a text holds them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from roadworthy.domain import (
    READY_RUBRICS,
    AddressState,
    DetectorError,
    Finding,
    ModelCheck,
    ModelRequest,
    Provider,
    ProviderError,
    RubricOptions,
    Sampling,
    TextContext,
    require_sound,
)

from ..judging import RubricJudge
from .guard_words import Word, llama_guard, qwen3guard, shieldgemma

_FOUND, _NOT_FOUND = "yes", "no"
_READ: dict[str, Callable[[str], Word | None]] = {
    "llama_guard": llama_guard,
    "shieldgemma": shieldgemma,
    "qwen3guard": qwen3guard,
}
_MOST_TOKENS = 96
"""Of a guard model's words; those of ShieldGemma end after the first."""


class GuardModel:
    """Implements the Inspector port over a guard model that speaks its own form."""

    def __init__(self, check: ModelCheck, provider: Provider) -> None:
        self._check = check
        self._provider = provider
        self._read = _READ[check.speaks]

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding a kind. Raises ProviderError when the model says something else."""
        said: list[str] = []
        async for chunk in self._provider.stream(self._request(text, context)):
            require_sound(chunk)
            said.append(chunk.text)
        word = self._read("".join(said))
        if word is None:
            raise ProviderError(
                f"the guard model said nothing of the form `{self._check.speaks}`", retryable=False
            )
        kinds = [f"{self._check.kind}_{kind}" for kind in word.kinds] or [self._check.kind]
        return [Finding(kind=kind, start=0, end=len(text), score=word.score) for kind in kinds]

    def states(self) -> tuple[AddressState, ...]:
        """Nothing: whoever asks it watches it."""
        return ()

    async def aclose(self) -> None:
        """Let the model go."""
        await self._provider.aclose()

    def _request(self, text: str, context: TextContext) -> ModelRequest:
        if self._check.speaks == "shieldgemma":
            asked = _shieldgemma_prompt(self._check.question, text, context)
            messages: list[dict[str, Any]] = [{"role": "user", "content": asked}]
        elif context.side == "input":
            messages = [{"role": "user", "content": text}]
        else:
            messages = [
                {"role": "user", "content": context.input},
                {"role": "assistant", "content": text},
            ]
        tokens = 4 if self._check.speaks == "shieldgemma" else _MOST_TOKENS
        return ModelRequest(
            model=self._check.model.name,
            messages=tuple(messages),
            sampling=Sampling(temperature=0.0, max_tokens=tokens),
        )


class JudgeModel:
    """Implements the Inspector port over any model that is asked a question with closed levels."""

    def __init__(self, check: ModelCheck, provider: Provider) -> None:
        self._check = check
        self._provider = provider
        self._grounded = check.speaks == "groundedness"
        if self._grounded:
            ready = READY_RUBRICS["groundedness"]
            question, self._levels = ready.question, list(ready.levels)
        else:
            question, self._levels = check.question, [_FOUND, _NOT_FOUND]
        options = RubricOptions(question=question, levels=self._levels, model=check.model)
        self._judge = RubricJudge(options, provider)

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding, its score how surely or how far. Raises ProviderError without a verdict."""
        matters = self._sources(context) if self._grounded else ""
        said = await self._judge.ask(context.input, matters, text)
        if said.probabilities:
            # As far as each level is from the best one, by how probable it is.
            shares = said.probabilities[0]
            worth = len(self._levels) - 1
            score = sum(
                share * (worth - place) / worth
                for place, share in enumerate(shares[str(at + 1)] for at in range(worth + 1))
            )
        else:
            score = 1.0 - said.value
        score = min(1.0, max(0.0, score))
        return (Finding(kind=self._check.kind, start=0, end=len(text), score=score),)

    def states(self) -> tuple[AddressState, ...]:
        """Nothing: whoever asks it watches it."""
        return ()

    async def aclose(self) -> None:
        """Let the model go."""
        await self._provider.aclose()

    def _sources(self, context: TextContext) -> str:
        """What the answer may rest on. Raises DetectorError where there is nothing."""
        held = context.context
        named = self._check.sources or sorted(held)
        found = {name: held[name] for name in named if held.get(name) not in (None, "", [], {})}
        missing = [name for name in self._check.sources if name not in found]
        if missing or not found:
            what = f"no sources under `{missing[0]}`" if missing else "no sources"
            raise DetectorError(f"{what}: whether they support the answer nobody can say")
        try:
            return msgspec.json.encode(found, order="sorted").decode()
        except (TypeError, ValueError, UnicodeEncodeError):
            raise DetectorError("the sources cannot be written down") from None


def _shieldgemma_prompt(principle: str, text: str, context: TextContext) -> str:
    """The prompt of ShieldGemma's model card: of a question, or of an answer to it."""
    side = "input" if context.side == "input" else "output"
    asked = text if side == "input" else context.input
    turns = [f"Human Question: {_unmarked(asked)}"]
    violates = "human question"
    what = "a user\nprompt"
    if side == "output":
        turns.append(f"Chatbot Response: {_unmarked(text)}")
        violates, what = "chatbot response", "an AI\nresponse to prompts"
    return (
        f"You are a policy expert trying to help determine whether {what} is in violation of the "
        "defined safety policies.\n\n<start_of_turn>\n" + "\n\n".join(turns) + "\n<end_of_turn>\n\n"
        f"Our safety principle is defined in the below:\n\n{principle}\n\n"
        f"Does the {violates} violate the above principle? Your answer must start with 'Yes' or "
        "'No'. And then walk through step by step to be sure we answer correctly."
    )


def _unmarked(text: str) -> str:
    return text.replace("<start_of_turn>", "<start of turn>").replace(
        "<end_of_turn>", "<end of turn>"
    )
