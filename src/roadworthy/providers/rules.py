"""The `rule` provider: a linear bag-of-words model from a file, as baseline. No model is called.

A text enters, its likeliest label leaves, with every label's probability. The file is YAML or
JSON, small enough to read, and can be written by hand or exported from any linear classifier
over binary words (logistic regression: coefficients and intercepts).
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Chunk, Model, ModelRequest, ProviderError, Usage, UsageError

_WORD = re.compile(r"\w+")


class RuleLabel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one label is scored: bias plus the weights of the words that occur."""

    bias: float = 0.0
    words: dict[str, float] = field(default_factory=dict)
    """Words, or sequences of words parted by one space; case does not matter."""


class RuleModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of a rule file."""

    roadworthy: int = 1
    labels: dict[str, RuleLabel]
    count: Literal["once", "each"] = "once"
    """Whether a word weighs once or as often as it occurs."""
    source: str = ""
    """Where the weights come from."""


class RuleProvider:
    """Scores labels by words. Unknown words weigh nothing; ties go to the label named first."""

    def __init__(self, rules: RuleModel) -> None:
        self.name = "rule"
        self._labels = tuple(rules.labels)
        self._bias = {label: rule.bias for label, rule in rules.labels.items()}
        self._each = rules.count == "each"
        self._weights: dict[str, list[tuple[str, float]]] = {}
        self._longest = 1
        for label, rule in rules.labels.items():
            for words, weight in rule.words.items():
                key = " ".join(_WORD.findall(words.casefold()))
                self._longest = max(self._longest, key.count(" ") + 1)
                self._weights.setdefault(key, []).append((label, weight))

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the one chunk; see the port."""
        labels = request.labels or self._labels
        unknown = [label for label in labels if label not in self._bias]
        if unknown:
            raise ProviderError(
                f"the rules do not know the label {unknown[0]!r}",
                retryable=False,
                fix="name the same labels in the rule file and in decision.labels",
            )
        words = _WORD.findall(input_text(request).casefold())
        scores = self._score(words)
        top = max(scores[label] for label in labels)
        total = top + math.log(math.fsum(math.exp(scores[label] - top) for label in labels))
        logprobs = {label: scores[label] - total for label in labels}
        yield Chunk(
            text=max(labels, key=logprobs.__getitem__),
            finish_reason="stop",
            usage=Usage(raw={"words": len(words)}),
            label_logprobs=logprobs,
        )

    async def aclose(self) -> None:
        """Nothing to release."""

    def _score(self, words: list[str]) -> dict[str, float]:
        scores = dict(self._bias)
        seen: set[str] = set()
        for length in range(1, self._longest + 1):
            for start in range(len(words) - length + 1):
                key = words[start] if length == 1 else " ".join(words[start : start + length])
                if key in seen:
                    continue
                if not self._each:
                    seen.add(key)
                for label, weight in self._weights.get(key, ()):
                    scores[label] += weight
        return scores


def make_rules(model: Model, asset: Any) -> RuleProvider:
    """The provider of a parsed rule file. Raises UsageError when it is not one."""
    try:
        rules = msgspec.convert(asset, RuleModel)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{model.file}: not a rule file: {error}",
            fix="write labels: {NAME: {bias: 0.0, words: {word: weight}}}",
        ) from None
    if not rules.labels:
        raise UsageError(f"{model.file}: a rule file needs at least one label")
    numbers = [rule.bias for rule in rules.labels.values()]
    numbers += [weight for rule in rules.labels.values() for weight in rule.words.values()]
    if not all(math.isfinite(number) for number in numbers):
        raise UsageError(f"{model.file}: a weight or bias is not a finite number")
    return RuleProvider(rules)


def input_text(request: ModelRequest) -> str:
    """What a person wrote: the prompt, or the last user message."""
    if request.prompt is not None:
        return request.prompt
    for message in reversed(request.messages):
        if message.get("role") == "user":
            return _text(message.get("content"))
    return ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(
        str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part
    )
