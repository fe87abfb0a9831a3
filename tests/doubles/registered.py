"""A desk whose models stand in a registry: the file of its rules, a hosted model, people."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from doubles.dated_desk import DatedDesk
from roadworthy.domain import ModelVersion, System
from roadworthy.flows.releasing.approved_models import models_seen, standings_of
from roadworthy.flows.releasing.registry import (
    Approve,
    approve_model,
    deprecate_model,
    find_version,
    register_model,
    registry_of,
)
from roadworthy.flows.releasing.releasing import activate_release
from roadworthy.manifests import load_model_file, load_system
from roadworthy.release import pin

RULES_FILE = """\
id: {id}
title: Words of letters
identity: {{provider: rule, name: words, digest: "{digest}"}}
maker: Ada
licence: Apache-2.0
intended_use: Sort letters by their words.
"""

HOSTED = """\
id: big
title: A big one
identity: {provider: openai_compatible, name: big-1, version: "2026-05-01", host: api.example.eu, region: EU}
maker: Example SE
licence: proprietary
intended_use: Texts of any kind.
"""  # noqa: E501

TERMS = """\
terms:
  with_whom: Example SE
  document: Business terms of 2026-01-01
  read_on: "2026-11-01"
  until: "2026-12-31"
  personal_data: allowed
  processing_agreement: true
  trains_on_inputs: false
"""

ASKS_HOSTED = """\
task: decision
model: {provider: openai_compatible, name: big-1, version: "2026-05-01", upstream: big}
prompt: prompts/sort.md
decision: {labels: [motor, home]}
"""

UPSTREAM = """\
[upstreams.big]
url = "https://api.example.eu/v1"
region = "EU"
"""


class RegisteredDesk(DatedDesk):
    """Files, people, a clock, and a registry of models."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        (root / "models").mkdir()

    def charter(self, more: str) -> None:
        """Add lines to the charter."""
        path = self.root / "charter.yaml"
        path.write_text(path.read_text("utf-8") + more, "utf-8")

    def describe(self, text: str = "", *, name: str = "words", more: str = "") -> Path:
        """Write a model's file; without a text that of the rules as they are."""
        digest = "sha256:" + hashlib.sha256((self.root / "rules.yaml").read_bytes()).hexdigest()
        path = self.root / "models" / f"{name}.yaml"
        path.write_text((text or RULES_FILE.format(id=name, digest=digest)) + more, "utf-8")
        return path

    def register(self, path: Path, by: str = "ana") -> ModelVersion:
        """`roadworthy model register`."""
        return register_model(load_model_file(path), self.loop(), self.acting(by))[0]

    def approve(self, name: str, by: str = "rosa", **terms: Any) -> int:
        """`roadworthy model approve`; its entry."""
        version = find_version(registry_of(self.loop()), name)
        said = Approve(**{"reason": "It was looked at.", **terms})
        return approve_model(version, said, self.loop(), self.acting(by)).seq

    def deprecate(self, name: str, by: str = "ben", successor: str = "") -> None:
        """`roadworthy model deprecate`."""
        version = find_version(registry_of(self.loop()), name)
        deprecate_model(
            version, self.loop(), self.acting(by), reason="It is old.", successor=successor
        )

    def sign(self, out: Path, by: str = "ravi") -> None:
        """`roadworthy release sign`, which makes it a release."""
        super().approve(out, by)

    def activate(self, out: Path) -> None:
        """`roadworthy release activate`."""
        activate_release(out, self.loop(), root=self.root, signer=self.office.key("otto"))

    def hosted(self) -> None:
        """The candidate asks the hosted model."""
        self.write("candidate.yaml", ASKS_HOSTED)
        self.write("roadworthy.toml", UPSTREAM)
        (self.root / "prompts").mkdir(exist_ok=True)
        self.write(
            "prompts/sort.md", "---\nid: sort\nvariables: {input: {}}\n---\n# user\n{{ input }}\n"
        )

    @property
    def system(self) -> System:
        """The folder as it is."""
        return load_system(self.root)

    def why(self) -> tuple[str, str]:
        """State and reason of the candidate's first model."""
        (first, *_) = standings_of(self.system, pin(self.system), self.loop())
        return first.state, first.reason

    def blocked(self) -> list[str]:
        """What keeps the gate closed because of models."""
        system = self.system
        return [each.reason for each in models_seen(system, pin(system), self.loop()).blockers]
