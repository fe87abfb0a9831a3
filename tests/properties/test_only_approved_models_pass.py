"""Whatever was said of a model, in any order: only a standing approval of somebody else opens.

The oracle is said again from the rules, without a look at how they are worked out.
"""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from doubles.pinnable import a_system
from roadworthy.domain import (
    ModelApproval,
    ModelDeprecation,
    ModelFile,
    ModelIdentity,
    ModelVersion,
    WantedModel,
)
from roadworthy.policy import ModelNeed, Registry, model_blockers, model_standing

SHA = {name: "sha256:" + name * 64 for name in "ab"}
PEOPLE = ("ana", "rosa", "ravi")
TODAY = dt.date(2026, 11, 22)
CHARTER = a_system().charter
Said = ModelVersion | ModelApproval | ModelDeprecation


def a_version(number: int, weights: str, by: str, *, broken: bool) -> ModelVersion:
    file = ModelFile(
        id="m", title="M", maker="M", licence="L", intended_use="U",
        identity=ModelIdentity(provider="local", name="m", digest=SHA[weights]),
    )  # fmt: skip
    return ModelVersion(
        id="m", number=number, digest=f"v{number}", file=None if broken else file, by=by,
        at="", entry=number, fault="it cannot be read" if broken else "",
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Versions, approvals and deprecations in one order; entries are their places in it."""
    said: list[Said] = []
    for entry in range(1, draw(st.integers(0, 9)) + 1):
        kind = draw(st.sampled_from(("version", "approve", "approve", "deprecate")))
        versions = [one for one in said if isinstance(one, ModelVersion)]
        by = draw(st.sampled_from(PEOPLE))
        if kind == "version" or not versions:
            broken = draw(st.integers(0, 9)) == 0
            made = a_version(len(versions) + 1, draw(st.sampled_from("ab")), by, broken=broken)
            said.append(msgspec.structs.replace(made, entry=entry))
            continue
        about = draw(st.sampled_from(versions)).digest
        if kind == "deprecate":
            said.append(ModelDeprecation(digest=about, by=by, entry=entry, at="", reason="r"))
            continue
        fault = draw(st.sampled_from(("", "", "", "revoked")))
        said.append(
            ModelApproval(
                digest=about, by=by, entry=entry, at="", fault=fault,
                system=draw(st.sampled_from(("", CHARTER.system, "other"))),
                until=draw(st.sampled_from(("", "2026-11-22", "2026-11-21"))),
                tasks=draw(st.sampled_from(((), ("chat",), ("decision",)))),
            )
        )  # fmt: skip
    return said


def registry_of(said: list[Said]) -> Registry:
    return Registry(
        versions=tuple(one for one in said if isinstance(one, ModelVersion)),
        approvals=tuple(one for one in said if isinstance(one, ModelApproval)),
        deprecations=tuple(one for one in said if isinstance(one, ModelDeprecation)),
    )


def state(said: list[Said], people: int) -> str:
    wanted = WantedModel(
        part="model", identity=ModelIdentity(provider="local", name="m", digest=SHA["a"])
    )
    need = ModelNeed(
        charter=CHARTER, purpose="p", task="decision", risk_class="", today=TODAY, people=people
    )
    found = model_standing(wanted, registry_of(said), need, personal_data=False)
    assert (found.state == "approved") == (model_blockers([found]) == [])
    return found.state


def opens(said: list[Said], people: int) -> bool:
    """The rules, said again."""
    registry = registry_of(said)
    if any(one.fault for one in registry.versions):
        return False  # all versions here have one id
    mine = {one.digest: one for one in registry.versions
            if one.file is not None and one.file.identity.digest == SHA["a"]}  # fmt: skip
    reaching = [
        one for one in (*registry.approvals, *registry.deprecations)
        if one.digest in mine
        and (isinstance(one, ModelDeprecation) or one.system in ("", CHARTER.system))
    ]  # fmt: skip
    if not reaching:
        return False
    newest = max(reaching, key=lambda one: one.entry).digest
    gone = [one.entry for one in registry.deprecations if one.digest == newest]
    names = {
        one.by for one in registry.approvals
        if one.digest == newest and one.entry > max(gone, default=0) and not one.fault
        and one.by != mine[newest].by and one.system in ("", CHARTER.system)
        and (not one.until or one.until >= "2026-11-22")
        and (not one.tasks or "decision" in one.tasks)
    }  # fmt: skip
    return len(names) >= people


@given(histories(), st.integers(1, 2))
def test_only_a_standing_approval_of_somebody_else_opens(said: list[Said], people: int) -> None:
    assert (state(said, people) == "approved") == opens(said, people)


@given(histories())
def test_a_deprecation_of_what_stands_always_closes(said: list[Said]) -> None:
    for one in registry_of(said).versions:
        last = ModelDeprecation(digest=one.digest, by="ana", entry=99, at="", reason="r")
        if one.file is not None and one.file.identity.digest == SHA["a"]:
            assert state([*said, last], 1) != "approved"


@given(histories())
def test_who_needs_two_people_never_passes_where_one_would_not(said: list[Said]) -> None:
    assert not (state(said, 2) == "approved" and state(said, 1) != "approved")


def test_the_histories_open_and_close() -> None:
    """The oracle is not always of one mind: a history opens, and its deprecation closes it."""
    version = a_version(1, "a", "ana", broken=False)
    yes = ModelApproval(digest="v1", by="rosa", entry=2, at="")
    assert opens([version, yes], 1)
    assert not opens([version, yes], 2)
    no = ModelDeprecation(digest="v1", by="ana", entry=3, at="", reason="r")
    assert not opens([version, yes, no], 1)
