"""Systems and what the AI Act makes of them, by the catalogue that comes along."""

from __future__ import annotations

import re
from typing import Any

import pytest

from doubles.systems_by_law import NOT_PROHIBITED, SCENARIOS, SYSTEM, Scenario
from roadworthy.compliance import classify, conflict, contradictions, shipped
from roadworthy.domain import Catalogue, Classification
from roadworthy.manifests import load_catalogue

TODAY = "2026-11-22"
PLAIN = {**SYSTEM, "interacts_with_people": True, "generates_synthetic_content": True}


@pytest.fixture(scope="module")
def act() -> Catalogue:
    return load_catalogue(shipped()[0])


def of(act: Catalogue, *roles: str, on: str = TODAY, **facts: Any) -> Classification:
    return classify([act], {**PLAIN, **facts}, roles, on=on)


def ids(found: Any) -> set[str]:
    return {one.id for one in found}


def test_a_chatbot_owes_literacy_and_transparency_today(act: Catalogue) -> None:
    found = of(act, "provider")
    assert found.risk_class == "other"
    assert ids(found.now) == {"A4-1", "A50-1", "A50-2", "A50-5"}
    assert not found.undecided


def test_nothing_answered_is_nothing_decided(act: Catalogue) -> None:
    found = classify([act], {}, ["provider"], on=TODAY)
    assert found.risk_class == "undecided"
    assert not found.now
    assert not found.coming
    assert "prohibited_practice_a" not in found.open_questions  # first: is it one at all?
    assert found.open_questions[0] == "ai_system"


@pytest.mark.parametrize("limb", sorted(NOT_PROHIBITED))
def test_an_unknown_limb_of_article_5_is_never_no(act: Catalogue, limb: str) -> None:
    facts = {name: value for name, value in PLAIN.items() if name != limb}
    found = classify([act], facts, ["provider"], on=TODAY)
    assert found.risk_class == "undecided"
    assert limb in found.blocked_by
    assert limb in found.open_questions


def test_a_system_that_ranks_applicants_has_its_duties_coming(act: Catalogue) -> None:
    found = of(act, "provider", annex_iii_point="4a", profiling=True)
    coming = {one.id: one.since for one in found.coming}
    assert found.risk_class == "high"
    assert coming["A9-1"] == "2027-12-02"
    assert "A43-2" in coming
    assert "A9-1" in ids(of(act, "provider", on="2027-12-02", annex_iii_point="4a",
                            profiling=True).now)  # fmt: skip


def test_profiling_rules_the_derogation_out(act: Catalogue) -> None:
    claims = {"annex_iii_point": "4a", "art6_3_derogation": True}
    assert of(act, "provider", **claims, profiling=False).risk_class == "other"
    assert of(act, "provider", **claims, profiling=True).risk_class == "high"
    assert of(act, "provider", **claims).risk_class == "undecided"
    assert "A6-4" in ids(of(act, "provider", **claims, profiling=False).coming)


def test_products_of_annex_i_have_later_dates(act: Catalogue) -> None:
    found = of(act, "provider", annex_i_section="a", third_party_conformity_assessment=True)
    assert {one.since for one in found.coming if one.id == "A9-1"} == {"2028-08-02"}
    sectoral = of(act, "provider", annex_i_section="b", third_party_conformity_assessment=True)
    assert sectoral.risk_class == "high_sectoral"
    assert "A9-1" not in ids(sectoral.coming)


def test_marking_of_what_was_on_the_market_before_begins_later(act: Catalogue) -> None:
    old = of(act, "provider", placed_on_market="2025-05-01")
    assert {one.since for one in old.applied if one.id == "A50-2"} == {"2026-12-02"}
    assert "A50-2" in ids(of(act, "provider", placed_on_market="2026-08-02").now)


def test_who_rebrands_becomes_the_provider_too(act: Catalogue) -> None:
    facts = {"annex_iii_point": "4a", "profiling": True, "rebrands_high_risk": True}
    found = of(act, "deployer", **facts)
    assert found.roles == ("deployer", "provider")
    assert {"A9-1", "A25-1", "A26-1"} <= ids(found.coming)


def test_a_model_beyond_the_threshold_is_presumed_systemic_and_at_it_is_not(act: Catalogue) -> None:
    facts = {"ai_system": False, "generates_language_or_images": True}
    above = of(act, "gpai_provider", **facts, training_flop=1.1e25)
    assert {"A52-1", "A55-1A"} <= ids(above.now)
    assert "A55-1A" not in ids(of(act, "gpai_provider", **facts, training_flop=1e25).now)
    assert "A53-1C" not in ids(of(act, "gpai_provider", **facts, training_flop=1e23).now)


def test_open_source_keeps_copyright_and_training_summary(act: Catalogue) -> None:
    facts = {"ai_system": False, "generates_language_or_images": True, "training_flop": 1e24}
    found = ids(of(act, "gpai_provider", **facts, open_source=True).now)
    assert {"A53-1C", "A53-1D"} <= found
    assert not {"A53-1A", "A53-1B"} & found


