"""Where a system stands in the law by several sources: the strictest counts."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Harm, Incident, LegalStatement
from roadworthy.incidents import Stated, clocks_of, strictest, why_no_clock

NOW = "2028-01-03T10:00:00.000000Z"


def incident(*harms: Harm) -> Incident:
    said = LegalStatement(harms=harms, aware_at="2028-01-03T09:00:00.000000Z", by="p", at=NOW)
    return Incident(
        id="inc-1", system="desk", severity="high", state="open", title="t", opened_at=NOW,
        aware_at=NOW, release="", legal=said if harms else None,
    )  # fmt: skip


def of(source: str, *roles: str, may_be: tuple[str, ...] = (), **facts: Any) -> Stated:
    return Stated(source=source, roles=roles, may_be=may_be, facts=facts, time_zone="UTC")


UNREAD = Stated(source="facts.yaml", unread=True)


@pytest.mark.parametrize(
    ("stated", "clocks", "assumed"),
    [
        ((of("a", "provider", risk_class="high"), of("b", "deployer", risk_class="other")),
         {"A73-2", "A26-5I"}, set()),
        ((of("a", "provider", risk_class="undecided"), of("b", risk_class="other")),
         {"A73-2"}, {"risk_class"}),
        ((of("a", "provider"), of("b", risk_class="other")), set(), set()),
        ((of("a", "deployer", may_be=("provider",), risk_class="high"),),
         {"A73-2", "A26-5I"}, {"role provider"}),
        ((of("a", "gpai_provider", systemic_risk=False), of("b", systemic_risk=True)),
         {"A55-1C-15"}, set()),
        ((), {"A73-2", "A26-5I"},
         {"role provider", "role deployer", "risk_class", "time_zone UTC"}),
        ((of("entry 3", "deployer", risk_class="other", systemic_risk=False), UNREAD),
         {"A73-2", "A26-5I", "A55-1C-15"},
         {"role provider", "role gpai_provider", "risk_class", "systemic_risk"}),
    ],
)  # fmt: skip
def test_the_strictest_source_counts_and_silence_is_no_no(
    stated: tuple[Stated, ...], clocks: set[str], assumed: set[str]
) -> None:
    found = clocks_of(incident("health"), strictest(stated), NOW)
    assert {each.clock for each in found} == clocks
    assert {word for each in found for word in each.assumed} == assumed


def test_no_clock_says_why_and_by_whose_word() -> None:
    law = strictest([of("entry 3", "deployer", risk_class="other"), of("facts.yaml", "deployer")])
    why = why_no_clock(incident("health"), law)
    assert why.startswith("no clock, because ")
    assert "Art. 26(5): for high-risk systems only, and the class is other (entry 3)" in why
    assert "Art. 73(2): for the provider only, and the roles are deployer (entry 3, fact" in why
    assert "said what it led to" in why_no_clock(incident(), law)
    assert "no serious incident" in why_no_clock(incident("none"), law)
    nobody = why_no_clock(incident("cyber"), strictest([]))
    assert nobody.endswith("for the gpai_provider only, and nobody states that role")
    high = strictest([of("entry 3", "deployer", risk_class="high")])
    assert why_no_clock(incident("health"), high) == "", "one runs"


def test_of_two_time_zones_the_earlier_end_counts() -> None:
    berlin = Stated(source="a", roles=("provider",), time_zone="Europe/Berlin")
    york = Stated(source="b", facts={"risk_class": "high"}, time_zone="America/New_York")
    (found,) = clocks_of(incident("health"), strictest([york, berlin]), NOW)
    assert found.due == "2028-01-18T23:00:00.000000Z"


def test_later_dates_of_products_count_only_where_every_source_says_so() -> None:
    product = of("a", "provider", risk_class="high", high_risk_route="annex_i_a")
    use = of("b", "provider", risk_class="high", high_risk_route="annex_iii")
    (found,) = clocks_of(incident("health"), strictest([product]), NOW)
    assert found.applies_from == "2028-08-02"
    (found,) = clocks_of(incident("health"), strictest([product, use]), NOW)
    assert found.applies_from == "2027-12-02"
    found, *_ = clocks_of(incident("health"), strictest([product, UNREAD]), NOW)
    assert (found.applies_from, found.unread) == ("2027-12-02", ("facts.yaml",))
