"""A small decision system on the rule provider, and the release line around it, in one process.

Everything is real but the model, which is a rule file: bars, runs, gates, incidents.
"""

from __future__ import annotations

import json
from pathlib import Path

from doubles.said import SAID
from roadworthy.detectors import make_detector
from roadworthy.domain import Draft, GateDecision, NeverEvent, Observation, Outcome, System
from roadworthy.flows.brakes.road import Violation
from roadworthy.flows.release_loop import gate
from roadworthy.flows.runs.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.release import pin
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import open_loop
from roadworthy.wiring.service import build_service

CHARTER = """\
system: desk
title: Desk
owners: {{product: Ada}}
human_goal: Every letter reaches the desk that can help.
never:
- id: hurt-alone
  statement: A letter about an injury is never sorted without a person.
  action: hold
  rule: {{pattern: {{on: input, patterns: [{patterns}]}}}}
use: {{intended_purpose: Sort letters.}}
endpoints: [{{id: sort, fallback: A person will read it.}}]
"""

CANDIDATE = """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home]}
"""

RULES = """\
labels:
  motor: {words: {car: 3, tyre: 3}}
  home: {words: {roof: 3, kitchen: 3}}
"""

SLOS = """\
slos:
- {name: accuracy, target: ">= 0.8"}
- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}
"""

NOTE = """\
---
candidate: "{digest}"
date: "2026-11-21"
participants: [{{name: Ada, voice: product}}]
decision: ship
---
"""


def cases(count: int = 80) -> list[dict[str, object]]:
    """Cases that the rules get right, half of each label."""
    words = {"motor": "my car has a flat tyre", "home": "the roof leaks into the kitchen"}
    labels = ["motor", "home"] * (count // 2)
    return [
        {"id": f"c{i}", "input": f"{words[label]}, number {i}", "expect": {"label": label},
         "tags": ["golden"], "facets": {"language": "en"}}
        for i, label in enumerate(labels)
    ]  # fmt: skip


class Desk:
    """A system folder and its loop."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "suites").mkdir(parents=True)
        self.write("candidate.yaml", CANDIDATE)
        self.write("rules.yaml", RULES)
        self.write("safety-slos.yaml", SLOS)
        self.write("suites/main.yaml", "name: main\ncases: [main.jsonl]\n")
        self.patterns('"injured"')
        self.cases(cases())

    def write(self, name: str, text: str) -> None:
        """Write one file of the system."""
        (self.root / name).write_text(text, encoding="utf-8")

    def patterns(self, patterns: str) -> None:
        """Set what the never event's rule looks for."""
        self.write("charter.yaml", CHARTER.format(patterns=patterns))

    def cases(self, items: list[dict[str, object]]) -> None:
        """Set the suite's cases."""
        self.write("suites/main.jsonl", "".join(json.dumps(item) + "\n" for item in items))

    def loop(self) -> Loop:
        """The workspace, opened anew as every command does."""
        return open_loop(self.root)

    def digest(self) -> str:
        """The candidate's digest as the files stand."""
        return pin(load_system(self.root)).candidate_digest

    def deliberate(self) -> None:
        """People agree to ship the candidate as it stands."""
        self.write("deliberation-note.md", NOTE.format(digest=self.digest()) + SAID)

    async def evaluate(
        self, asked: Asked | None = None, *, candidate: str = "candidate.yaml"
    ) -> Evaluated:
        """`roadworthy eval`."""
        system = load_system(self.root, candidate=candidate)
        return await evaluate(system, asked or Asked(), self.deps(system))

    def deps(self, system: System | None = None) -> EvaluatingDeps:
        """What an evaluation needs beside the system."""
        system = system or load_system(self.root)
        loop = self.loop()
        return EvaluatingDeps(
            loop=loop,
            new_id=new_id,
            service=lambda content, wrap: build_service(
                content, content.candidate_digest, deployment=system.deployment,
                clock=loop.clock, root=system.root, wrap=wrap,
            ),
            detector_factory=lambda name, options: make_detector(name, options, system.assets),
        )  # fmt: skip

    def gate(self) -> GateDecision:
        """`roadworthy gate`."""
        return gate(load_system(self.root), self.loop())

    async def inspect(self) -> GateDecision:
        """Deliberate, evaluate, gate."""
        self.deliberate()
        await self.evaluate()
        return self.gate()

    def built(self, by: str = "") -> None:
        """Enter who built the release that answered: the machine, or a person's key."""
        loop = self.loop()
        author = f"person:{by}" if by else loop.machine
        loop.ledger.record(
            Draft(system="desk", kind="release.built", subject="sha256:live", actor=author,
                  payload={})
        )  # fmt: skip

    def event(self) -> NeverEvent:
        """The charter's never event."""
        return load_system(self.root).charter.never[0]

    def violation(
        self,
        observation_id: str = "0190-obs-000000000001",
        *,
        at: str = "2026-11-21T20:00:00.000000Z",
        input_digest: str = "",
    ) -> Violation:
        """An answer that left and must not have, reported by a person."""
        seen = Observation(
            id=observation_id, time=at, system="desk", release="sha256:live", stage="live",
            tenant="acme", facets={"language": "en"}, output_digest="sha256:x",
            input_digest=input_digest,
        )  # fmt: skip
        said = Outcome(
            observation=observation_id, time=at, reporter="person:aa", never_event="hurt-alone"
        )
        return Violation(outcome=said, observation=seen, event=self.event())
