"""Catalogues and answers of a folder, as files: read, and held against each other.

Enters: a folder. Leaves: catalogues with their digests, answers, faults with file and line. What
never happens here: a look at the ledger; `check` reads all of this and imports none of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.compliance import EU_AI_ACT, conflict, contradictions, shipped
from roadworthy.domain import (
    Catalogue,
    Charter,
    FactSheet,
    Fault,
    ManifestError,
    UsageError,
    sha256,
)
from roadworthy.manifests import (
    CHARTER,
    checked_facts,
    line_of_fact,
    load_catalogue,
    load_facts,
)

CATALOGUES = "catalogues"
"""The folder of a system in which its own catalogues lie, such as a company's policy."""
FACTS = "facts.yaml"


class LoadedCatalogue(Struct, frozen=True, kw_only=True):
    """A catalogue with the digest of its file."""

    catalogue: Catalogue
    digest: str


def load_catalogues(root: Path) -> list[LoadedCatalogue]:
    """Those that come along, the AI Act first, then the folder's own. Raises ManifestError."""
    loaded = shipped_catalogues()
    for path in own_catalogues(root):
        loaded.append(load_own(path, loaded, root))
    return loaded


def own_catalogues(root: Path) -> list[Path]:
    """Files of the folder's own catalogues, in their order."""
    own = root / CATALOGUES
    return sorted(own.glob("*.yaml")) if own.is_dir() else []


def load_own(path: Path, before: Sequence[LoadedCatalogue], root: Path) -> LoadedCatalogue:
    """One of the folder's own, after those. Raises ManifestError, UsageError for a name twice."""
    one = _loaded(path, before, root)
    name = one.catalogue.catalogue
    if any(each.catalogue.catalogue == name for each in before):
        raise UsageError(f"two catalogues are called {name}", fix=f"rename the one in {path}")
    return one


def shipped_catalogues() -> list[LoadedCatalogue]:
    """Those that come along, the AI Act first."""
    return list(_shipped())


@cache
def _shipped() -> tuple[LoadedCatalogue, ...]:
    """Those that come along: they do not change while a process runs."""
    loaded: list[LoadedCatalogue] = []
    for path in shipped():
        loaded.append(_loaded(path, loaded))
    return tuple(loaded)


def _loaded(
    path: Path, before: Sequence[LoadedCatalogue], root: Path | None = None
) -> LoadedCatalogue:
    bases = [one.catalogue for one in before]
    catalogue = load_catalogue(path, bases, root=root)
    return LoadedCatalogue(catalogue=catalogue, digest=sha256(path.read_bytes()))


def chosen(loaded: Sequence[LoadedCatalogue], name: str) -> list[LoadedCatalogue]:
    """The catalogue of that name, after those that it extends. Raises UsageError."""
    by_name = {one.catalogue.catalogue: one for one in loaded}
    if name not in by_name:
        raise UsageError(f"there is no catalogue {name!r}", fix=f"one of {', '.join(by_name)}")
    bases = [by_name[base] for base in by_name[name].catalogue.extends if base in by_name]
    return [*bases, by_name[name]]


def catalogues_of(root: Path, name: str) -> list[Catalogue]:
    """The same without their digests."""
    return [one.catalogue for one in chosen(load_catalogues(root), name)]


def ai_act() -> list[Catalogue]:
    """The AI Act's catalogue as it comes along."""
    return [one.catalogue for one in chosen(_shipped(), EU_AI_ACT)]


def read_answers_of(
    root: Path, charter: Charter, catalogues: Sequence[Catalogue], given: Path | None
) -> tuple[FactSheet, str]:
    """The answers and where they came from: a given file, or the charter with facts.yaml.

    A given file stands alone, so that a system can be looked at as another; roles that it does
    not name are the charter's. Raises ManifestError with every fault.
    """
    if given is not None:
        sheet = load_facts(given, catalogues)
        if not sheet.facts and not sheet.roles:
            fix = "write `fact: true` lines; roadworthy classify --ask asks for them"
            fault = Fault(file=given.name, line=1, message="it answers nothing", fix=fix)
            raise ManifestError([fault])
        if sheet.roles:
            return sheet, given.name
        roles_too = f"{given.name}, roles of {CHARTER}"
        return FactSheet(facts=sheet.facts, roles=tuple(charter.roles)), roles_too
    said = checked_facts(charter.facts, catalogues, file="charter.yaml")
    if not (root / FACTS).is_file():
        return FactSheet(facts=said.facts, roles=tuple(charter.roles)), "charter.yaml"
    more = load_facts(root / FACTS, catalogues)
    twice = [name for name, answer in more.facts.items() if said.facts.get(name, answer) != answer]
    if twice:
        raise ManifestError([_said_twice(root, name) for name in sorted(twice)])
    roles = tuple(dict.fromkeys((*charter.roles, *more.roles)))
    return FactSheet(facts={**said.facts, **more.facts}, roles=roles), f"charter.yaml, {FACTS}"


def _said_twice(root: Path, name: str) -> Fault:
    there = line_of_fact(root / CHARTER, name)
    return Fault(
        file=FACTS,
        line=line_of_fact(root / FACTS, name),
        message=f"{FACTS} and {CHARTER} (line {there}) answer otherwise: {name}",
        fix="keep one answer",
    )


def places_of(root: Path, charter: Charter, given: Path | None) -> Callable[[str], Path]:
    """Which file answers a fact."""
    return lambda name: given or root / (CHARTER if name in charter.facts else FACTS)


def require_known(
    sheet: FactSheet, catalogues: Sequence[Catalogue], place: Callable[[str], Path]
) -> None:
    """Raises ManifestError naming each answer to a question that no catalogue of the folder has.

    What the charter says beside is left as it is, unless it looks like a question misspelt: a
    charter says more than the law asks for, and cannot be changed without a release.
    """
    known = sorted({fact.id for one in catalogues for fact in one.facts})
    faults = []
    for name in (each for each in sheet.facts if each not in known):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if not near and place(name).name == CHARTER:
            continue
        meant = f"did you mean `{near[0]}`?" if near else "`classify --ask` asks what counts;"
        fault = Fault(
            file=place(name).name,
            line=line_of_fact(place(name), name),
            message=f"`{name}` is no question of any catalogue: the answer counts for nothing",
            fix=f"{meant} a question of your own goes into {CATALOGUES}/NAME.yaml",
        )
        faults.append(fault)
    if faults:
        raise ManifestError(faults)


def require_agreement(
    sheet: FactSheet,
    catalogues: Sequence[Catalogue],
    place: Callable[[str], Path],
    *,
    on: str,
) -> None:
    """Raises ManifestError naming each answer that the other answers rule out, and those."""
    faults = []
    for name, answer, must in contradictions(catalogues, sheet.facts, sheet.roles, on=on):
        path = place(name)
        others = conflict(catalogues, sheet.facts, sheet.roles, name, on=on)
        told = ", ".join(
            f"`{one}: {_said(sheet.facts[one])}` ({place(one).name}, line"
            f" {line_of_fact(place(one), one)})"
            for one in others
        )
        follows = f"{told}: by" if told else "the roles: by"
        fault = Fault(
            file=path.name,
            line=line_of_fact(path, name),
            message=f"`{name}: {_said(answer)}` contradicts {follows} the other answers it is"
            f" {' or '.join(_said(value) for value in must)}",
            fix=f"correct one of them, or leave `{name}` out: it is worked out",
        )
        faults.append(fault)
    if faults:
        raise ManifestError(faults)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
