"""What the look at a random sample stands on: scorers, judges, the key of the drawing.

It reads the journal by itself, behind everybody else: a slow judge holds up neither an answer nor
a never event's look. Judges ask through the border of their release, as those of never events do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import convert

from roadworthy.detectors import make_detector, with_prompt
from roadworthy.domain import (
    JUDGED,
    Case,
    Deployment,
    Model,
    Observation,
    OnlineScore,
    Provider,
    ProviderError,
    ReleaseContent,
    RubricOptions,
    Scorer,
    Witness,
    digest_of,
    judge_digest,
    rubric_options,
    told_of,
)
from roadworthy.evaluation import judges, make_scorer
from roadworthy.flows.late.after_looking import Sampler
from roadworthy.flows.late.budgets import Budgets
from roadworthy.flows.late.online_scoring import PURPOSE, Given, Gives, OnlineScoring, samples_of
from roadworthy.flows.request.called import calls_shown
from roadworthy.flows.reviews.letting_out import variables_of
from roadworthy.journal import Vault
from roadworthy.manifests import Workspace, load_deployment
from roadworthy.providers import make_provider

from .after_looking import AfterLook
from .clock import SystemClock
from .leaving import judge_behind_border
from .places import is_workspace
from .plan import Plan

WRITER = "online"
JUDGE_S = 60.0
"""For one answer; then it is skipped."""
SHARE = 0.5
"""Of the time: most of it is spent waiting for judges."""


class OnlineLook(AfterLook):
    """The look at samples in one control process."""

    falls_behind = "the random samples could not be scored"

    def __init__(self, workspace: Workspace, vault: Vault, plan: Plan, *, segment_mb: int) -> None:
        self._key = vault.derived(PURPOSE)
        self._plan = plan
        self._providers: dict[str, Provider] = {}
        self._runner: asyncio.AbstractEventLoop | None = None
        self._asking: asyncio.Task[judges.Asked] | None = None
        self._clock = SystemClock()
        self._budgets: Budgets | None = None
        super().__init__(
            workspace, vault, segment_mb=segment_mb, makers=(), sampler=self._sampler_of,
            writer=WRITER, share=SHARE,
        )  # fmt: skip

    def stop(self) -> None:
        """Also where a judge is being asked: that answer is scored when the process is back."""
        super().stop()
        if self._runner is not None and self._asking is not None:
            self._runner.call_soon_threadsafe(self._asking.cancel)

    def close(self) -> None:
        """Release the judges, then as every look. What was taken is kept."""
        if self._runner is not None:
            for provider in self._providers.values():
                self._runner.run_until_complete(provider.aclose())
            self._runner.close()
            self._runner = None
        super().close()
        if self._budgets is not None:
            self._budgets.keep()

    def _round(self) -> float:
        try:
            return super()._round()
        finally:
            if self._budgets is not None:
                self._budgets.keep()

    def _sampler_of(self, release: str, content: ReleaseContent) -> Sampler | None:
        """Who scores a release's sample; an error is tried again.

        Raises UsageError or ManifestError where a scorer cannot be made, EvidenceError where
        budgets cannot be read.
        """
        samples = samples_of(content)
        if samples is None:
            return None
        gives = [
            Gives(rule=rule, give=self._giver(rule, content)) for rule in samples.scores.values()
        ]
        if self._budgets is None:
            self._budgets = Budgets(self._workspace.serving / "online-budgets.json", self._clock)
        return OnlineScoring(
            samples, gives, release=release, key=self._key, clock=self._clock,
            budgets=self._budgets,
        )  # fmt: skip

    def _giver(
        self, rule: OnlineScore, content: ReleaseContent
    ) -> Callable[[Observation, Witness, str], Given]:
        spec = rule.spec
        if rule.scorer not in JUDGED:
            assets = with_prompt(content.assets, content.prompt)
            return partial(_scored, make_scorer(spec, partial(make_detector, assets=assets)))
        options = rubric_options(spec)
        assert options.model is not None
        asks = judges.RubricJudge(options, self._judge(options.model, content))
        return partial(self._judged, asks, options, judge_digest(spec))

    def _judged(
        self,
        asks: judges.RubricJudge,
        options: RubricOptions,
        digest: str,
        seen: Observation,
        texts: Witness,
        left: str,
    ) -> Given:
        """What a judge says of an answer. Raises ProviderError when it says nothing."""
        told = told_of(_case(seen, texts), options.rubric)
        if told is None:
            return Given(value=None)
        if self._runner is None:
            self._runner = asyncio.new_event_loop()
        calls = calls_shown(texts.called)
        said = self._said(asks.ask(texts.input, told, left, calls=calls), self._runner)
        about: dict[str, Any] = {"judge": digest, "said": said.verdict}
        if said.probabilities:
            about["probabilities"] = list(said.probabilities)
        return Given(value=said.value, judge=about)

    def _said(
        self, asking: Coroutine[Any, Any, judges.Asked], runner: asyncio.AbstractEventLoop
    ) -> judges.Asked:
        """What a judge says within its time. Raises ProviderError."""
        self._asking = runner.create_task(asking)
        try:
            return runner.run_until_complete(asyncio.wait_for(self._asking, JUDGE_S))
        except TimeoutError:
            raise ProviderError(f"it said nothing within {JUDGE_S:g} s", retryable=True) from None
        except asyncio.CancelledError:
            raise ProviderError("the process ends", retryable=True) from None
        finally:
            self._asking = None

    def _judge(self, model: Model, content: ReleaseContent) -> Provider:
        root = self._plan.root_of(content.system) or ""
        place = Path(root)
        deployment = Deployment() if is_workspace(place) else load_deployment(place)
        key = digest_of({"model": model, "system": content.system})
        if key not in self._providers:
            self._providers[key] = make_provider(
                model, deployment=deployment, root=root, assets=content.assets, clock=self._clock
            )
        return judge_behind_border(
            self._providers[key], model, content, deployment, clock=self._clock, root=root
        )


def _scored(scorer: Scorer, seen: Observation, texts: Witness, left: str) -> Given:
    return Given(value=scorer.score(_case(seen, texts), left, seen))


def _case(seen: Observation, texts: Witness) -> Case:
    """The exchange as a case without expectations: what was asked, and what filled the prompt."""
    variables = variables_of(texts)
    return Case(
        id=seen.id,
        input=convert(variables, dict[str, Any]) if variables else texts.input,
        facets=dict(seen.facets),
    )
