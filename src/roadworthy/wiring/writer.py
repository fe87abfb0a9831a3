"""Opens a model that writes proposals: a candidate file of the system, pinned, and its provider."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Provider
from roadworthy.flows.runs.writer import Writer
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.providers import make_provider
from roadworthy.release import pin


def open_writer(root: Path, candidate: str, loop: Loop, *, seed: int) -> Writer:
    """The writer that a candidate file names.

    Raises ManifestError on faults of the files, UsageError when its model is not pinned, cannot
    write or cannot be made.
    """
    system = load_system(root, candidate=candidate)
    content = pin(system)

    def provider() -> Provider:
        return make_provider(
            content.candidate.model,
            deployment=system.deployment,
            root=system.root,
            assets=content.assets,
            clock=loop.clock,
        )

    return Writer(content, loop, provider=provider, seed=seed)
