"""Where things are: a system's folder, its deployment, its workspace, its system's name.

A DIR that a command is given may be a system's folder or a workspace itself. What never happens
here: a look at behaviour; of charter.yaml only the system's name is read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import Deployment, RoutingTable, UsageError
from roadworthy.manifests import (
    WORKSPACE_VARIABLE,
    Workspace,
    load_deployment,
    open_workspace,
    read_system_name,
)


class Place(Struct, frozen=True, kw_only=True):
    """One DIR of a command, understood."""

    root: Path
    workspace: Workspace
    deployment: Deployment
    system: str
    """The name in charter.yaml; empty for a bare workspace or a charter that does not load."""


def place(root: Path, *, standing: bool = False, create: bool = True) -> Place:
    """What lies at `root`. Raises UsageError when there is no folder, ManifestError on its toml.

    `standing`: a folder with neither a system nor a workspace is an error too. A stop typed in
    the wrong folder must not look like one, and "no incident" must not be said of nothing.
    Not `create`: a workspace that is missing is not begun.
    """
    if not root.is_dir():
        raise UsageError(f"there is no folder {root}", fix="give a system's folder or a workspace")
    root = root.resolve()
    if standing and not _stands(root):
        raise UsageError(
            f"there is neither a system nor a workspace in {root}",
            fix=f"go to the system's folder, name it, or set {WORKSPACE_VARIABLE}",
        )
    if is_workspace(root):
        return Place(root=root, workspace=Workspace(root), deployment=Deployment(), system="")
    deployment = load_deployment(root)
    workspace = open_workspace(root, configured=deployment.workspace, create=create)
    return Place(
        root=root, workspace=workspace, deployment=deployment, system=read_system_name(root)
    )


def workspace_of(root: Path, *, standing: bool = False, create: bool = True) -> Workspace:
    """The workspace of a folder; `standing` and `create` as in `place`."""
    return place(root, standing=standing, create=create).workspace


def is_workspace(root: Path) -> bool:
    """Whether a folder is a workspace itself: it holds what serving reads, and no charter."""
    if (root / "charter.yaml").exists():
        return False
    home = os.environ.get(WORKSPACE_VARIABLE, "")
    at_home = bool(home) and root == Path(home).resolve()
    return at_home or (root / "serving").is_dir() or (root / "ledger.db").exists()


def _stands(root: Path) -> bool:
    """Whether there is anything here that a command could be about."""
    home = os.environ.get(WORKSPACE_VARIABLE, "")
    if home:
        return Path(home).is_dir() or (root / "charter.yaml").exists()
    marks = ("charter.yaml", "roadworthy.toml", ".roadworthy")
    return is_workspace(root) or any((root / mark).exists() for mark in marks)


def system_of(spot: Place, table: RoutingTable) -> str:
    """The system a command is about: the folder's own, else the only one that is live."""
    if spot.system:
        return spot.system
    return next(iter(table.routes)) if len(table.routes) == 1 else ""


def common_workspace(spots: Sequence[Place]) -> Workspace:
    """The one workspace of several folders. Raises UsageError when they have several."""
    homes = {spot.workspace.root for spot in spots}
    if len(homes) > 1:
        raise UsageError(
            "these folders have different workspaces: "
            + ", ".join(str(home) for home in sorted(homes)),
            fix=f"set {WORKSPACE_VARIABLE} to one workspace for all of them",
        )
    return spots[0].workspace


def roots_of(spots: Sequence[Place]) -> dict[str, str]:
    """System -> folder. One folder alone stands for every system of its workspace."""
    if len(spots) == 1:
        return {"": str(spots[0].root)}
    unnamed = [spot.root for spot in spots if not spot.system]
    if unnamed:
        raise UsageError(
            f"{unnamed[0]} does not say which system it is", fix="mend its charter.yaml"
        )
    return {spot.system: str(spot.root) for spot in spots}