def test_a_third_of_the_compute_makes_a_modifier_the_models_provider(act: Catalogue) -> None:
    facts = {"changes_gpai_model": True}
    assert "gpai_provider" not in of(act, "provider", **facts, modification_share=0.33).roles
    found = of(act, "provider", **facts, modification_share=0.34)
    assert "gpai_provider" in found.roles
    assert "G-MOD" in ids(found.now)


def test_a_claimed_exemption_from_scope_ends_every_duty(act: Catalogue) -> None:
    found = of(act, "provider", military_only=True)
    assert found.risk_class == "out_of_scope"
    assert not found.now


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"risk_class": "other", "annex_iii_point": "4a", "profiling": True}, "risk_class"),
        ({"annex_iii_area": 5, "annex_iii_point": "4a"}, "annex_iii_area"),
        ({"risk_class": "high", "prohibited_practice_a": True}, "risk_class"),
    ],
)
def test_what_contradicts_itself_is_named(act: Catalogue, facts: dict[str, Any], name: str) -> None:
    found = contradictions([act], {**PLAIN, **facts}, ["provider"])
    assert name in [one[0] for one in found]


def test_more_answers_never_change_a_duty_that_was_decided(act: Catalogue) -> None:
    facts = {**PLAIN, "annex_iii_point": "4a", "profiling": True}
    names = list(facts)
    before = classify([act], {}, ["provider", "deployer"], on=TODAY)
    for number in range(1, len(names) + 1):
        now = classify(
            [act], {name: facts[name] for name in names[:number]}, ["provider", "deployer"],
            on=TODAY,
        )  # fmt: skip
        for old, new in zip(before.applied, now.applied, strict=True):
            assert old.applies is None or old.applies == new.applies, (names[number - 1], old.id)
        before = now


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
def test_systems_have_the_role_class_and_duties_that_the_act_gives_them(
    act: Catalogue, one: Scenario
) -> None:
    found = classify([act], one.facts, one.roles, on=TODAY)
    assert found.roles == (*one.roles, *one.also), one.why
    assert found.risk_class == one.risk_class, one.why
    assert [each.risk_class for each in found.later] == [one.later] * bool(one.later), one.why
    assert ids(found.now) == one.now, one.why
    assert ids(found.coming) == one.coming, one.why
    assert not found.undecided, one.why
    assert not contradictions([act], one.facts, one.roles), one.why


def test_there_are_thirty_systems_or_more() -> None:
    assert len({one.name for one in SCENARIOS}) >= 30


HIGH: dict[str, Any] = {"annex_iii_point": "4a", "profiling": True}


def test_private_use_exempts_who_uses_and_nobody_who_provides(act: Catalogue) -> None:
    assert of(act, "deployer", private_use=True).risk_class == "out_of_scope"
    for roles in (("provider",), ("deployer", "provider"), ("importer",)):
        assert of(act, *roles, private_use=True).risk_class == "other"


def test_an_open_fact_that_makes_a_provider_leaves_a_providers_duties_open(act: Catalogue) -> None:
    named: dict[str, Any] = {"rebrands_high_risk": False, "substantial_modification": False}
    found = {one.id: one for one in of(act, "deployer", **HIGH, **named).applied}
    assert found["A9-1"].applies is None
    assert found["A9-1"].needs == ("repurposed_to_high_risk",)
    assert found["A23-1"].applies is False  # nobody becomes an importer
    known = of(act, "deployer", **HIGH, **named, repurposed_to_high_risk=False)
    assert {one.id: one for one in known.applied}["A9-1"].applies is False


def test_a_role_that_followed_may_bring_another(act: Catalogue) -> None:
    facts = {**HIGH, "rebrands_high_risk": True, "changes_gpai_model": True}
    found = of(act, "deployer", **facts, modification_share=0.5)
    assert found.roles == ("deployer", "provider", "gpai_provider")


def test_what_is_high_risk_by_both_annexes_is_due_by_the_earlier_day(act: Catalogue) -> None:
    product: dict[str, Any] = {"annex_i_section": "a", "third_party_conformity_assessment": True}

    def day(duty: str, **facts: Any) -> set[str | None]:
        return {one.since for one in of(act, "provider", **facts).coming if one.id == duty}

    assert day("A9-1", **product) == {"2028-08-02"}
    assert day("A9-1", **product, **HIGH) == {"2027-12-02"}
    derogated: dict[str, Any] = {
        "annex_iii_point": "4a",
        "profiling": False,
        "art6_3_derogation": True,
    }
    assert day("A9-1", **product, **derogated) == {"2028-08-02"}
    assert day("A6-4", **product, **derogated) == {"2027-12-02"}
    unknown = {name: value for name, value in PLAIN.items() if name != "annex_iii_point"}
    found = classify([act], {**unknown, **product}, ["provider"], on=TODAY)
    assert {one.since for one in found.coming if one.id == "A9-1"} == {"2027-12-02"}


