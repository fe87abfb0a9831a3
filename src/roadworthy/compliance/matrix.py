"""The lifecycle as a matrix: each artifact with its evidence, or with what is missing.

Phases and tasks: CRISP-ML(Q), Studer et al. 2021 (https://doi.org/10.3390/make3020020). Stages and
artifacts: SMACTR, Raji et al. 2020 (https://doi.org/10.1145/3351095.3372873).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from msgspec.structs import replace

from roadworthy.domain import (
    ArtifactSpec,
    CharterPart,
    MatrixCell,
    PhaseSpec,
    Profile,
    Proof,
    Risk,
    System,
)

from .scoping import FACTORS

_STRICT = frozenset(("high", "high_sectoral", "prohibited", "undecided"))
_RISKS = {
    "wrong-answer": (
        "the answer is wrong and looks right", "somebody acts on it",
        "accept threshold, review of what falls under it", (5, 5, 5),
    ),
    "manipulated": (
        "text in the input changes what the system does", "a caller decides instead of the charter",
        "variables are data, rails look at both sides", (6, 4, 4),
    ),
}  # fmt: skip
"""Rows that `init` writes, which are nobody's assessment; held against the template by a test."""
PROFILES: tuple[Profile, ...] = get_args(Profile)


def profile_of(risk_class: str, *, transparency: bool) -> Profile:
    """How strict the lifecycle is held. An undecided class is held as the strictest."""
    if risk_class in _STRICT:
        return "strict"
    return "standard" if transparency else "light"


def matrix(
    phases: Sequence[PhaseSpec],
    system: System,
    proofs: Mapping[str, Proof],
    profile: Profile,
    claims: Mapping[str, Proof] | None = None,
    *,
    live_since: int = 0,
) -> list[MatrixCell]:
    """Every artifact of every phase, in their order. `claims` are not trusted far enough.

    `live_since`: the entry with which it first went live; 0 while it never did.
    """
    return [
        _claimed(_cell(phase, spec, system, proofs, profile, live_since), spec, claims or {})
        for phase in phases
        for spec in phase.artifacts
    ]


def tasks(
    phases: Sequence[PhaseSpec],
    system: System,
    proofs: Mapping[str, Proof],
    profile: Profile,
    claims: Mapping[str, Proof] | None = None,
    *,
    live_since: int = 0,
) -> list[MatrixCell]:
    """Every task of every phase, in their order."""
    return [
        _claimed(_cell(phase, spec, system, proofs, profile, live_since), spec, claims or {})
        for phase in phases
        for spec in phase.tasks
    ]


def exit_lacks(phase: PhaseSpec, cells: Sequence[MatrixCell]) -> list[MatrixCell] | None:
    """What of a phase's exit check is open or stale; None where the profile asks for none of it.

    A check that names nothing, or what is not there, is never held: KeyError.
    """
    known = {cell.id: cell for cell in cells}
    judged = [known[name] for name in phase.exits]
    if judged and all(cell.status == "not_needed" for cell in judged):
        return None
    return [cell for cell in judged if cell.status in ("open", "stale")]


def _claimed(cell: MatrixCell, spec: ArtifactSpec, claims: Mapping[str, Proof]) -> MatrixCell:
    """What was brought for an open cell and is not trusted far enough is told, no more."""
    told = [claims[kind] for kind in spec.by if kind in claims]
    if not told or cell.status not in ("open", "stale"):
        return cell
    said = "; ".join(f"{one.worth} (entry {one.seq}), which is not enough" for one in told)
    return replace(cell, missing=f"{said}; {cell.missing}")


def _cell(
    phase: PhaseSpec,
    spec: ArtifactSpec,
    system: System,
    proofs: Mapping[str, Proof],
    profile: Profile,
    live_since: int,
) -> MatrixCell:
    cell = MatrixCell(
        phase=phase.id, stages=tuple(phase.stages), id=spec.id, title=spec.title, status="open",
        missing=spec.command or spec.person,
    )  # fmt: skip
    found = tuple(proofs[kind] for kind in spec.by if kind in proofs)
    fresh = tuple(proof for proof in found if proof.fresh)
    if spec.on_the_road:
        before = fresh
        found, fresh = (
            tuple(one for one in each if 0 < live_since < one.seq) for each in (found, fresh)
        )
        if spec.on_the_road == "if_changed" and before and not found:
            why = f"entry {before[-1].seq} still holds: nothing changed since"
            return replace(cell, status="not_needed", why=why, evidence=before, missing="")
    if fresh:
        return replace(cell, status="done", evidence=fresh, missing="")
    if found:
        return replace(cell, status="stale", evidence=found)
    if spec.charter:
        file, lack = _in_files(spec, system)
        return replace(cell, status="open" if lack else "done", file=file, missing=lack)
    if spec.none_is_good:
        return replace(cell, status="not_needed", why="there was none so far", missing="")
    if PROFILES.index(spec.since) > PROFILES.index(profile):
        why = f"asked from the {spec.since} profile on; this system is held to {profile}"
        return replace(cell, status="not_needed", why=why, missing="")
    return cell


