"""May it be worked on, whom does it address, what must stop at once."""

from __future__ import annotations

import msgspec
import pytest

from roadworthy.domain import (
    Allowed,
    Assertion,
    Candidate,
    Charter,
    Endpoint,
    FacetSource,
    KillFlag,
    Model,
    NeverEvent,
    Observation,
    Outcome,
    PatternRule,
    Route,
    RoutingTable,
    Rule,
    Scope,
    Use,
)
from roadworthy.serving import Admittance, Aim, aim, flags_for, tighten

NOW = "2026-11-21T20:00:00.000000Z"
SAID = Outcome(observation="o1", time=NOW, reporter="tenant:acme", never_event="n1")


def an_admittance(allowed: Allowed | None = None, *assertions: Assertion) -> Admittance:
    charter = Charter(
        system="desk",
        title="Desk",
        owners={"engineer": "Ann"},
        human_goal="Help.",
        use=Use(intended_purpose="Route claims.", allowed=allowed or Allowed()),
        endpoints=[Endpoint(id="main", fallback="A person will look.")],
    )
    facets = {name: FacetSource(header=name) for name in ("jurisdiction", "expert_user")}
    candidate = Candidate(
        task="chat",
        model=Model(provider="rule", name="m"),
        facets=facets,
        assertions=list(assertions),
    )
    return Admittance(charter, candidate)


def test_nothing_declared_admits_all() -> None:
    assert an_admittance().check("hello", {}) is None


def test_allowed_use_is_enforced_and_absence_is_refused() -> None:
    admittance = an_admittance(Allowed(jurisdictions=["DE", "AT"], expert_users_only=True))
    assert admittance.check("x", {"jurisdiction": "de", "expert_user": "true"}) is None
    for facets in ({"jurisdiction": "US", "expert_user": "true"}, {"jurisdiction": "DE"}, {}):
        denial = admittance.check("x", facets)
        assert denial is not None and denial.code == "use_not_allowed"


def test_an_assertion_must_be_exactly_true() -> None:
    rule = Assertion(that="size(input) > 3", otherwise="Say more.")
    assert an_admittance(None, rule).check("hello", {}) is None
    denial = an_admittance(None, rule).check("hi", {})
    assert denial is not None and denial.message == "Say more."


@pytest.mark.parametrize("that", ["facets.missing == 'x'", "input", "1 / 0 == 1"])
def test_an_assertion_that_cannot_be_evaluated_closes(that: str) -> None:
    assert an_admittance(None, Assertion(that=that, otherwise="No.")).check("hello", {}) is not None


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("desk", Aim("desk", managed=True)),
        ("desk/transparent", Aim("desk", managed=False)),
        ("gemma", Aim("desk", managed=False)),
        ("shared", None),
        ("nowhere", None),
        ("nowhere/transparent", None),
    ],
)
def test_a_model_name_means_one_thing_or_nothing(model: str, expected: Aim | None) -> None:
    served = {"desk": "gemma", "a": "shared", "b": "shared"}
    assert aim(model, served) == expected


def a_never(scope: Scope) -> NeverEvent:
    rule = Rule(pattern=PatternRule(patterns=["x"]))
    return NeverEvent(id="n1", statement="Never x.", rule=rule, scope=scope)


def an_observation(**changes: object) -> Observation:
    base = Observation(
        id="o1",
        time=NOW,
        system="desk",
        release="sha256:aa",
        stage="live",
        tenant="acme",
        facets={"supplier": "S-9"},
    )
    return msgspec.structs.replace(base, **changes)


@pytest.mark.parametrize(
    ("scope", "changes", "expected"),
    [
        ("system", {}, [("system", "desk")]),
        ("tenant", {}, [("tenant", "acme")]),
        ("slice", {}, [("slice", "supplier=S-9")]),
        ("slice", {"facets": {}}, [("tenant", "acme")]),
        ("slice", {"facets": {}, "tenant": ""}, [("system", "desk")]),
    ],
)
def test_a_violation_stops_its_scope_and_rather_more(
    scope: Scope, changes: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    observation = an_observation(**changes)
    flags = flags_for(a_never(scope), observation, SAID, at=NOW)
    assert [(flag.scope, flag.value) for flag in flags] == expected
    table = tighten(RoutingTable(), flags)
    assert table.killed(system="desk", tenant=observation.tenant, facets=observation.facets)


def test_brakes_only_ever_add() -> None:
    other = KillFlag(id="k", scope="tenant", value="t", reason="r", by="person:1", at=NOW)
    table = RoutingTable(
        version=3, routes={"desk": Route(system="desk", live="d", path="p")}, kills=(other,)
    )
    flags = flags_for(a_never("system"), an_observation(), SAID, at=NOW)
    after = tighten(table, flags)
    assert after.kills == (other, *flags)
    assert after.routes == table.routes
    assert tighten(after, flags) is after
