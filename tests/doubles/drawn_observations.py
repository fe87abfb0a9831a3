"""Observations of one instant, drawn: whatever an indicator that can be counted asks of them."""

from __future__ import annotations

from hypothesis import strategies as st

from roadworthy.domain import NeverRecord, Observation, Shift

DESKS = ("motor", "home", "")
SHIFTS = st.one_of(
    st.none(),
    st.builds(
        Shift,
        reference=st.sampled_from(("", "sha256:ab")),
        flagged=st.sampled_from((None, False, True)),
        unseen=st.sampled_from(("", "too long")),
        new_facets=st.sampled_from((None, (), ("supplier",))),
        model_written=st.sampled_from((None, False, True)),
    ),
)
CONFIDENCES = st.one_of(
    st.none(),
    st.sampled_from((0.0, 1.0, 0.1, 0.2, 0.3, 0.6, 0.7, 1 - 2**-53)),
    st.floats(0.001, 0.999),
)
NEVER = st.lists(
    st.builds(
        NeverRecord,
        event=st.sampled_from(("rude", "insults")),
        kind=st.sampled_from(("attempt", "violation")),
        found_by=st.sampled_from(("rail", "late_rule")),
    ),
    max_size=2,
).map(tuple)
ROWS = st.builds(
    Observation,
    id=st.uuids().map(str),
    time=st.just("2026-11-21T20:00:00.000000Z"),
    system=st.just("desk"),
    release=st.just("sha256:aa"),
    stage=st.sampled_from(("live", "canary")),
    tenant=st.sampled_from(("acme", "globex")),
    facets=st.dictionaries(
        st.sampled_from(("language", "supplier", "tenant")),
        st.sampled_from(("", "de", 'it\'s, "odd\\="')),
    ),
    status=st.sampled_from(("ok", "error", "interrupted", "refused")),
    action=st.sampled_from(("answered", "blocked", "held", "fallback")),
    decision=st.sampled_from(DESKS),
    label=st.sampled_from(DESKS),
    confidence=CONFIDENCES,
    latency_ms=st.one_of(st.none(), st.floats(0, 60_000), st.sampled_from((10.0, 20.0))),
    cache_hit=st.booleans(),
    cost=st.sampled_from((None, "0", "0.25", "0.00012", "1.5")),
    tags=st.sampled_from(((), ("benign",), ("ood", "benign"))),
    never=NEVER,
    shift=SHIFTS,
    ood=st.sampled_from((None, False, True)),
    attributes=st.sampled_from(({}, {"expect_action": "hold"}, {"expect_action": "block"})),
)
