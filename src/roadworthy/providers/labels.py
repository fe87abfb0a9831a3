"""Decisions: a model's words and token probabilities in, labels and their probabilities out.

Nothing here guesses: words that name no label give None, and a label that the reported
alternatives do not reach gets an upper bound (a floor), never an invented value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from roadworthy.domain import TokenLogprob

_AROUND = (
    " \t\r\n\"'`*_.,:;!?()[]{}<>#\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
)
LEAST_LOGPROB = -60.0
"""No probability is reported below e^-60 (1e-26): further down float noise would speak."""


def parse_label(text: str, labels: Sequence[str]) -> str | None:
    """The label that an answer names, or None.

    Accepted: the label alone (any case, in quotes or with a full stop), the label as the
    answer's first words, after a colon in the first line (`Answer: motor`), or as the only
    string of a JSON object. A label that merely occurs somewhere is not an answer.
    """
    plain = {label.strip(_AROUND).casefold(): label for label in labels}
    whole = text.strip(_AROUND).casefold()
    if whole in plain:
        return plain[whole]
    lines = whole.splitlines()
    first = lines[0] if lines else ""
    if text.lstrip().startswith("{"):
        return plain.get(_only_json_string(text).strip(_AROUND).casefold())
    for candidate in (first, first.rpartition(":")[2]):
        stripped = candidate.strip(_AROUND).casefold()
        if stripped in plain:
            return plain[stripped]
    for key in sorted(plain, key=len, reverse=True):
        if key and first.startswith(key) and not first[len(key)].isalnum():
            return plain[key]
    return None


def _only_json_string(text: str) -> str:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ""
    strings = [item for item in value.values() if isinstance(item, str)]
    return strings[0] if len(strings) == 1 else ""


def label_logprobs(
    tokens: Sequence[TokenLogprob], labels: Sequence[str]
) -> dict[str, float] | None:
    """Natural-log probability of each label, from the top alternatives at each token.

    Walks the generated tokens. At each step every alternative that continues towards exactly
    one label gives that label its mass; an alternative that several labels share is followed
    when it was the one generated, else its mass is split evenly. Labels that nothing reached
    get the floor: the smaller of the least likely alternative shown at the first token and the
    mass that was not shown (both are upper bounds of an unseen token's probability).
    None when the upstream gave no alternatives.
    """
    while tokens and not tokens[0].token.strip(_AROUND):
        tokens = tokens[1:]
    if not tokens or not tokens[0].top:
        return None
    mass = dict.fromkeys(labels, 0.0)
    prefix = ""
    path = 0.0
    for token in tokens:
        ways = {**{token.token: token.logprob}, **token.top}
        deeper = False
        for way, logprob in ways.items():
            reached = _reached(prefix + way, labels)
            if len(reached) > 1 and way == token.token:
                deeper = True
                continue
            for label in reached:
                mass[label] += math.exp(path + logprob) / len(reached)
        if not deeper:
            break
        prefix += token.token
        path += token.logprob
    else:
        for label in _reached(prefix, labels, ended=True):
            mass[label] += math.exp(path)
    floor = _floor(tokens[0])
    return {
        label: max(LEAST_LOGPROB, min(0.0, math.log(value))) if value > 0.0 else floor
        for label, value in mass.items()
    }


def _reached(text: str, labels: Sequence[str], *, ended: bool = False) -> list[str]:
    """The labels that a text may still become, or has become."""
    said = text.lstrip(_AROUND).casefold()
    if not said.strip(_AROUND):
        return []
    said_whole = said.rstrip(_AROUND)
    closed = ended or said_whole != said
    exact = [label for label in labels if label.casefold() == said_whole]
    if exact and closed:
        return exact
    if closed:
        said = said_whole
    open_labels = [label for label in labels if label.casefold().startswith(said)]
    if open_labels:
        return open_labels
    begun = [
        label
        for label in labels
        if said.startswith(label.casefold()) and not said[len(label)].isalnum()
    ]
    return [max(begun, key=len)] if begun else []


def _floor(first: TokenLogprob) -> float:
    shown = {**{first.token: first.logprob}, **first.top}
    unseen = 1.0 - sum(math.exp(value) for value in shown.values())
    bounds = [min(shown.values())]
    if unseen > 0.0:
        bounds.append(math.log(unseen))
    return max(LEAST_LOGPROB, min(bounds))
