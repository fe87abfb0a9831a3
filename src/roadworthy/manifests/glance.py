"""The two things that may be known of a folder without reading its behaviour.

Enters: a folder. Leaves: its deployment, its system's name. Never here: what a release rules.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Charter, Deployment, ManifestError

from .deployment_checks import check_deployment
from .folder import Folder
from .reading import CHARTER, DEPLOYMENT, Reading


def load_deployment(root: Path) -> Deployment:
    """roadworthy.toml of a folder; the defaults when there is none. Raises ManifestError."""
    reading = Reading(root.resolve(), "candidate.yaml")
    if not reading.folder.has(DEPLOYMENT):
        return Deployment()
    reading.deployment = reading.folder.toml(DEPLOYMENT, Deployment) or Deployment()
    check_deployment(reading)
    errors = [fault for fault in reading.folder.faults() if fault.severity == "error"]
    if errors:
        raise ManifestError(errors)
    return reading.deployment


def read_system_name(root: Path) -> str:
    """`system` of charter.yaml; empty when there is none or it does not load."""
    folder = Folder(root.resolve())
    charter = folder.yaml(CHARTER, Charter) if folder.has(CHARTER) else None
    return charter.system if charter is not None else ""
