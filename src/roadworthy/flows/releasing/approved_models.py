"""The models that a candidate asks, held against the registry: at the gate, at signing, live.

    models_seen     at the gate: what keeps it closed, what is said, what the decision rests on
    require_models  at signing and at the first activation: what it rests on still stands, also
                    where another workspace judged it
    live_models     of what is live: a model that is no longer approved, or that nobody looked at
                    and must be, is named, and goes on

Enters: a system and its content, a loop. Leaves: blockers, notes, uses, standings. What never
happens here: a live release that stops because of the registry (people stop it, or its successor
replaces it), a system without a registry that passes unsaid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType

from roadworthy.compliance import EU_AI_ACT
from roadworthy.domain import (
    Blocker,
    Deployment,
    Entry,
    ModelStanding,
    ModelUse,
    RefusedError,
    ReleaseContent,
    System,
    WantedModel,
    is_inside,
    wanted_models,
)
from roadworthy.policy import (
    ModelNeed,
    Registry,
    counting_class,
    is_demanded,
    may_get_personal_data,
    model_blockers,
    model_notes,
    model_standing,
)
from roadworthy.release import read_bundle, verify_release, wanted_people

from ..entries.release_records import opening_decision
from ..law.assure import CLASSIFIED, present_class, purpose_of
from ..workspace.loop import Loop
from .live_routes import ledger_routes
from .registry import registry_of


class ModelsSeen(Struct, frozen=True, kw_only=True):
    """What the registry says of a candidate."""

    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()
    uses: tuple[ModelUse, ...] | UnsetType = UNSET
    """Left out: nobody looked."""
    standings: tuple[ModelStanding, ...] = ()


def models_seen(
    system: System, content: ReleaseContent, loop: Loop, *, asked: bool = True
) -> ModelsSeen:
    """Every model of a candidate; not `asked`, what would keep the gate closed is told alone."""
    registry = registry_of(loop)
    risk_class, differs = risk_class_of(loop, content, Path(system.root))
    demanded, why = is_demanded(content.charter, risk_class, registry)
    if not demanded:
        return ModelsSeen(notes=(why, *differs))
    standings = tuple(standings_of(system, content, loop, registry=registry))
    blockers = tuple(model_blockers(standings))
    notes = [*differs, *model_notes(standings)]
    if blockers:
        notes = [f"{why}: roadworthy model list shows them", *notes]
    if not asked:
        return ModelsSeen(notes=(*notes, *(each.reason for each in blockers)), standings=standings)
    return ModelsSeen(
        blockers=blockers, notes=tuple(notes), uses=uses_of(standings), standings=standings
    )


def demanded_of(system: System, content: ReleaseContent, loop: Loop) -> tuple[bool, str]:
    """Whether the gate will ask that models are approved, and why, or why not."""
    risk_class, _ = risk_class_of(loop, content, Path(system.root))
    return is_demanded(content.charter, risk_class, registry_of(loop))


def standings_of(
    system: System, content: ReleaseContent, loop: Loop, *, registry: Registry | None = None
) -> list[ModelStanding]:
    """How each model of a folder's candidate stands, demanded or not."""
    wanted = wanted_models(content.candidate, content.charter, system.files, system.deployment)
    held_back = _Border(content, system.deployment)
    known = registry if registry is not None else registry_of(loop)
    need = need_of(content, loop, Path(system.root))
    return [
        model_standing(
            one, known, need,
            personal_data=may_get_personal_data(one, held_back=held_back(one)),
        )
        for one in wanted
    ]  # fmt: skip


def need_of(content: ReleaseContent, loop: Loop, root: Path | None = None) -> ModelNeed:
    """What a release asks its models for, today. `root`: the system's folder, where it is known."""
    charter = content.charter
    return ModelNeed(
        charter=charter,
        purpose=purpose_of(charter.use.intended_purpose),
        task=content.candidate.task,
        risk_class=risk_class_of(loop, content, root)[0],
        today=loop.clock.now().astimezone(ZoneInfo(charter.time_zone)).date(),
        people=wanted_people(charter, "model", least=1),
    )


def risk_class_of(
    loop: Loop, content: ReleaseContent, root: Path | None = None
) -> tuple[str, tuple[str, ...]]:
    """The class that counts, empty where none is entered or claimed, and how classes differ.

    What people entered last by the AI Act, else what the charter claims; where today's facts (of
    the charter, and of facts.yaml in `root`) give a stricter one, that one.
    """
    charter = content.charter
    entered = ""
    for entry in loop.ledger.entries(kind=CLASSIFIED, system=content.system):
        if entry.payload.get("catalogue", EU_AI_ACT) == EU_AI_ACT:
            entered = str(entry.payload.get("class", ""))
    today = loop.clock.now().astimezone(ZoneInfo(charter.time_zone)).date().isoformat()
    present = present_class(charter, root, on=today)
    claimed = str(charter.facts.get("risk_class", "") or "")
    counts = counting_class(entered or claimed, present)
    if not entered or not present or entered == present:
        return counts, ()
    return counts, (
        f"the class {entered} is entered, and the facts of today give {present}: {counts} counts,"
        " the stricter one; roadworthy classify --record --as NAME enters what is so today",
    )


