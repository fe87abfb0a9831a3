"""From a system's folder, as loaded, to the content of a release, named by one digest.

In: a System (values only). Out: ReleaseContent with its candidate digest. Never: a path of this
machine, a clock, an environment; the same files give the same digest everywhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Prompt, ReleaseContent, System
from roadworthy_verify.covered import candidate_digest as digest_covered

from .frozen import freeze, frozen_digest


def pin(system: System) -> ReleaseContent:
    """The content of the release that would be built from the system now.

    `candidate_digest` covers everything that changes behaviour (`roadworthy_verify.covered` says
    exactly what); objectives and rollout are pinned beside it. Raises UsageError on a value that
    cannot be written down (NaN, infinity).
    """
    content = ReleaseContent(
        system=system.charter.system,
        charter=system.charter,
        candidate=system.candidate,
        prompt=_without_machine(system),
        rails=system.rails,
        assets=_side_files(system),
        candidate_digest="",
        slos=system.slos,
        rollout=system.rollout,
    )
    return _named(content)


def candidate_digest(content: ReleaseContent) -> str:
    """The digest of what changes behaviour in this content, computed anew."""
    assets = {path: frozen_digest(asset) for path, asset in content.assets.items()}
    return digest_covered(freeze(_without_assets(content)), assets)


def _named(content: ReleaseContent) -> ReleaseContent:
    return msgspec.structs.replace(content, candidate_digest=candidate_digest(content))


def _without_assets(content: ReleaseContent) -> ReleaseContent:
    """The content with its side files left out: they enter by digest and can be large."""
    return msgspec.structs.replace(content, assets={})


def _without_machine(system: System) -> Prompt | None:
    """The prompt, its path as the candidate names it."""
    if system.prompt is None:
        return None
    return msgspec.structs.replace(system.prompt, path=system.candidate.prompt)


def _side_files(system: System) -> dict[str, Any]:
    """The parsed side files, and for weights that are no text a note of their digest."""
    assets = dict(system.assets)
    model = system.candidate.model
    for path in (model.file, model.adapter, system.candidate.knowledge):
        if path and path not in assets and path in system.files:
            assets[path] = {"digest": system.files[path]}
    return assets
