"""Systems, and what a lawyer with the Act on the desk would say of each: role, class, duties, why.

Written from the Act's text, not from the catalogue. Duties are those of the day 2026-11-22, and
those that come; groups are spelled out once.
"""

from __future__ import annotations

from textwrap import indent
from typing import Any, NamedTuple

import msgspec

NOT_PROHIBITED = {
    "prohibited_practice_a": False, "prohibited_practice_b": False,
    "prohibited_practice_c": False, "prohibited_practice_d": False,
    "prohibited_practice_e": False, "emotion_recognition": False,
    "biometric_categorisation": False, "realtime_rbi_law_enforcement": False,
    "generates_intimate_imagery_of_identifiable_person": False, "generates_csam": False,
}  # fmt: skip
SYSTEM = {
    **NOT_PROHIBITED, "ai_system": True, "annex_i_section": "none", "annex_iii_point": "",
    "interacts_with_people": False, "generates_synthetic_content": False,
    "special_category_bias_testing": False, "changes_gpai_model": False,
}  # fmt: skip
QUIET = {
    "serious_incident": False, "risk_art79": False, "nonconformity_found": False,
    "authority_request": False, "affected_person_request": False, "third_country_provider": False,
    "rebrands_high_risk": False, "substantial_modification": False,
    "repurposed_to_high_risk": False, "downstream_role_change": False,
    "third_party_components": False, "logs_under_control": False, "controls_input_data": False,
    "employer_workplace_use": False, "public_body": False, "private_public_service": False,
    "personal_data": False, "decisions_about_persons": False, "post_rbi_law_enforcement": False,
    "same_undertaking_model_and_system": False,
}  # fmt: skip
"""A high-risk system about which nothing in particular is the case."""
MODEL = {"ai_system": False, "generates_language_or_images": True, "authority_request": False,
         "third_country_provider": False, "changes_gpai_model": False}  # fmt: skip

LITERACY = {"A4-1"}
CLASS = {"A6-CLASS"}
HIGH_PROVIDER = {
    "A8-1", "A9-1", "A9-5", "A9-6", "A10-2", "A10-3", "A11-1", "A12-1", "A13-1", "A14-1", "A15-1",
    "A15-4", "A15-5", "A16-B", "A16-L", "A17-1", "A18-1", "A47-1", "A48-1", "A72-1", "A72-3",
}  # fmt: skip
ANNEX_III_PROVIDER = {*CLASS, *HIGH_PROVIDER, "A43-2", "A49-1"}
HIGH_DEPLOYER = {"A26-1", "A26-2", "A26-5M"}
MODEL_ALL = {"A53-1A", "A53-1B", "A53-1C", "A53-1D"}


class Scenario(NamedTuple):
    """One system and the verdict about it."""

    name: str
    roles: tuple[str, ...]
    facts: dict[str, Any]
    risk_class: str
    now: set[str]
    coming: set[str]
    why: str
    also: tuple[str, ...] = ()
    """Roles that follow."""
    later: str = ""
    """The class that the law as it is gives it from a later day on; empty: none other."""


def as_file(*roles: str, **facts: Any) -> str:
    """Answers as a file of them, one a line."""
    lines = indent(msgspec.yaml.encode(facts).decode(), "  ")
    return f"roles: [{', '.join(roles)}]\nfacts:\n{lines}"


def high(point: str, **facts: Any) -> dict[str, Any]:
    """A use of Annex III that profiles, so that 6(3) cannot help."""
    return {**SYSTEM, **QUIET, "annex_iii_point": point, "profiling": True, **facts}


