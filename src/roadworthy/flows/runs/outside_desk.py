"""Questions of a tool that is not ours, put to the candidate on the path that a case walks.

Enters: messages as the API has them. Leaves: the reply, and a record of every exchange in order.
What never happens here: an error given out as an answer, a question whose meaning would change
unnoticed on the way (instructions that a release with a prompt of its own would drop), or more
questions than a person allowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    Case,
    Clock,
    Observation,
    ProviderError,
    Sampling,
    UsageError,
    digest_of,
)
from roadworthy.evaluation import foreign

from ..request.service import Service
from ..request.trace import Reply
from .case_target import PathTarget

ANSWER_ID = "chatcmpl-"
"""Before an observation's id: the id under which its answer leaves."""

_CHANGES = ("tools", "functions", "response_format", "logprobs")
"""Wishes that a release with a prompt of its own would not see, and that change the answer."""


class Exchange(Struct, frozen=True, kw_only=True):
    """One question and how it was answered."""

    messages: list[dict[str, Any]]
    wishes: dict[str, Any]
    """What else the tool asked for, as it came."""
    answer: str
    """What it got."""
    observation: Observation


class OutsideDesk:
    """Answers a tool's questions and keeps them."""

    def __init__(
        self,
        service: Service,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        suite: str,
        most: int,
        budget: Decimal | None = None,
    ) -> None:
        """`suite` names the tool and task in the observations; `most` questions are answered."""
        self.exchanges: list[Exchange] = []
        self.faults: Counter[str] = Counter()
        """Why questions failed -> how many."""
        self.refused = ""
        """Why a question was not put to the candidate; the first reason."""
        self.wished = False
        """Whether the tool wished for a sampling that the release did not take from it."""
        self._target = PathTarget(service, clock, new_id)
        self._service = service
        self._suite = suite
        self._most = most
        self._budget = budget
        self._asked = 0
        self._seen: Counter[str] = Counter()

    @property
    def sampling(self) -> Sampling:
        """The candidate's own."""
        return self._service.content.candidate.sampling

    def spent(self) -> dict[str, Decimal]:
        """Currency -> paid now; an answer from the cache was paid for before."""
        sums: dict[str, Decimal] = {}
        for each in self.exchanges:
            row = each.observation
            if row.cost is not None and not row.cache_hit:
                sums[row.currency] = sums.get(row.currency, Decimal(0)) + Decimal(row.cost)
        return sums

    def given(self) -> list[foreign.Given]:
        """The answers that left, for whoever compares them with a file."""
        return [
            foreign.Given(
                id=ANSWER_ID + each.observation.id,
                question=foreign.said(each.messages),
                answer=each.answer,
            )
            for each in self.exchanges
        ]

    def refuse(self, why: str) -> None:
        """Keep that a question was not put to the candidate: then no figure is worth anything."""
        self.refused = self.refused or why

    async def ask(
        self,
        messages: list[dict[str, Any]],
        *,
        sampling: Sampling | None,
        extra: Mapping[str, Any],
        wishes: Mapping[str, Any],
    ) -> Reply:
        """Answer one question.

        Raises UsageError where it may not be asked, or could not be asked as it was meant;
        ProviderError where the model fails.
        """
        self._asked += 1
        try:
            self._require_askable(extra)
            reply = await self._reply(messages, sampling, extra)
        except UsageError as error:
            self.refuse(error.message)
            raise
        observation = reply.observation
        if observation.status != "ok":
            why = observation.error or reply.error or observation.status
            self.faults[why] += 1
            raise ProviderError(why, retryable=False)
        self.wished = self.wished or (self._target.owned and sampling is not None)
        self.exchanges.append(
            Exchange(
                messages=messages, wishes=dict(wishes), answer=reply.text, observation=observation
            )
        )
        return reply

    async def _reply(
        self, messages: list[dict[str, Any]], sampling: Sampling | None, extra: Mapping[str, Any]
    ) -> Reply:
        """The same question asked again is another repeat: another sample, another cache entry."""
        key = digest_of([messages, sampling, dict(extra)])
        repeat = self._seen[key]
        self._seen[key] += 1
        case = Case(id=f"question-{self._asked}", input=messages)
        reply = await self._target.reply(case, repeat=repeat, sampling=sampling, extra=extra)
        marked = structs.replace(reply.observation, suite=self._suite, case=case.id, repeat=repeat)
        return msgspec.structs.replace(reply, observation=marked)

    def _require_askable(self, extra: Mapping[str, Any]) -> None:
        if self._asked > self._most:
            raise UsageError(
                f"the task asks more than {self._most:,} questions", fix="--most, or --limit"
            )
        paid = max(self.spent().values(), default=Decimal(0)) if self._budget is not None else 0
        if self._budget is not None and paid >= self._budget:
            raise UsageError(f"the budget of {self._budget} is spent", fix="--budget")
        asked = [name for name in _CHANGES if extra.get(name)]
        if asked and self._target.owned:
            raise UsageError(
                f"the task sends {asked[0]!r}, and the release owns its prompt: the model would"
                " not be told of it",
                fix="run the task against a candidate without a prompt",
            )
