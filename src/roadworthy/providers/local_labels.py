"""Decisions of a local model: labels in, the exact probability of each among them out.

One forward pass: every label's first token gets the same large bias, so that these tokens are
the whole of the distribution after it, and their probabilities come back exactly as the model
relates them to each other (adding a constant to some logits does not change their ratios).
Nothing is sampled, no list of alternatives can be too short, and no label needs a floor. Labels
whose first tokens are the same are told apart one token deeper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from roadworthy.domain import ProviderError

from .labels import LEAST_LOGPROB
from .local_prompt import TokenPrompt
from .local_server import LocalServer

_BIAS = 200.0
"""Logits of language models stay within some tens; e^200 leaves nothing beside the labels."""


class LabelTokens:
    """The token sequences by which each label may be written."""

    def __init__(self, server: LocalServer, *, variants: bool) -> None:
        self._server = server
        self._variants = variants
        self._known: dict[tuple[tuple[str, ...], bool], dict[str, list[list[int]]]] = {}

    async def of(self, labels: Sequence[str], *, after_space: bool) -> dict[str, list[list[int]]]:
        """Label -> token sequences, each ended by a line break."""
        key = (tuple(labels), after_space)
        if key not in self._known:
            self._known[key] = await self._tokenize(labels, after_space)
        return self._known[key]

    async def _tokenize(
        self, labels: Sequence[str], after_space: bool
    ) -> dict[str, list[list[int]]]:
        space = " " if after_space else ""
        (*_, line_break) = await self._server.tokenize("a\n")
        ways: list[tuple[str, str, list[int]]] = []
        for label in labels:
            forms = {label}
            if self._variants:
                forms |= {label.lower(), label.capitalize(), label.upper()}
            for form in sorted(forms):
                tokens = await self._server.tokenize(space + form)
                ways.append((label, form, [*tokens, line_break]))
        return _told_apart(ways)


def _told_apart(ways: list[tuple[str, str, list[int]]]) -> dict[str, list[list[int]]]:
    """Keep every label as it is written, and those other forms that no label shares.

    A form whose first token another label begins with too (` H` of HOME and HEALTH) would cost
    a pass of its own and carries next to no probability.
    """
    written: dict[str, list[list[int]]] = {}
    owners: dict[tuple[int, ...], str] = {}
    for label, form, tokens in ways:
        owner = owners.setdefault(tuple(tokens), label) if form == label else label
        if owner != label:
            raise ProviderError(
                f"the labels {owner!r} and {label!r} are the same to the model", retryable=False
            )
        others = [(name, other) for name, _, other in ways if name != label]
        if form == label or all(other[0] != tokens[0] for _, other in others):
            written.setdefault(label, []).append(tokens)
    return written


async def label_probabilities(
    server: LocalServer,
    prompt: TokenPrompt,
    written: dict[str, list[list[int]]],
    where: dict[str, Any],
    *,
    timeout_s: float,
) -> dict[str, float]:
    """Natural-log probability of each label among the labels; they sum to one."""
    mass = dict.fromkeys(written, 0.0)
    ways = [(label, tokens) for label, forms in written.items() for tokens in forms]
    pending: list[tuple[list[int], float, list[tuple[str, list[int]]]]] = [([], 1.0, ways)]
    while pending:
        path, weight, here = pending.pop()
        nexts: dict[int, list[tuple[str, list[int]]]] = {}
        for label, tokens in here:
            nexts.setdefault(tokens[len(path)], []).append((label, tokens))
        shares = {next(iter(nexts)): 1.0}
        if len(nexts) > 1:
            ask = {**where, "prompt": [*prompt.tokens, *path]}
            if path:
                ask["cache_prompt"] = True
            shares = await _shares(server, ask, list(nexts), timeout_s)
        for token, reached in nexts.items():
            names = {label for label, _ in reached}
            share = weight * shares.get(token, 0.0)
            if len(names) == 1:
                mass[names.pop()] += share
            elif share > 0.0:
                pending.append(([*path, token], share, reached))
    return {
        label: max(LEAST_LOGPROB, math.log(value)) if value > 0.0 else LEAST_LOGPROB
        for label, value in mass.items()
    }


async def _shares(
    server: LocalServer, ask: dict[str, Any], tokens: list[int], timeout_s: float
) -> dict[int, float]:
    """How the next token's probability is shared among `tokens`."""
    reply = await server.complete(
        {
            **ask,
            "n_predict": 1,
            "n_probs": len(tokens),
            "post_sampling_probs": True,
            "logit_bias": [[token, _BIAS] for token in tokens],
            "samplers": ["temperature"],
            "temperature": 1.0,
            "seed": 0,
        },
        timeout_s=timeout_s,
    )
    wanted = set(tokens)
    found = {
        way.id: way.prob or 0.0
        for step in reply.completion_probabilities[:1]
        for way in step.top_probs
        if way.id in wanted
    }
    if not found or not 0.99 < sum(found.values()) < 1.01:
        raise ProviderError(
            "the local model did not report probabilities of the labels", retryable=False
        )
    return found