SCENARIOS = [
    Scenario("letter sorter at its deployer", ("deployer",), SYSTEM, "other", LITERACY, set(),
             "no point of Annex III, nobody talks to it, no content: literacy alone (Art. 4)"),
    Scenario("chatbot of a shop, own name", ("provider",),
             {**SYSTEM, "interacts_with_people": True, "generates_synthetic_content": True},
             "other",
             {*LITERACY, "A50-1", "A50-2", "A50-5"}, CLASS,
             "Art. 50(1) people are told, 50(2) its text is marked, 50(5) clearly and accessibly"),
    Scenario("the same chatbot since 2025", ("provider",),
             {**SYSTEM, "interacts_with_people": True, "generates_synthetic_content": True,
              "placed_on_market": "2025-03-01"}, "other",
             {*LITERACY, "A50-1", "A50-5"}, {*CLASS, "A50-2"},
             "Art. 111(4): marking from 2 December 2026 for what was on the market before"),
    Scenario("rule engine written by people", ("provider",), {**SYSTEM, "ai_system": False},
             "out_of_scope", set(), set(), "recital 12: rules written only by humans are no AI"),
    Scenario("spell checker", ("provider",),
             {**SYSTEM, "generates_synthetic_content": True, "assistive_editing_only": True},
             "other",
             {*LITERACY, "A50-5"}, CLASS, "Art. 50(2): assistive editing need not be marked"),
    Scenario("obvious robot arm voice", ("provider",),
             {**SYSTEM, "interacts_with_people": True, "interaction_obvious": True}, "other",
             {*LITERACY, "A50-5"}, CLASS, "Art. 50(1): obvious to a reasonably informed person"),
    Scenario("newspaper that publishes model text unread", ("deployer",),
             {**SYSTEM, "generates_synthetic_content": True, "deepfake": False,
              "public_interest_text": True}, "other",
             {*LITERACY, "A50-4T", "A50-5"}, set(), "Art. 50(4): text of public interest"),
    Scenario("newspaper with an editor", ("deployer",),
             {**SYSTEM, "generates_synthetic_content": True, "deepfake": False,
              "public_interest_text": True, "human_editorial_review": True}, "other",
             {*LITERACY, "A50-5"}, set(), "Art. 50(4): a person holds editorial responsibility"),
    Scenario("advertising films with invented politicians", ("deployer",),
             {**SYSTEM, "generates_synthetic_content": True, "deepfake": True,
              "public_interest_text": False}, "other",
             {*LITERACY, "A50-4D", "A50-5"}, set(), "Art. 50(4): deep fakes are labelled"),
    Scenario("signatory of the code that makes pictures", ("provider",),
             {**SYSTEM, "generates_synthetic_content": True, "cop_transparency_adopted": True},
             "other", {*LITERACY, "A50-2", "A50-5", "C-MARK-1.1", "C-MARK-2-4"},
             {*CLASS, "C-MARK-3.4"}, "code of practice S1: two layers, free detector; 2 Feb 2027"),
    Scenario("ranking of applicants, provider", ("provider",), high("4a"), "high", LITERACY,
             ANNEX_III_PROVIDER, "Annex III 4(a), profiling: always high-risk (6(3))"),
    Scenario("ranking of applicants, employer", ("deployer",),
             high("4a", employer_workplace_use=True, decisions_about_persons=True,
                  personal_data=True),
             "high", LITERACY, {*HIGH_DEPLOYER, "A26-7", "A26-9", "A26-11"},
             "Art. 26: workers are informed (7), DPIA (9), applicants are told (11)"),
    Scenario("credit score at a bank", ("deployer",),
             high("5b", decisions_about_persons=True, personal_data=True), "high", LITERACY,
             {*HIGH_DEPLOYER, "A26-9", "A26-11", "A27-1", "A27-3"},
             "Art. 27(1): FRIA for 5(b) whoever deploys it"),
    Scenario("life insurance pricing at the insurer that built it", ("provider", "deployer"),
             high("5c", decisions_about_persons=True), "high", LITERACY,
             {*ANNEX_III_PROVIDER, *HIGH_DEPLOYER, "A26-11", "A27-1", "A27-3"},
             "roles accumulate; 5(c) owes a FRIA"),
    Scenario("benefits office", ("deployer",),
             high("5a", public_body=True, decisions_about_persons=True), "high", LITERACY,
             {*HIGH_DEPLOYER, "A26-8", "A26-11", "A27-1", "A27-3", "A49-3"},
             "public authority: registers its use (26(8), 49(3)), FRIA (27)"),
    Scenario("water supply control", ("provider",), high("2"), "high", LITERACY,
             {*CLASS, *HIGH_PROVIDER, "A43-2", "A49-5"},
             "Annex III 2: registered at national level (49(5)), not in the EU database"),
    Scenario("remote face recognition", ("provider",), high("1a"), "high", LITERACY,
             {*CLASS, *HIGH_PROVIDER, "A12-3", "A14-5", "A43-1", "A49-1"},
             "Annex III 1(a): notified body or standards (43(1)), two people verify (14(5))"),
    Scenario("narrow preparatory task at a court", ("provider",),
             {**SYSTEM, "annex_iii_point": "8a", "profiling": False, "art6_3_derogation": True},
             "other", LITERACY, {*CLASS, "A6-4", "A49-2"},
             "Art. 6(3)(d): documented (6(4)) and registered (49(2)), not high-risk"),
    Scenario("toy with a voice, third-party assessed", ("provider",),
             {**SYSTEM, **QUIET, "annex_i_section": "a", "third_party_conformity_assessment": True,
              "interacts_with_people": True}, "high",
             {*LITERACY, "A50-1", "A50-5"}, {*CLASS, *HIGH_PROVIDER, "A43-3"},
             "Art. 6(1), Annex I Section A: from 2 August 2028, sectoral procedure (43(3))"),
    Scenario("toy whose maker assesses it alone", ("provider",),
             {**SYSTEM, "annex_i_section": "a", "third_party_conformity_assessment": False},
             "other", LITERACY, CLASS, "Art. 6(1)(b) needs a third-party assessment"),
    Scenario("car perception", ("provider",),
             {**SYSTEM, "annex_i_section": "b", "third_party_conformity_assessment": True},
             "high_sectoral", LITERACY, CLASS, "Art. 2(2): Section B, only 6(1), 60a, 102 to 112"),
    Scenario("social scoring", ("provider",), {**SYSTEM, "prohibited_practice_c": True},
             "prohibited", {*LITERACY, "A5-1C"}, CLASS, "Art. 5(1)(c)"),
    Scenario("emotion recognition of pupils", ("deployer",),
             {**SYSTEM, "emotion_recognition": True, "workplace_or_education": True}, "prohibited",
             {*LITERACY, "A5-1F", "A50-3", "A50-5"}, set(), "Art. 5(1)(f)"),
    Scenario("drowsiness of drivers for safety", ("deployer",),
             {**SYSTEM, "emotion_recognition": True, "workplace_or_education": True,
              "medical_or_safety_purpose": True}, "other",
             {*LITERACY, "A50-3", "A50-5"}, set(), "Art. 5(1)(f): safety excepted; 50(3) notice"),
    Scenario("sorting faces by ethnicity", ("deployer",),
             {**SYSTEM, "biometric_categorisation": True, "infers_sensitive_traits": True},
             "prohibited", {*LITERACY, "A5-1G", "A50-3", "A50-5"}, set(), "Art. 5(1)(g)"),
    Scenario("undressing app", ("provider",),
             {**SYSTEM, "generates_synthetic_content": True,
              "generates_intimate_imagery_of_identifiable_person": True}, "other",
             {*LITERACY, "A50-2", "A50-5"}, {*CLASS, "A5-1BA"},
             "Art. 5(1)(ba) is law from 2 December 2026 (Art. 113(a)), and not ten days before it; "
             "no safeguards, no consent", later="prohibited"),
    Scenario("picture model that can be made to abuse children", ("provider",),
             {**SYSTEM, "generates_synthetic_content": True, "generates_csam": True}, "other",
             {*LITERACY, "A50-2", "A50-5"}, {*CLASS, "A5-1BB"},
             "Art. 5(1)(bb) is law from 2 December 2026 (Art. 113(a))", later="prohibited"),
    Scenario("picture model with tested safeguards", ("provider",),
             {**SYSTEM, "generates_synthetic_content": True,
              "generates_intimate_imagery_of_identifiable_person": True, "explicit_consent": True},
             "other", {*LITERACY, "A50-2", "A50-5"}, CLASS,
             "Art. 5(1a)(a): adequate safeguards are the defence"),
    Scenario("reseller with its own brand on a high-risk system", ("distributor",),
             high("4a", rebrands_high_risk=True), "high", LITERACY,
             {"A24-1", "A25-1", *ANNEX_III_PROVIDER}, "Art. 25(1)(a): becomes the provider",
             ("provider",)),
    Scenario("importer", ("importer",), high("3a"), "high", set(), {"A23-1"}, "Art. 23"),
    Scenario("defence only", ("provider",), {**SYSTEM, "military_only": True}, "out_of_scope",
             set(), set(), "Art. 2(3)"),
    Scenario("research prototype before the market", ("provider",),
             {**SYSTEM, "pre_market_research": True}, "out_of_scope", set(), set(), "Art. 2(8)"),
    Scenario("open-source sorter of letters", ("provider",),
             {**SYSTEM, "free_open_source": True}, "out_of_scope", set(), set(),
             "Art. 2(12): free and open-source, neither high-risk nor under Article 5 or 50"),
    Scenario("sorter of letters of which all is open", ("provider",),
             {**SYSTEM, "open_source": True}, "out_of_scope", set(), set(),
             "Art. 2(12): of who provides no model it is said of the system"),
    Scenario("open model and a sorter on it that is sold", ("provider", "gpai_provider"),
             {**SYSTEM, **MODEL, "ai_system": True, "open_source": True, "training_flop": 5e24},
             "other", {*LITERACY, "A53-1C", "A53-1D"}, CLASS,
             "Art. 53(2) is about the model: what stands on it is not free by that"),
    Scenario("who uses an open-source sorter of letters", ("deployer",),
             {**SYSTEM, "free_open_source": True}, "out_of_scope", set(), set(),
             "Art. 2(12): the Act does not apply to the system, whoever uses it"),
    Scenario("open-source chatbot", ("provider",),
             {**SYSTEM, "free_open_source": True, "interacts_with_people": True,
              "generates_synthetic_content": True}, "other",
             {*LITERACY, "A50-1", "A50-2", "A50-5"}, CLASS,
             "Art. 2(12): what falls under Article 50 stays in scope"),
    Scenario("open-source ranking of applicants", ("provider",), high("4a", free_open_source=True),
             "high", LITERACY, ANNEX_III_PROVIDER, "Art. 2(12): high-risk stays in scope"),
    Scenario("open-source social scoring", ("provider",),
             {**SYSTEM, "free_open_source": True, "prohibited_practice_c": True}, "prohibited",
             {*LITERACY, "A5-1C"}, CLASS, "Art. 2(12): what falls under Article 5 stays in scope"),
    Scenario("open-source preparatory task at a court", ("provider",),
             {**SYSTEM, "free_open_source": True, "annex_iii_point": "8a", "profiling": False,
              "art6_3_derogation": True}, "other", LITERACY, {*CLASS, "A6-4", "A49-2"},
             "Art. 2(12) beside 6(3): whoever relies on the derogation documents and registers it; "
             "the stricter reading, as no guideline says otherwise"),
    Scenario("open model and the open-source sorter on it", ("provider", "gpai_provider"),
             {**SYSTEM, **MODEL, "ai_system": True, "free_open_source": True, "open_source": True,
              "training_flop": 5e24}, "other", {"A53-1C", "A53-1D"}, set(),
             "Art. 2(12) is about systems: the model keeps its duties (Art. 53(2))"),
    Scenario("serious incident with a death", ("provider",),
             high("5d", serious_incident=True, incident_type="death"), "high", LITERACY,
             {*ANNEX_III_PROVIDER, "A73-2", "A73-4", "A73-6"},
             "Art. 73(4): ten days; the duty comes with the class"),
    Scenario("closed model of 5e24 FLOP", ("gpai_provider",), {**MODEL, "training_flop": 5e24},
             "other", MODEL_ALL, set(), "Art. 53; above 1e23, language: general-purpose"),
    Scenario("open model of 5e24 FLOP", ("gpai_provider",),
             {**MODEL, "training_flop": 5e24, "open_source": True}, "other",
             {"A53-1C", "A53-1D"}, set(), "Art. 53(2): copyright and summary remain"),
    Scenario("open model of 2e25 FLOP", ("gpai_provider",),
             {**MODEL, "training_flop": 2e25, "open_source": True, "serious_incident": False},
             "other", {*MODEL_ALL, "A52-1", "A55-1A", "A55-1B", "A55-1D"}, set(),
             "Art. 53(2): nothing is exempt with systemic risk; 52(1) notification"),
    Scenario("speech recogniser of 1e24 FLOP", ("gpai_provider",),
             {**MODEL, "training_flop": 1e24, "narrow_model": True}, "other", set(), set(),
             "guidelines par. 20: narrow, so no general-purpose model"),
    Scenario("designated model of 5e24 FLOP", ("gpai_provider",),
             {**MODEL, "training_flop": 5e24, "designated_systemic_risk": True,
              "serious_incident": False}, "other",
             {*MODEL_ALL, "A55-1A", "A55-1B", "A55-1D"}, set(), "Art. 51(1)(b)"),
    Scenario("American model, representative needed", ("gpai_provider",),
             {**MODEL, "training_flop": 5e24, "third_country_provider": True}, "other",
             {*MODEL_ALL, "A54-1"}, set(), "Art. 54"),
    Scenario("product that fine-tunes with a tenth of the compute", ("provider",),
             {**SYSTEM, "changes_gpai_model": True, "modification_share": 0.1,
              "interacts_with_people": True, "generates_synthetic_content": True}, "other",
             {*LITERACY, "A50-1", "A50-2", "A50-5"}, CLASS, "below a third: no model provider"),
]  # fmt: skip
