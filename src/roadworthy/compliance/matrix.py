"""The lifecycle as a matrix: each artifact with its evidence, or with what is missing.

Phases and tasks: CRISP-ML(Q), Studer et al. 2021 (https://doi.org/10.3390/make3020020). Stages and
artifacts: SMACTR, Raji et al. 2020 (https://doi.org/10.1145/3351095.3372873).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from msgspec.structs import replace

from roadworthy.domain import (
    ArtifactSpec,
    Charter,
    MatrixCell,
    PhaseSpec,
    Playbook,
    Profile,
    Proof,
)

_STRICT = frozenset(("high", "high_sectoral", "prohibited", "undecided"))
PROFILES: tuple[Profile, ...] = get_args(Profile)


def profile_of(risk_class: str, *, transparency: bool) -> Profile:
    """How strict the lifecycle is held. An undecided class is held as the strictest."""
    if risk_class in _STRICT:
        return "strict"
    return "standard" if transparency else "light"


def matrix(
    phases: Sequence[PhaseSpec],
    charter: Charter,
    playbooks: Sequence[Playbook],
    proofs: Mapping[str, Proof],
    profile: Profile,
) -> list[MatrixCell]:
    """Every artifact of every phase, in their order."""
    return [
        _cell(phase, spec, charter, playbooks, proofs, profile)
        for phase in phases
        for spec in phase.artifacts
    ]


def _cell(
    phase: PhaseSpec,
    spec: ArtifactSpec,
    charter: Charter,
    playbooks: Sequence[Playbook],
    proofs: Mapping[str, Proof],
    profile: Profile,
) -> MatrixCell:
    cell = MatrixCell(
        phase=phase.id, stages=tuple(phase.stages), id=spec.id, title=spec.title, status="open",
        missing=spec.command or spec.person,
    )  # fmt: skip
    found = tuple(proofs[kind] for kind in spec.by if kind in proofs)
    fresh = tuple(proof for proof in found if proof.fresh)
    if fresh:
        return replace(cell, status="done", evidence=fresh, missing="")
    if found:
        return replace(cell, status="stale", evidence=found)
    if spec.charter:
        file, lack = _in_charter(spec, charter, playbooks)
        return replace(cell, status="open" if lack else "done", file=file, missing=lack)
    if spec.none_is_good:
        return replace(cell, status="done", missing="", why="none so far")
    if PROFILES.index(spec.since) > PROFILES.index(profile):
        why = f"asked from the {spec.since} profile on; this system is held to {profile}"
        return replace(cell, status="not_needed", why=why)
    return cell


def _in_charter(
    spec: ArtifactSpec, charter: Charter, playbooks: Sequence[Playbook]
) -> tuple[str, str]:
    """The file that shows it, and what is missing in it."""
    match spec.charter:
        case "risks":
            return _filled(charter.risks, "`risks`: at least one row")
        case "tested-risks":
            bare = [risk.id for risk in charter.risks if not risk.tested_by]
            if bare:
                return "charter.yaml", f"no test: {', '.join(bare)}"
            return _filled(charter.risks, "`risks` with `tested_by`")
        case "mitigations":
            bare = [risk.id for risk in charter.risks if not risk.mitigation.strip()]
            if bare:
                return "charter.yaml", f"no mitigation: {', '.join(bare)}"
            return _filled(charter.risks, "`risks` with `mitigation`")
        case "stakeholders":
            return _filled(charter.stakeholders, "`stakeholders`")
        case "success":
            named = charter.value.success if charter.value is not None else {}
            lacks = [level for level in ("business", "model", "system") if not named.get(level)]
            return "charter.yaml", f"`value.success`: {', '.join(lacks)}" if lacks else ""
        case "owners":
            return _filled(charter.owners, "`owners`")
        case "never":
            return _filled(charter.never, "`never`: at least one event")
        case "review":
            return _filled(charter.review.required_voices, "`review.required_voices`")
        case "playbooks":
            return "playbooks/", "" if playbooks else "playbooks/NAME.md"
    return "", ""


def _filled(part: Iterable[object], lack: str) -> tuple[str, str]:
    return "charter.yaml", "" if list(part) else f"{lack} in charter.yaml"
