"""May a system ask this model: what people approved in the registry, held against this very use.

Enters: the registry's versions, approvals and deprecations, what the system is. Leaves: a standing
with its reason and the next step. Never here: a model that passes because nobody looked, an
approval that counts for another system, purpose, task or day than it names, a person who approves
what they proposed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from msgspec import Struct, UnsetType, structs

from roadworthy.domain import (
    HOSTED,
    Blocker,
    Charter,
    Forbidden,
    ModelApproval,
    ModelDeprecation,
    ModelStanding,
    ModelState,
    ModelVersion,
    Verdict,
    WantedModel,
    is_here,
    is_same_model,
)

HIGH_RISK = frozenset(("high", "high_sectoral", "prohibited"))
"""Classes under which an approval is asked for, whatever the charter says."""
_STRICTER = ("", "out_of_scope", "other", "high_sectoral", "high", "prohibited")
"""Classes of the AI Act, each stricter than those before it."""
_VERDICTS: dict[ModelState, Verdict] = {
    "unknown": Verdict.INCONCLUSIVE,
    "proposed": Verdict.INCONCLUSIVE,
    "deprecated": Verdict.FAIL,
    "refused": Verdict.FAIL,
    "damaged": Verdict.ERROR,
}


class Registry(Struct, frozen=True, kw_only=True):
    """Everything that was said of models, each in the order in which it was said."""

    versions: tuple[ModelVersion, ...] = ()
    approvals: tuple[ModelApproval, ...] = ()
    deprecations: tuple[ModelDeprecation, ...] = ()

    @property
    def is_begun(self) -> bool:
        """Whether anything was ever registered here."""
        return bool(self.versions)


class ModelNeed(Struct, frozen=True, kw_only=True):
    """What a system asks its models for."""

    charter: Charter
    purpose: str
    """Digest of the intended purpose."""
    task: str
    risk_class: str
    """Of the newest classification; empty: none was entered."""
    today: dt.date
    """In the charter's time zone."""
    people: int = 1
    """How many distinct people must have approved."""


def counting_class(said: str, present: str) -> str:
    """Of the class that people said and the one that follows from today's facts, the stricter.

    What is worked out stands for no person's word: where nobody said a class, only one of high
    risk counts. Empty: none.
    """
    word = said if said in _STRICTER else ""
    if not word and present not in HIGH_RISK:
        return ""
    return max(word, present, key=_STRICTER.index)


def is_demanded(charter: Charter, risk_class: str, registry: Registry) -> tuple[bool, str]:
    """Whether a model must be approved, and why, or why nobody looks."""
    if risk_class in HIGH_RISK:
        return True, "a system of high risk asks approved models only"
    if isinstance(charter.models, UnsetType):
        if registry.is_begun:
            return True, "this workspace has a registry of models"
        return False, "models are not checked: there is no registry, and the charter asks for none"
    if charter.models == "approved_only":
        return True, "the charter asks for approved models only"
    return False, "models are not checked: the charter lets any model answer (`models: any`)"


def model_standing(
    wanted: WantedModel, registry: Registry, need: ModelNeed, *, personal_data: bool
) -> ModelStanding:
    """How one model stands for this use. Only `approved` opens."""
    mine = [one for one in registry.versions if one.file and _is(one, wanted)]
    named = {one.id for one in mine}
    stands = _Standing(wanted=wanted, personal_data=personal_data)
    if wanted.fault:
        return stands.no("refused", f"{wanted.fault}", "pin it in candidate.yaml")
    if broken := _broken(registry, named):
        return stands.no("damaged", broken, "roadworthy verify says what does not hold")
    if not mine:
        return stands.no(
            "unknown", "it is not in the registry",
            "roadworthy model register models/NAME.yaml --as NAME",
        )  # fmt: skip
    version = _decided(mine, registry, need.charter.system) or mine[-1]
    stands = structs.replace(stands, version=version)
    gone = _deprecated(version, registry)
    if gone is not None:
        after = f"; its successor is {gone.successor}" if gone.successor else ""
        return stands.no(
            "deprecated", f"{gone.by} deprecated it: {gone.reason}{after}",
            "choose its successor, or another model",
            successor=gone.successor,
        )  # fmt: skip
    return _approved(stands, version, registry, need)


