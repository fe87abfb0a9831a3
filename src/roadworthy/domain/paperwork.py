"""The smaller files of a system: waivers, deliberation note, playbooks, pipeline."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from .degrade import DegradeStep
from .file import File
from .objective import read_name
from .slo import SafetySLO


class Waiver(File, frozen=True, kw_only=True):
    """waivers/ID.yaml: a named person accepts a named failure until a date."""

    roadworthy: int = 1
    id: str
    slo: str = ""
    """The SLO whose failure is accepted."""
    slice: str = ""
    """The slice of it (`tenant=acme`), where the SLO is judged slice by slice."""
    cases: list[str] = field(default_factory=list)
    """Case ids whose removal from a suite is accepted."""
    findings: list[str] = field(default_factory=list)
    """Ids of findings that are accepted (`roadworthy finding list`)."""
    reason: str
    author: str
    """Who asks for it and sees to the mending: the name of a person's key."""
    approved_by: str
    """A person distinct from the author, whose key signs it: `roadworthy waiver sign`."""
    until: str
    """Date `YYYY-MM-DD`, the last day on which it holds."""


def unwaivable(slo: SafetySLO) -> str:
    """Why a failure of this objective is never accepted; empty where it can be."""
    if read_name(slo).metric.startswith("never_event"):
        return "it counts never events, and nobody can allow what must never happen"
    if "incident:" in slo.where:
        return "it is about the cases of incidents, and what happened once is not waived"
    return ""


class FollowUp(File, frozen=True, kw_only=True):
    """An action that a deliberation decided."""

    what: str
    owner: str
    due: str = ""
    closed_by: str = ""


class Participant(File, frozen=True, kw_only=True):
    """Who was heard, and with which voice."""

    name: str
    voice: str


class NeverChange(File, frozen=True, kw_only=True):
    """A never event that was violated and is not looked for as it was: who answers for that."""

    event: str
    """Its id, as the gate names it."""
    by: str
    """One of the participants."""
    why: str


class DeliberationHeader(File, frozen=True, kw_only=True):
    """Front matter of deliberation-note.md."""

    roadworthy: int = 1
    candidate: str
    """The candidate's digest (`sha256:…`), or an unambiguous prefix of at least 12 digits."""
    date: str
    participants: list[Participant]
    decision: Literal["ship", "ship_limited", "hold", "stop"]
    limits: list[str] = field(default_factory=list)
    dissent: list[str] = field(default_factory=list)
    actions: list[FollowUp] = field(default_factory=list)
    never_changes: list[NeverChange] = field(default_factory=list)
    """Without its line here the gate stays INCONCLUSIVE; `roadworthy deliberate` says which."""


class Deliberation(Struct, frozen=True, kw_only=True):
    """deliberation-note.md as loaded."""

    path: str
    header: DeliberationHeader
    body: str
    digest: str = ""
    """Of the file's bytes, as `sha256sum` would say it."""
    body_line: int = 1
    """The line of the file on which `body` starts."""


class PlaybookHeader(File, frozen=True, kw_only=True):
    """Front matter of playbooks/NAME.md."""

    roadworthy: int = 1
    trigger: str
    automatic_step: str = ""
    degrade_steps: list[str | DegradeStep] = field(default_factory=list)
    """What an objective with `action_on_breach: degrade_steps` does, or a person by hand."""
    owner: str = ""
    last_drilled: str = ""


class Playbook(Struct, frozen=True, kw_only=True):
    """A playbook as loaded."""

    path: str
    name: str
    header: PlaybookHeader
    body: str


class PipelineStep(File, frozen=True, kw_only=True):
    """One node: what is built, from what, how."""

    name: str
    needs: list[str] = field(default_factory=list)
    run: str = ""
    options: dict[str, Any] = field(default_factory=dict)


class Pipeline(File, frozen=True, kw_only=True):
    """pipeline.yaml: what is built from what; a cycle is a fault."""

    roadworthy: int = 1
    steps: list[PipelineStep] = field(default_factory=list)
