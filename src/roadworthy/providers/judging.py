"""One question to a judge: texts as data in, one of a few verdicts out, or an error.

The verdict's form is fixed before any text is read: one digit. Where the provider scores labels,
the model can say nothing else; elsewhere its words must be that digit, alone, in a line of its own
or as the only value of a JSON object. Everything else is an error, never a verdict. Texts of the
case and the answer stand between marks that are made of their digest, so that no text can hold the
mark that would end it. Every pair is asked in both orders: a preference that changes with the
order is a tie (Zheng et al. 2023, https://arxiv.org/abs/2306.05685).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    JUDGE_SYSTEM,
    Model,
    ModelRequest,
    PairwiseOptions,
    Provider,
    ProviderError,
    RubricOptions,
    Sampling,
    judge_prompt,
    require_sound,
)

CALLS = "tool calls"
"""What a judge sees the calls of an answer under."""
EQUAL = "3"
_ORDER = ("1", "2", EQUAL)


class Asked(Struct, frozen=True, kw_only=True):
    """What a judge said of one answer."""

    verdict: str
    """A level; of a pair `first`, `second` or `tie`."""
    value: float
    inconsistent: bool = False
    """Of a pair: whether the two orders gave different answers, which counts as a tie."""
    probabilities: tuple[dict[str, float], ...] = ()
    """Of every question, number -> probability, where the provider says."""


class RubricJudge:
    """Asks for the level of one answer."""

    def __init__(self, options: RubricOptions, provider: Provider) -> None:
        """`options.model` must be there."""
        assert options.model is not None
        self._options = options
        self._asking = _Asking(options.model, provider)

    async def ask(
        self, asked: Any, matters: str, answer: str, other: str = "", *, calls: str = ""
    ) -> Asked:
        """The level. Raises ProviderError when the model fails or says something else.

        `calls`: the tool calls that the answer has beside its text, judged with it.
        """
        levels = {str(number): level for number, level in enumerate(self._options.levels, start=1)}
        both = f"the texts `answer` and `{CALLS}`, which are one answer"
        of = both if calls else "the text `answer`"
        task = [
            f"Judge {of}. {self._options.question}",
            *(f"{number}: {level}" for number, level in levels.items()),
        ]
        texts = _texts(asked, matters, answer=answer, **({CALLS: calls} if calls else {}))
        said, shares = await self._asking.number(task, texts, tuple(levels))
        level = levels[said]
        return Asked(verdict=level, value=self._options.value(level), probabilities=shares)


class PairwiseJudge:
    """Asks which of two answers is better, in both orders."""

    def __init__(self, options: PairwiseOptions, provider: Provider) -> None:
        self._options = options
        self._asking = _Asking(options.model, provider)

    async def ask(self, asked: Any, matters: str, answer: str, other: str = "") -> Asked:
        """`first` when `answer` is better than `other` in both orders. Raises ProviderError."""
        forth, one = await self._once(asked, matters, answer, other)
        back, two = await self._once(asked, matters, other, answer)
        turned = {"1": "2", "2": "1", EQUAL: EQUAL}[back]
        verdict = {"1": "first", "2": "second", EQUAL: "tie"}[forth] if forth == turned else "tie"
        return Asked(
            verdict=verdict,
            value={"first": 1.0, "second": 0.0, "tie": 0.5}[verdict],
            inconsistent=forth != turned,
            probabilities=(*one, *two),
        )

    async def _once(
        self, asked: Any, matters: str, first: str, second: str
    ) -> tuple[str, tuple[dict[str, float], ...]]:
        task = [
            f"Compare the texts `answer 1` and `answer 2`. {self._options.question}",
            "1: answer 1", "2: answer 2", "3: neither more than the other",
        ]  # fmt: skip
        texts = _texts(asked, matters, **{"answer 1": first, "answer 2": second})
        return await self._asking.number(task, texts, _ORDER)


class _Asking:
    """The model behind a judge."""

    def __init__(self, model: Model, provider: Provider) -> None:
        self._model = model
        self._provider = provider
        # Elsewhere labels are a hint, read leniently: the judge's own words are read here.
        self._scores_labels = not model.is_hosted

    async def number(
        self, task: Sequence[str], texts: dict[str, str], numbers: tuple[str, ...]
    ) -> tuple[str, tuple[dict[str, float], ...]]:
        """The number, and the probabilities of all where they are known. Raises ProviderError."""
        request = ModelRequest(
            model=self._model.name,
            messages=(
                {"role": "system", "content": JUDGE_SYSTEM},
                {"role": "user", "content": judge_prompt(task, texts, numbers)},
            ),
            sampling=Sampling(temperature=0.0, max_tokens=16),
            labels=numbers if self._scores_labels else (),
        )
        words: list[str] = []
        shares: dict[str, float] | None = None
        async for chunk in self._provider.stream(request):
            require_sound(chunk)
            words.append(chunk.text)
            shares = chunk.label_logprobs or shares
        found = parse_verdict("".join(words), numbers)
        if found is None:
            said = "".join(words)[:60]
            raise ProviderError(
                f"the judge {self._model.name} gave no verdict: {said!r}",
                retryable=False,
                quoted=repr(said),
                fix=f"a judge must reply with one of {', '.join(numbers)} and nothing else",
            )
        return found, () if shares is None else (_shared(shares),)


def parse_verdict(text: str, numbers: Sequence[str]) -> str | None:
    """The number that a judge's words are; None when they are anything else.

    `2`, `2.`, `"2"`, a first line that is that and nothing more, or `{"verdict": 2}`. Never a
    number that merely occurs in a sentence, and never two.
    """
    whole = text.strip()
    if whole.startswith("{"):
        try:
            found = msgspec.json.decode(whole)
        except (msgspec.DecodeError, RecursionError):
            return None
        values = list(found.values()) if isinstance(found, dict) else []
        one = values[0] if len(values) == 1 else None
        said = str(one) if isinstance(one, str | int) and not isinstance(one, bool) else ""
        return said if said in numbers else None
    line = whole.splitlines()[0] if whole else ""
    said = line.strip().strip("\"'`*").rstrip(".").strip()
    return said if said in numbers else None


def _texts(asked: Any, matters: str, **answers: str) -> dict[str, str]:
    question = asked if isinstance(asked, str) else msgspec.json.encode(asked).decode()
    return {"question": question, **({"what matters": matters} if matters else {}), **answers}


def _shared(logprobs: dict[str, float]) -> dict[str, float]:
    """Probabilities among the labels."""
    import math

    top = max(logprobs.values())
    weights = {name: math.exp(value - top) for name, value in logprobs.items()}
    total = math.fsum(weights.values())
    return {name: round(weight / total, 6) for name, weight in weights.items()}