class _Standing(Struct, frozen=True, kw_only=True):
    """A standing that is being worked out."""

    wanted: WantedModel
    personal_data: bool
    version: ModelVersion | None = None

    def no(self, state: ModelState, reason: str, step: str, successor: str = "") -> ModelStanding:
        """It may not be used."""
        return ModelStanding(
            wanted=self.wanted, state=state, version=self.version, reason=reason, step=step,
            successor=successor, personal_data=self.personal_data,
        )  # fmt: skip


def _approved(
    stands: _Standing, version: ModelVersion, registry: Registry, need: ModelNeed
) -> ModelStanding:
    """Whether enough people approved this use, and neither licence nor terms rule it out."""
    ask = f"roadworthy model approve {version.name} --reason TEXT --as NAME"
    if why := _ruled_out(version, stands, need):
        return stands.no("refused", why, "choose another model, or mend what is agreed")
    said = [one for one in _since_deprecated(version, registry) if _is_for(one, need)]
    if not said:
        other = sorted({one.system for one in _since_deprecated(version, registry)})
        for_whom = f"; it is approved for {', '.join(other)} alone" if other else ""
        return stands.no("proposed", f"nobody approved {version.name}{for_whom}", ask)
    refused = {one.entry: _refusal(one, version, need) for one in said}
    counted = [one for one in said if not refused[one.entry]]
    people = sorted({one.by for one in counted})
    if len(people) >= max(1, need.people):
        return ModelStanding(
            wanted=stands.wanted, state="approved", version=version, approvals=tuple(counted),
            personal_data=stands.personal_data,
        )  # fmt: skip
    if counted:
        many = f"{len(people)} of {need.people} people approved {version.name}: {', '.join(people)}"
        return stands.no("proposed", many, ask)
    newest = said[-1]
    state: ModelState = "damaged" if any(one.forged for one in said) else "refused"
    return stands.no(state, f"{version.name}: {refused[newest.entry]}", ask)


def _refusal(one: ModelApproval, version: ModelVersion, need: ModelNeed) -> str:
    """Why an approval does not count for this use; empty when it does."""
    if one.fault:
        return one.fault
    if one.by.casefold() == version.by.casefold():
        return f"{one.by} proposed it and cannot approve it"
    if one.until and need.today > dt.date.fromisoformat(one.until):
        return f"the approval of {one.by} expired: its last day was {one.until}"
    if one.purpose and one.purpose != need.purpose:
        return f"{one.by} approved it for another intended purpose than the charter has now"
    if one.tasks and need.task not in one.tasks:
        return f"{one.by} approved it for {', '.join(one.tasks)}, and this is {need.task}"
    return ""


def _ruled_out(version: ModelVersion, stands: _Standing, need: ModelNeed) -> str:
    """What licence or terms forbid, or do not allow where it must be allowed."""
    file = version.file
    if file is None:
        return "its entry cannot be read"
    if stands.wanted.part == "adapter" and file.kind != "adapter":
        return f"{version.name} is registered as a model, and is put on another one here"
    if file.kind == "adapter" and file.base != stands.wanted.base:
        return f"{version.name} is an adapter for other weights ({file.base[:19]}…)"
    return _forbidden(file.forbidden, need) or _terms(version, stands, need)


def _forbidden(forbidden: Forbidden, need: ModelNeed) -> str:
    use = need.charter.use
    if need.task in forbidden.tasks:
        return f"its terms forbid the task {need.task}"
    if forbidden.classes and not need.risk_class:
        return (
            "its terms forbid systems of high risk, and no class is entered: roadworthy classify"
            " --record --as NAME"
        )
    if need.risk_class in forbidden.classes:
        return f"its terms forbid systems of the class {need.risk_class}"
    there = sorted(set(forbidden.jurisdictions) & set(use.allowed.jurisdictions))
    if forbidden.jurisdictions and not use.allowed.jurisdictions:
        return (
            f"its terms forbid {', '.join(forbidden.jurisdictions)}, and the charter restricts no"
            " jurisdiction"
        )
    if there:
        return f"its terms forbid the jurisdiction {', '.join(there)}"
    if forbidden.alone and use.autonomy == "decide":
        return "its terms forbid decisions that no person looks at (`autonomy: decide`)"
    return ""


