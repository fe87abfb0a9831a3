"""A flag is called stopped only by one that stops all that it would; ids tell acts apart."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from roadworthy.domain import (
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    PatternRule,
    RoutingTable,
    Rule,
)
from roadworthy.serving import flags_for, standing, tighten

AT = "2026-11-21T20:00:00.000000Z"
SYSTEMS, TENANTS, SUPPLIERS = ("desk", "other"), ("acme", "bolt"), ("S-1", "S-9")
SEEN = Observation(
    id="o1", time=AT, system="desk", release="sha256:aa", stage="live", tenant="acme",
    facets={"supplier": "S-9"},
)  # fmt: skip
SAID = Outcome(observation="o1", time=AT, reporter="tenant:board", never_event="n1")


def an_event(id: str = "n1", scope: str = "system") -> NeverEvent:
    rule = Rule(pattern=PatternRule(patterns=["x"]))
    return NeverEvent(id=id, statement="Never.", rule=rule, scope=scope)  # type: ignore[arg-type]


def flags() -> st.SearchStrategy[KillFlag]:
    scoped = st.one_of(
        st.tuples(st.just("system"), st.sampled_from(("*", "", *SYSTEMS))),
        st.tuples(st.just("tenant"), st.sampled_from(TENANTS)),
        st.tuples(st.just("slice"), st.sampled_from([f"supplier={s}" for s in SUPPLIERS])),
    )
    return st.builds(
        lambda scope, system, event: KillFlag(
            id="k", scope=scope[0], value=scope[1], system=system, reason="r", by="x", at=AT,
            never_event=event,
        ),
        scoped, st.sampled_from(("", *SYSTEMS)), st.sampled_from(("", "n1", "n2")),
    )  # fmt: skip


@given(flags(), flags())
def test_what_stands_for_a_flag_stops_every_request_that_the_flag_stops(
    known: KillFlag, flag: KillFlag
) -> None:
    found = standing(RoutingTable(kills=(structs.replace(known, id="first"),)), flag)
    if found is None:
        return
    for system, tenant, supplier in itertools.product(SYSTEMS, TENANTS, SUPPLIERS):
        facets = {"supplier": supplier}
        if flag.stops(system=system, tenant=tenant, facets=facets):
            assert found.stops(system=system, tenant=tenant, facets=facets)


@given(flags(), flags())
def test_after_tightening_every_flag_stands(first: KillFlag, second: KillFlag) -> None:
    second = structs.replace(second, id="second")
    table = tighten(tighten(RoutingTable(), [first]), [second])
    assert standing(table, first) is not None and standing(table, second) is not None


def test_the_same_report_has_the_same_ids_and_any_other_act_has_others() -> None:
    def ids(event: NeverEvent, said: Outcome = SAID, seen: Observation = SEEN) -> set[str]:
        return {flag.id for flag in flags_for(event, seen, said, at=AT)}

    acts = [
        ids(an_event()),
        ids(an_event("n2")),
        ids(an_event(scope="tenant")),
        ids(an_event(scope="slice")),
        ids(an_event(), structs.replace(SAID, time="2026-11-21T20:00:00.000001Z")),
        ids(an_event(), structs.replace(SAID, reporter="person:aa")),
        ids(an_event(), seen=structs.replace(SEEN, id="o2")),
    ]
    assert len(set.union(*acts)) == len(acts)
    assert ids(an_event()) == ids(an_event(), structs.replace(SAID, note="see line 1"))


def test_a_wider_kill_for_another_event_does_not_keep_a_flag_of_its_own_away() -> None:
    wide = flags_for(an_event("n2"), SEEN, SAID, at=AT)
    own = flags_for(an_event(scope="slice"), SEEN, SAID, at=AT)
    table = tighten(tighten(RoutingTable(), wide), own)
    assert table.kills == (*wide, *own), "lifting the wide one must not let this slice go"
