"""Answers that were held, and people to decide about them: no gateway, no model."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.domain import (
    HeldAnswer,
    Observation,
    PersonRole,
    RailVerdict,
    Witness,
    format_instant,
    sha256,
)
from roadworthy.flows.reviews.queue import queue
from roadworthy.flows.reviews.reviewing import Word, decide
from roadworthy.flows.workspace.people import add_person
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import load_deployment
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.held_answers import HeldAnswers
from roadworthy.wiring.loop import loop_of

FALLBACK = "A person will read your letter."

SORTER: dict[str, str | None] = {
    "candidate.yaml": """\
name: sorter
task: decision
model: {provider: openai_compatible, name: small, upstream: lab}
prompt: prompts/sort.md
sampling: {max_tokens: 64}
rails: rails.yaml
decision: {labels: [motor, home, fraud]}
facets:
  jurisdiction: {header: x-jurisdiction, default: DE}
  supplier: {pointer: /metadata/supplier}
""",
    "suites/main.yaml": "name: main\ncases: [cases/main.jsonl]\nscorers:\n- scorer: label\n",
    "suites/cases/main.jsonl": '{"id": "m1", "input": "My car", "expect": {"label": "motor"}}\n',
}
"""What makes the letter desk one that sorts."""


def charter(review: str = "", impact: str = "low") -> str:
    """The letter desk's charter with other rules of review."""
    said = CHARTER.replace("fallback:", f"impact: {impact}, fallback:")
    return said.replace("review: {", f"review: {{{review}") if review else said


class HeldDesk(Answers):
    """A live system, its held answers, and four people: rosa and ravi review, bob is risk officer.

    ann built the release, and may review too.
    """

    def __init__(
        self,
        root: Path,
        *,
        review: str = "",
        impact: str = "low",
        changes: dict[str, str | None] | None = None,
        upstream: str = "http://127.0.0.1:9/v1",
    ) -> None:
        files = {"charter.yaml": charter(review, impact), **(changes or {})}
        super().__init__(write_live_system(root, upstream, files))
        self.root = root
        self.add("rosa", "reviewer")
        self.add("ravi", "reviewer")

    def add(self, name: str, role: PersonRole) -> None:
        """One more person."""
        add_person(self.loop, name=name, roles=[role], by=self.acting("ann"))
        self.loop = loop_of(self.loop.workspace)

    @property
    def journal(self) -> HeldAnswers:
        """The journal as reviewing reads it, opened anew."""
        return HeldAnswers(self.loop, load_deployment(self.root), root=str(self.root))

    async def hold(
        self,
        raw: str = "Your bill is on its way.",
        *,
        decision: str = "",
        tenant: str = "acme",
        end_user: str = "",
        hours_ago: float = 0.0,
        asked: str = "dear desk",
        changes: dict[str, object] | None = None,
    ) -> Observation:
        """An answer that a rail held; with a `decision` the accept threshold did."""
        by = RailVerdict(rail="decision", side="output", outcome="hold", reason="less sure")
        rail = RailVerdict(rail="ask-a-person", side="output", outcome="hold", kinds=("deny",))
        seen = Observation(
            id=new_id(),
            time=format_instant(self.loop.clock.now() - dt.timedelta(hours=hours_ago)),
            system="letters",
            release=read_table(self.loop.workspace.routing).routes["letters"].live,
            stage="live",
            tenant=tenant,
            end_user=self.vault.pseudonym(tenant, end_user),
            facets={"jurisdiction": "DE", "supplier": "S-9"},
            endpoint="answer",
            action="held",
            finish_reason="content_filter",
            first_token_ms=1.0 if raw else None,
            decision=decision,
            confidence=0.4 if decision else None,
            rails=(by if decision else rail,),
            output=FALLBACK,
            raw_output=raw,
            output_digest=sha256(FALLBACK.encode()),
        )
        seen = structs.replace(seen, **(changes or {}))
        spool = self._spool()
        await spool.close(seen, Witness(input=asked, output=FALLBACK, raw_output=raw))
        await spool.aclose()
        return seen

    def items(self) -> list[HeldAnswer]:
        """The queue."""
        return queue(self.loop, self.journal)

    def decides(self, seen: Observation, how: str, who: str = "rosa", **said: str) -> HeldAnswer:
        """A person decides."""
        said = {"reason": "looked at it", **said}
        word = Word(decision=how, **said)  # type: ignore[arg-type]
        return decide(seen.id, self.loop, self.journal, word=word, by=self.acting(who))
