"""What a release's rows are held against: its reference, as measurements of drift need it."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Observation, ReleaseContent, RoadworthyError
from roadworthy.manifests import Workspace
from roadworthy.monitoring import Against, against
from roadworthy.release import reference_digest, reference_of

from ..entries.answering_content import answering_content
from ..workspace.routing import read_table


def against_reference(content: ReleaseContent) -> Against | None:
    """The candidate's reference; None where it names none. Raises ManifestError if it is broken."""
    return against(reference_of(content), reference_digest(content))


def answers_against(
    workspace: Workspace, rows: Sequence[Observation]
) -> tuple[Against | None, str]:
    """What live answers are held against, or why against nothing.

    The reference of the release that gave them; of several that of the one that is live.
    """
    systems, releases = {row.system for row in rows}, {row.release for row in rows}
    if len(systems) != 1:
        return None, "these answers are of several systems: choose one, --system NAME"
    (system,) = systems
    route = read_table(workspace.routing).routes.get(system)
    if len(releases) > 1 and route is None:
        return None, f"no release of {system} is live: choose one, --release DIGEST"
    release = route.live if route is not None and len(releases) > 1 else next(iter(releases))
    try:
        found = against_reference(answering_content(workspace, system, release))
    except (RoadworthyError, OSError) as error:
        return None, f"the release {release[:19]} cannot be read: {error}"
    if found is None:
        return None, f"the release {release[:19]} has no reference: `roadworthy ood fit`"
    return found, ""
