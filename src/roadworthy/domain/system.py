"""A system as loaded from its folder: every file, checked, with the faults that are warnings."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from .candidate import Candidate, Prompt, Rails
from .case import Suite
from .charter import Charter
from .deployment import Deployment
from .fault import Fault
from .paperwork import Deliberation, Pipeline, Playbook, Waiver
from .quarantine import Quarantined
from .rollout import Rollout
from .slo import SloFile


class System(Struct, frozen=True, kw_only=True):
    """Everything in one system's folder. Values only; nothing here reads a file again."""

    root: str
    """Absolute path of the folder."""
    charter: Charter
    candidate: Candidate
    candidate_file: str = "candidate.yaml"
    """Relative path of the file that says it."""
    prompt: Prompt | None
    rails: Rails
    slos: SloFile
    suites: tuple[Suite, ...]
    """Those that judge."""
    calibration: tuple[Suite, ...] = ()
    """Those that confidences are fitted on (`purpose: calibration`), and that never judge."""
    rollout: Rollout | None = None
    pipeline: Pipeline | None = None
    waivers: tuple[Waiver, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    playbooks: tuple[Playbook, ...] = ()
    deliberation: Deliberation | None = None
    deployment: Deployment = Deployment()
    files: dict[str, str] = {}
    """Every file that changes behaviour, relative path -> digest of its bytes."""
    assets: dict[str, Any] = {}
    """Parsed side files by relative path (rule models, schemas, detector weights)."""
    warnings: tuple[Fault, ...] = ()

    def suite(self, name: str) -> Suite | None:
        """The suite of that name, or None."""
        return next((suite for suite in self.suites if suite.name == name), None)