def _in_files(spec: ArtifactSpec, system: System) -> tuple[str, str]:
    """The file that shows it, and what is missing in it."""
    file, lack = _LOOKS[spec.charter](system)
    return file, lack


def _charter(lack: str) -> tuple[str, str]:
    return "charter.yaml", lack


def _tested(system: System) -> tuple[str, str]:
    if (own := _risks(system))[1]:
        return own
    bare = [risk.id for risk in system.charter.risks if not risk.tested_by]
    if bare:
        return _charter(f"no test: {', '.join(bare)}")
    return _filled(system.charter.risks, "`risks` with `tested_by`")


def _mitigated(system: System) -> tuple[str, str]:
    if (own := _risks(system))[1]:
        return own
    bare = [risk.id for risk in system.charter.risks if not risk.mitigation.strip()]
    if bare:
        return _charter(f"no mitigation: {', '.join(bare)}")
    return _filled(system.charter.risks, "`risks` with `mitigation`")


def _success(system: System) -> tuple[str, str]:
    value = system.charter.value
    named = value.success if value is not None else {}
    lacks = [level for level in ("business", "model", "system") if not named.get(level)]
    return _charter(f"`value.success`: {', '.join(lacks)}" if lacks else "")


def _scored(system: System) -> tuple[str, str]:
    value = system.charter.value
    scored = value.scorecard if value is not None else {}
    lacks = [name for name in FACTORS if name not in scored]
    return _charter(f"`value.scorecard`: {', '.join(lacks)}" if lacks else "")


def _planned(system: System) -> tuple[str, str]:
    steps = system.rollout.steps if system.rollout is not None else []
    return "rollout.yaml", "" if steps else "rollout.yaml with steps"


def _watched(system: System) -> tuple[str, str]:
    watched = any("runtime" in one.at for one in system.slos.slos)
    return "safety-slos.yaml", "" if watched else "an objective with `at: [runtime]`"


def _suites(system: System) -> tuple[str, str]:
    return "suites/", "" if any(one.cases for one in system.suites) else "suites/NAME.yaml"


def _filled(part: Iterable[object], lack: str) -> tuple[str, str]:
    return _charter("" if list(part) else f"{lack} in charter.yaml")


def _is_as_written(risk: Risk) -> bool:
    """Whether it is a row of the template's that nobody touched."""
    told = _RISKS.get(risk.id)
    ranks = (risk.severity, risk.occurrence, risk.detection)
    return told == (risk.failure_mode, risk.effect, risk.mitigation, ranks)


def _risks(system: System) -> tuple[str, str]:
    risks = system.charter.risks
    if risks and all(_is_as_written(risk) for risk in risks):
        return _charter("`risks`: the rows are as `init` wrote them; rate those of this system")
    return _filled(risks, "`risks`: at least one row")


def _stakeholders(system: System) -> tuple[str, str]:
    named, owners = system.charter.stakeholders, set(system.charter.owners.values())
    if named and {one.who for one in named} <= owners:
        return _charter("`stakeholders`: nobody but the owner; name who is affected and consulted")
    return _filled(named, "`stakeholders`")


_LOOKS: dict[CharterPart, Callable[[System], tuple[str, str]]] = {
    "risks": _risks,
    "tested-risks": _tested,
    "mitigations": _mitigated,
    "stakeholders": _stakeholders,
    "success": _success,
    "owners": lambda system: _filled(system.charter.owners, "`owners`"),
    "never": lambda system: _filled(system.charter.never, "`never`: at least one event"),
    "review": lambda system: _filled(
        system.charter.review.required_voices, "`review.required_voices`"
    ),
    "playbooks": lambda system: (
        "playbooks/", "" if system.playbooks else "playbooks/NAME.md",
    ),
    "suites": _suites,
    "scorecard": _scored,
    "rollout": _planned,
    "runtime": _watched,
}  # fmt: skip
"""What of the folder shows an artifact."""
