"""Ratings as data for tuning: pairs (DPO) or single answers that are wanted or not (KTO).

Enters: the votes on one task. Leaves: rows, only where the raters said so more often than not.
Ties, attention items and skipped items give nothing. Formats as TRL reads them:
https://huggingface.co/docs/trl/dataset_formats (`prompt`, `chosen`, `rejected`; `prompt`,
`completion`, `label`), each text or, for conversations, lists of messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from .votes import Ballot, Vote

Form = Literal["dpo", "kto"]


def dpo_rows(ballot: Ballot) -> Iterator[dict[str, Any]]:
    """One row for each item of which one answer is preferred by most. Side by side only."""
    for votes in ballot.by_item().values():
        first, second = _count(votes, "first"), _count(votes, "second")
        if ballot.task.rubric is not None or first == second:
            continue
        chosen, rejected = votes[0].item.answers[:: 1 if first > second else -1]
        conversation = isinstance(votes[0].item.input, list)
        yield {
            "prompt": _prompt(votes[0]),
            "chosen": _completion(chosen.output, conversation),
            "rejected": _completion(rejected.output, conversation),
        }


def kto_rows(ballot: Ballot) -> Iterator[dict[str, Any]]:
    """One row for each answer that most raters want, or do not want."""
    for votes in ballot.by_item().values():
        for answer, wanted in zip(votes[0].item.answers, _wanted(ballot, votes), strict=True):
            if wanted is not None:
                yield {
                    "prompt": _prompt(votes[0]),
                    "completion": _completion(answer.output, isinstance(votes[0].item.input, list)),
                    "label": wanted,
                }


def _wanted(ballot: Ballot, votes: list[Vote]) -> list[bool | None]:
    """For each answer: wanted, not wanted, or not told."""
    if ballot.task.rubric is not None:
        mean = sum(map(ballot.value, votes)) / len(votes)
        return [None if mean == 0.5 else mean > 0.5]
    first, second, neither = (_count(votes, name) for name in ("first", "second", "neither"))
    if 2 * neither > len(votes):
        return [False, False]
    return [None, None] if first == second else [first > second, second > first]


def _count(votes: list[Vote], choice: str) -> int:
    return sum(1 for vote in votes if vote.choice == choice)


def _prompt(vote: Vote) -> Any:
    given = vote.item.input
    if isinstance(given, list):
        return [turn if isinstance(turn, dict) else {"role": "user", "content": turn}
                for turn in given]  # fmt: skip
    if isinstance(given, dict):
        return str(given.get("input", "")) or "\n".join(f"{k}: {v}" for k, v in given.items())
    return given


def _completion(text: str, conversation: bool) -> Any:
    return [{"role": "assistant", "content": text}] if conversation else text
