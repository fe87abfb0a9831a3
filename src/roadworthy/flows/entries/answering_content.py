"""What a release that was activated here holds."""

from __future__ import annotations

from roadworthy.domain import ReleaseContent, VerificationError
from roadworthy.manifests import Workspace
from roadworthy.release import read_bundle

from ..workspace.routing import read_table


def answering_content(workspace: Workspace, system: str, release: str) -> ReleaseContent:
    """The content of its bundle. Raises as `read_bundle`, VerificationError where it is another."""
    route = read_table(workspace.routing).routes.get(system)
    path = workspace.releases / release.removeprefix("sha256:")
    if route is not None and route.live == release:
        path = workspace.root / route.path
    digest, content = read_bundle(path)
    if digest != release:
        raise VerificationError(f"{path} is {digest}, not {release}")
    return content