def _terms(version: ModelVersion, stands: _Standing, need: ModelNeed) -> str:
    """Terms that ended, and what personal data needs where it may go out."""
    terms = version.file.terms if version.file is not None else None
    if terms is not None and terms.until and need.today > dt.date.fromisoformat(terms.until):
        return f"the terms with {terms.with_whom} ended on {terms.until}"
    if not stands.personal_data:
        return ""
    if terms is None:
        return "personal data may go out to it, and no vendor terms are recorded (`terms`)"
    who = f"the terms with {terms.with_whom}"
    if terms.personal_data != "allowed":
        said = "forbid" if terms.personal_data == "forbidden" else "do not say whether they allow"
        return f"personal data may go out to it, and {who} {said} that"
    if not terms.processing_agreement:
        return f"personal data may go out to it, and {who} have no agreement on its processing"
    if terms.trains_on_inputs is not False:
        said = (
            "let the vendor learn" if terms.trains_on_inputs else "do not rule out that it learns"
        )
        return f"personal data may go out to it, and {who} {said} from what is sent"
    return ""


def _is(version: ModelVersion, wanted: WantedModel) -> bool:
    return version.file is not None and is_same_model(version.file.identity, wanted.identity)


def _broken(registry: Registry, ids: Iterable[str]) -> str:
    """The first entry about these ids that does not hold; of any id while none is known.

    An entry that cannot be read may be about any model: it closes for those that nobody else names.
    """
    names = set(ids)
    for one in registry.versions:
        if one.fault and (one.id in names or not names):
            return f"entry {one.entry} of the registry ({one.name}): {one.fault}"
    digests = {one.digest for one in registry.versions if one.id in names}
    for gone in registry.deprecations:
        if gone.fault and gone.digest in digests:
            return f"entry {gone.entry} of the registry: {gone.fault}"
    return ""


def _decided(
    versions: Sequence[ModelVersion], registry: Registry, system: str
) -> ModelVersion | None:
    """Of the versions that are this model, the one that the newest decision is about."""
    known = {one.digest: one for one in versions}
    made = [(one.entry, one.digest) for one in registry.deprecations]
    made += [
        (one.entry, one.digest)
        for one in registry.approvals
        if one.system in ("", system) and not one.forged
    ]
    about = [(entry, digest) for entry, digest in made if digest in known]
    return known[max(about)[1]] if about else None


def _deprecated(version: ModelVersion, registry: Registry) -> ModelDeprecation | None:
    """The deprecation that stands: no approval came after it."""
    gone = [one for one in registry.deprecations if one.digest == version.digest]
    if not gone or _since_deprecated(version, registry):
        return None
    return gone[-1]


def standing_deprecation(
    version: ModelVersion, registry: Registry, system: str
) -> ModelDeprecation | None:
    """The last deprecation of this very model that no approval for `system` (all: "") undid."""
    file = version.file
    same = {version.digest} | {
        one.digest
        for one in registry.versions
        if one.file and file and is_same_model(one.file.identity, file.identity)
    }
    gone = [one for one in registry.deprecations if one.digest in same]
    if not gone:
        return None
    undone = any(
        one.entry > gone[-1].entry and one.digest in same and not one.fault
        and one.system in ("", system)
        for one in registry.approvals
    )  # fmt: skip
    return None if undone else gone[-1]


def _since_deprecated(version: ModelVersion, registry: Registry) -> list[ModelApproval]:
    last = max((one.entry for one in registry.deprecations if one.digest == version.digest),
               default=0)  # fmt: skip
    return [one for one in registry.approvals if one.digest == version.digest and one.entry > last]


def _is_for(one: ModelApproval, need: ModelNeed) -> bool:
    return one.system in ("", need.charter.system)


def may_get_personal_data(wanted: WantedModel, *, held_back: bool) -> bool:
    """Whether personal data may go out to it: it is elsewhere, and nothing holds it back."""
    one = wanted.identity
    return one.provider in (*HOSTED, "http") and not is_here(one.host) and not held_back


def model_blockers(standings: Iterable[ModelStanding]) -> list[Blocker]:
    """What keeps the gate closed, one for each model that may not be used."""
    return [
        Blocker(
            verdict=_VERDICTS[one.state],
            reason=f"{one.wanted.part} {one.wanted.words}: {one.reason}",
            phase="model",
            step=one.step,
        )
        for one in standings
        if one.state != "approved"
    ]


def model_notes(standings: Iterable[ModelStanding]) -> list[str]:
    """What is said of models that may be used: who approved them, and until when."""
    return [
        f"{one.wanted.part} {one.wanted.words} is approved as {one.version.name} by"
        f" {', '.join(sorted({each.by for each in one.approvals}))}{_until(one)}"
        for one in standings
        if one.state == "approved" and one.version is not None
    ]


def _until(one: ModelStanding) -> str:
    days = [each.until for each in one.approvals if each.until]
    return f" until {min(days)}" if days else ""
