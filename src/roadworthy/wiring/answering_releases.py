"""What a release that answers here holds, read by the control process."""

from __future__ import annotations

import logging

from roadworthy.domain import ReleaseContent, RoadworthyError, VerificationError
from roadworthy.flows.routing import read_table
from roadworthy.manifests import Workspace
from roadworthy.release import read_bundle

logger = logging.getLogger("roadworthy.control")


def content_of(workspace: Workspace, system: str, release: str) -> ReleaseContent | None:
    """The content of a release that was activated here; None, with a warning, when it is gone."""
    route = read_table(workspace.routing).routes.get(system)
    path = workspace.releases / release.removeprefix("sha256:")
    if route is not None and route.live == release:
        path = workspace.root / route.path
    try:
        digest, content = read_bundle(path)
        if digest != release:
            raise VerificationError(f"{path} is {digest}, not {release}")
    except (RoadworthyError, OSError) as error:
        logger.warning("release %s cannot be read: %s", release, error)
        return None
    return content
