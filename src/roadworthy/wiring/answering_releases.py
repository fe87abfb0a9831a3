"""What a release that answers here holds, read by the control process."""

from __future__ import annotations

import logging

from roadworthy.domain import ReleaseContent, RoadworthyError
from roadworthy.flows.entries.answering_content import answering_content
from roadworthy.manifests import Workspace

logger = logging.getLogger("roadworthy.control")


def content_of(workspace: Workspace, system: str, release: str) -> ReleaseContent | None:
    """The content of a release that was activated here; None, with a warning, when it is gone."""
    try:
        return answering_content(workspace, system, release)
    except (RoadworthyError, OSError) as error:
        logger.warning("release %s cannot be read: %s", release, error)
        return None