@pytest.mark.parametrize("role", ["provider", "deployer"])
def test_what_public_authorities_use_is_not_exempt_while_nobody_said_whether_they_do(
    act: Catalogue, role: str
) -> None:
    facts = {**HIGH, "placed_on_market": "2025-05-01", "significant_design_change": False}
    duty = {"provider": "A9-1", "deployer": "A26-1"}[role]

    def found(**more: bool) -> Any:
        return next(one for one in of(act, role, **facts, **more).applied if one.id == duty)

    assert (found().applies, found().needs) == (None, ("public_body",))
    assert found(public_body=True).since == "2030-08-02"
    assert found(public_body=False).applies is False


def said(found: Classification, title: str) -> str:
    return next(step.finding for step in found.steps if step.title == title)


def test_a_practice_is_prohibited_from_the_day_on_from_which_its_limb_is_law(
    act: Catalogue,
) -> None:
    before, after = (of(act, "provider", on=day, generates_csam=True)
                     for day in ("2026-12-01", "2026-12-02"))  # fmt: skip
    assert (before.risk_class, after.risk_class) == ("other", "prohibited")
    assert "from a later one on" in said(before, "Prohibited practices")
    assert [(one.since, one.risk_class) for one in before.later] == [("2026-12-02", "prohibited")]
    assert before.class_on("2026-12-02") == "prohibited"
    assert not after.later
    assert of(act, "provider", on="2026-12-01", prohibited_practice_a=True).risk_class == (
        "prohibited"
    )


def test_of_what_nobody_was_asked_nothing_is_said(act: Catalogue) -> None:
    found = classify([act], {"ai_system": False}, ["provider"], on=TODAY)
    for title in ("Prohibited practices", "Product law", "Annex III", "High-risk by use",
                  "People talk to it", "Synthetic content"):  # fmt: skip
        assert said(found, title) == "not asked: it is no AI system", title
    assert said(found, "Derogation").startswith("does not arise")
    assert said(classify([act], {}, ["provider"], on=TODAY), "Annex III") == "not decided"


def test_what_answers_a_question_that_does_not_arise_contradicts_what_ends_it(
    act: Catalogue,
) -> None:
    answers = {"ai_system": False, "annex_iii_point": "4a", "prohibited_practice_a": False}
    assert contradictions([act], answers, ["provider"]) == [("annex_iii_point", "4a", ("",))]
    assert conflict([act], answers, ["provider"], "annex_iii_point") == ("ai_system",)


def test_profiling_is_said_to_rule_the_derogation_out(act: Catalogue) -> None:
    claims = {"annex_iii_point": "4a", "art6_3_derogation": True}
    assert "does not count" in said(of(act, "provider", **claims, profiling=True), "Derogation")
    assert said(of(act, "provider", **claims, profiling=False), "Derogation") == (
        "the derogation of Article 6(3) is claimed"
    )


def test_an_open_source_exemption_is_open_while_what_would_end_it_is(act: Catalogue) -> None:
    facts = {name: value for name, value in PLAIN.items() if name != "interacts_with_people"}
    facts |= {"free_open_source": True, "generates_synthetic_content": False}
    found = classify([act], facts, ["provider"], on=TODAY)
    literacy = next(one for one in found.applied if one.id == "A4-1")
    assert (literacy.applies, literacy.needs) == (None, ("interacts_with_people",))
    assert found.risk_class == "undecided"


def test_why_a_duty_does_not_apply_is_said_in_words(act: Catalogue) -> None:
    why = {one.id: one.why for one in of(act, "provider").applied}
    assert why["A9-1"] == "not the case: Class: neither prohibited nor high-risk"
    assert why["A26-1"] == "it binds others: Deployer; held: Provider"
    used = {one.id: one.why for one in of(act, "deployer").applied}
    assert used["A50-3"] == (
        "not the case: Does it assign people to categories from biometric data? no;"
        " Does it infer emotions or intentions of people from biometric data?"
        " (Sentiment of written text is not meant.) no"
    )
    for told in (*why.values(), *used.values()):
        assert not re.search(r"==|&&|\|\||role\b", told), told


def test_how_sure_a_date_is_goes_with_it(act: Catalogue) -> None:
    found = {one.id: one for one in of(act, "provider", **HIGH).applied}
    assert (found["A73-2"].confidence, found["A9-1"].confidence) == ("medium", "high")
    assert (found["A72-1"].formal_from, found["A72-1"].since) == ("2026-08-02", "2027-12-02")


def test_a_class_and_a_step_that_a_role_may_change_are_open(act: Catalogue) -> None:
    facts: dict[str, Any] = {"ai_system": False}
    found = classify([act], facts, ["provider"], on=TODAY)
    assert found.risk_class == "undecided"  # perhaps the provider of a model that was modified
    assert said(found, "General-purpose model") == "not decided"
    found = classify([act], {**facts, "changes_gpai_model": False}, ["provider"], on=TODAY)
    assert found.risk_class == "out_of_scope"
    assert said(found, "General-purpose model") == "no general-purpose AI model of your own"
