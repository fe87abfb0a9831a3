"""The rails of a release, with what they ask outside: of the request line, and of who lets out."""

from __future__ import annotations

from roadworthy.domain import (
    Clock,
    Deployment,
    Inspector,
    Rail,
    ReferenceCheck,
    ReleaseContent,
    deep_options,
)
from roadworthy.flows.late.reference_detector import reference_inspector
from roadworthy.providers import make_inspector
from roadworthy.serving import RailLine

from .leaving import behind_border


def release_rails(
    content: ReleaseContent, *, deployment: Deployment, clock: Clock, root: str
) -> RailLine:
    """Compile them; `root` is the system's folder.

    Raises ManifestError when one cannot be compiled, UsageError when what it asks is not there.
    """

    def ask(rail: Rail) -> Inspector:
        if isinstance(options := deep_options(rail.detector, rail.options), ReferenceCheck):
            return reference_inspector(content, options.kind)
        inspector = make_inspector(
            rail, deployment=deployment, root=root, assets=content.assets, clock=clock
        )
        return behind_border(inspector, rail, content, deployment, clock=clock, root=root)

    return RailLine.compile(
        rails=content.rails,
        charter=content.charter,
        assets=content.assets,
        ask=ask,
        prompt=content.prompt,
    )
