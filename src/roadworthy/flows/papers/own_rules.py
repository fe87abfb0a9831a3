"""The folder's own catalogues, such as a company's policy, as a dossier shows them beside the law.

Enters: a system, its ledger. Leaves: each file as it lies there, and how each of its duties stands.
Never: a duty without the catalogue that it is from.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from roadworthy.domain import DutyStatus, Obligation, System

from ..law.answers import load_catalogues, own_catalogues
from ..workspace.loop import Loop
from .coverage import cover


class OwnRules(Struct, frozen=True, kw_only=True):
    """One of the folder's catalogues, and how the system stands to it."""

    name: str
    title: str
    version: str
    data: bytes
    """The file."""
    obligations: tuple[Obligation, ...]
    duties: tuple[DutyStatus, ...]

    @property
    def known(self) -> dict[str, Obligation]:
        """Its duties by id."""
        return {one.id: one for one in self.obligations}

    @property
    def applying(self) -> tuple[DutyStatus, ...]:
        """How those stand that apply, or may."""
        return tuple(one for one in self.duties if one.status != "not_applicable")


def own_rules(system: System, loop: Loop, *, on: str) -> tuple[OwnRules, ...]:
    """Each of them, in the order of their files. Raises ManifestError for a broken one."""
    root = Path(system.root)
    paths = own_catalogues(root)
    loaded = load_catalogues(root)
    found = []
    for path, one in zip(paths, loaded[len(loaded) - len(paths) :], strict=True):
        name = one.catalogue.catalogue
        coverage = cover(root, system.charter, loop, on=on, catalogue=name)
        found.append(OwnRules(
            name=name, title=one.catalogue.title, version=one.catalogue.version,
            data=path.read_bytes(), obligations=coverage.obligations, duties=coverage.duties,
        ))  # fmt: skip
    return tuple(found)
