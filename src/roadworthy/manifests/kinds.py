"""Every kind of file of the contract: its name, where it lies, the struct that it becomes."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import (
    Calibration,
    Campaign,
    Candidate,
    Case,
    Catalogue,
    Charter,
    DeliberationHeader,
    Deployment,
    FactsFile,
    ModelFile,
    Pipeline,
    PlaybookHeader,
    PromptHeader,
    QuarantineFile,
    Rails,
    Reference,
    Rollout,
    SloFile,
    SuiteFile,
    Trust,
    Waiver,
)

from .reading import FewShot


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of file."""

    name: str
    file: str
    """Where it lies, as a person reads it."""
    form: str
    """yaml | markdown (its front matter) | jsonl (one line of it) | toml"""
    struct: type[Struct]
    summary: str


_ROWS: tuple[tuple[str, str, str, type[Struct], str], ...] = (
    ("charter", "charter.yaml", "yaml", Charter, "whom it serves, what it must never do"),
    ("candidate", "candidate.yaml", "yaml", Candidate, "what would run"),
    ("prompt", "prompts/NAME.md", "markdown", PromptHeader, "the front matter of a prompt"),
    ("example", "prompts/NAME.jsonl", "jsonl", FewShot, "one few-shot example"),
    ("safety-slos", "safety-slos.yaml", "yaml", SloFile, "the numbers that it must hold"),
    ("calibration", "calibration.json", "json", Calibration, "what confidences are worth"),
    ("reference", "reference.json", "json", Reference, "what in-scope inputs look like"),
    ("rails", "rails.yaml", "yaml", Rails, "checks on inputs and outputs"),
    ("suite", "suites/NAME.yaml", "yaml", SuiteFile, "which cases, how they are scored"),
    ("case", "suites/**/NAME.jsonl", "jsonl", Case, "one case"),
    ("campaign", "campaigns/NAME.yaml", "yaml", Campaign, "the report of a red-team campaign"),
    ("facts", "facts.yaml", "yaml", FactsFile, "what decides which duties a system has"),
    ("catalogue", "catalogues/NAME.yaml", "yaml", Catalogue, "duties: law, standard or policy"),
    ("model", "models/NAME.yaml", "yaml", ModelFile, "what is known of a model, and its terms"),
    ("rollout", "rollout.yaml", "yaml", Rollout, "how a release reaches people"),
    ("pipeline", "pipeline.yaml", "yaml", Pipeline, "what is built from what"),
    ("waiver", "waivers/ID.yaml", "yaml", Waiver, "a named failure accepted until a date"),
    ("quarantine", "quarantine.yaml", "yaml", QuarantineFile, "flaky cases set aside until a date"),
    ("playbook", "playbooks/NAME.md", "markdown", PlaybookHeader, "the front matter of a playbook"),
    ("deliberation-note", "deliberation-note.md", "markdown", DeliberationHeader,
     "the front matter of the note"),
    ("roadworthy", "roadworthy.toml", "toml", Deployment, "the deployment, part of no digest"),
    ("trust", ".roadworthy/trust.yaml", "yaml", Trust, "whose keys are trusted"),
)  # fmt: skip

KINDS: dict[str, Kind] = {
    name: Kind(name=name, file=file, form=form, struct=struct, summary=summary)
    for name, file, form, struct, summary in _ROWS
}
"""Name -> kind, along the loop."""

SCHEMA_NAMES = tuple(KINDS)
"""What `schema_of` knows."""