def uses_of(standings: Iterable[ModelStanding]) -> tuple[ModelUse, ...]:
    """What a decision rests on: the models that are approved."""
    return tuple(
        ModelUse(
            wanted=one.wanted, version=one.version.name, digest=one.version.digest,
            approvals=tuple(each.entry for each in one.approvals),
            personal_data=one.personal_data,
        )
        for one in standings
        if one.state == "approved" and one.version is not None
    )  # fmt: skip


def require_models(
    content: ReleaseContent,
    loop: Loop,
    uses: tuple[ModelUse, ...] | UnsetType,
    *,
    root: Path,
    elsewhere: bool = False,
) -> None:
    """Raise RefusedError where one of `uses`, on which the gate's decision rests, stands no more.

    Or where models must be approved by now, and nobody looked when the gate decided. `root`: the
    system's folder. `elsewhere`: another workspace judged it, and `uses` is what its gate attests;
    where models must be approved and a registry is kept here, that one is asked.
    """
    again = "activate it again" if elsewhere else "run `roadworthy gate` again"
    need, registry = need_of(content, loop, root), registry_of(loop)
    demanded, why = is_demanded(content.charter, need.risk_class, registry)
    if isinstance(uses, UnsetType):
        if demanded:
            there = "where it was judged, approve them, run `roadworthy gate` and sign it again"
            raise RefusedError(
                f"{why}, and the gate did not look at them", fix=there if elsewhere else again
            )
        return
    if elsewhere and not (demanded and registry.is_begun):
        return
    for one in _again(uses, need, registry):
        if one.state != "approved":
            raise RefusedError(
                f"{one.wanted.part} {one.wanted.words}: {one.reason}", fix=f"{one.step}; {again}"
            )


class LiveModels(Struct, frozen=True, kw_only=True):
    """How the models of one live release stand."""

    standings: tuple[ModelStanding, ...] = ()
    unasked: str = ""
    """Why they must be approved by now, where the gate that opened did not look at them."""


def live_models(loop: Loop, system: str = "") -> dict[str, LiveModels]:
    """System -> how the models of its live release stand."""
    registry = registry_of(loop)
    return {
        name: _live(loop, entry, registry)
        for name, entry in sorted(ledger_routes(loop).items())
        if system in ("", name)
    }


def _live(loop: Loop, activated: Entry, registry: Registry) -> LiveModels:
    """By the decision that opened for it; what the gate says since does not hide its models."""
    path = loop.workspace.root / str(activated.payload["path"])
    _, content = read_bundle(path)
    need = need_of(content, loop)
    demanded, why = is_demanded(content.charter, need.risk_class, registry)
    decision = opening_decision(loop, content)
    if decision is not None:
        uses = decision.models
    else:  # another workspace judged it
        uses = verify_release(path, trust=loop.trust, at=activated.time).models
    if isinstance(uses, UnsetType):
        return LiveModels(unasked=f"{why}, and the gate did not look at them" if demanded else "")
    if decision is None and not (demanded and registry.is_begun):
        return LiveModels()
    return LiveModels(standings=tuple(_again(uses, need, registry)))


def _again(
    uses: Sequence[ModelUse], need: ModelNeed, registry: Registry
) -> Iterable[ModelStanding]:
    return (
        model_standing(use.wanted, registry, need, personal_data=use.personal_data) for use in uses
    )


class _Border:
    """Whether the rails let no personal data go out to a model: it lies outside of all regions."""

    def __init__(self, content: ReleaseContent, deployment: Deployment) -> None:
        egress = content.rails.egress
        self._watched = not isinstance(egress, UnsetType)
        allowed = [] if isinstance(egress, UnsetType) else egress.regions
        self._allowed = allowed or content.charter.use.allowed.jurisdictions

    def __call__(self, wanted: WantedModel) -> bool:
        return self._watched and not is_inside(wanted.identity.region, list(self._allowed))


def as_evidence(uses: tuple[ModelUse, ...] | UnsetType) -> dict[str, object]:
    """What the gate's entry says of them; nothing where nobody looked."""
    if isinstance(uses, UnsetType):
        return {}
    return {
        "models": [
            {"part": one.wanted.part, "version": one.version, "digest": one.digest,
             "approvals": list(one.approvals)}
            for one in uses
        ]
    }  # fmt: skip
