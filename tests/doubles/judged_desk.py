"""A rated desk whose suite has a judge; the judge is a function of what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from doubles.judge_prompts import answer_in, question_in
from doubles.rated_desk import HELPFUL, RatedDesk
from roadworthy.domain import Chunk, Model, ModelRequest, Provider
from roadworthy.flows.runs.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.manifests import load_system
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.service import build_service

Says = Callable[[str], str]
"""What a judge is asked -> what it says."""

JUDGED = (
    HELPFUL
    + """\
    model: {provider: openai_compatible, name: judge, upstream: judge, version: "1"}
"""
)


class SayingProvider:
    """A model that says what a function says."""

    def __init__(self, says: Says) -> None:
        self.name = "saying"
        self.asked: list[ModelRequest] = []
        self._says = says

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """One chunk."""
        self.asked.append(request)
        yield Chunk(text=self._says(str(request.messages[-1]["content"])), finish_reason="stop")

    async def aclose(self) -> None:
        """Nothing is open."""


def right(prompt: str) -> bool:
    """Whether the answer that stands in the prompt names the right desk."""
    return answer_in(prompt) == ("motor" if "tyre" in question_in(prompt) else "home")


def fair(prompt: str) -> str:
    """A judge that is always right."""
    return "2" if right(prompt) else "1"


class JudgedDesk(RatedDesk):
    """`says` is the judge's model."""

    def __init__(self, root: Path, says: Says = fair, suite: str = JUDGED) -> None:
        super().__init__(root)
        self.says = says
        self.write("suites/main.yaml", suite)
        self.write("roadworthy.toml", '[upstreams.judge]\nurl = "http://127.0.0.1:9/v1"\n')

    async def evaluate(
        self, asked: Asked | None = None, *, candidate: str = "candidate.yaml"
    ) -> Evaluated:
        """`roadworthy eval`, the judge played by `says`."""
        system = load_system(self.root, candidate=candidate)
        loop = self.loop()

        def provider(model: Model) -> Provider:
            return SayingProvider(self.says)

        deps = EvaluatingDeps(
            loop=loop,
            new_id=new_id,
            service=lambda content, wrap: build_service(
                content, content.candidate_digest, deployment=system.deployment,
                clock=loop.clock, root=system.root, wrap=wrap,
            ),
            provider=provider,
        )  # fmt: skip
        return await evaluate(system, asked or Asked(), deps)
