from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.growing import CHAT, CLAIM, CLOSED, OPEN, a_claim, grown
from roadworthy.domain import GENERATORS, Case, Expect, GeneratorUse, UsageError
from roadworthy.evaluation.case_lines import case_lines
from roadworthy.evaluation.growth import Grow, grow, uses_of
from roadworthy.evaluation.makers import MAKERS

PURE = [name for name in GENERATORS if name in MAKERS and name != "payloads"]


def tags(case: Case, prefix: str) -> list[str]:
    return [tag for tag in case.tags if tag.startswith(prefix)]


def test_every_generator_has_a_maker_or_needs_a_model():
    needs_model = {name for name, spec in GENERATORS.items() if spec.needs == "model"}
    assert set(MAKERS) == set(GENERATORS) - needs_model


@pytest.mark.parametrize("surface", [CLOSED, OPEN, CHAT], ids=["closed", "open", "chat"])
@pytest.mark.parametrize("name", PURE)
def test_what_grows_says_what_it_is(name, surface):
    """Of three products: cases with tags, origin and something to be judged by, or a reason."""
    growth = grown(name, surface=surface, per_case=3)
    assert sum(growth.made.values()) + sum(
        n for reasons in growth.skipped.values() for n in reasons.values()
    )
    for case in growth.cases:
        assert "grown" in case.tags
        assert case.origin["of"] == "c1"
        if case.origin["generator"] == "unchanged" or case.id.endswith("-control"):
            continue
        assert len(tags(case, "hazard:")) == 1
        assert case.origin["generator"] == name
        assert case.expect != Expect()
        assert (case.input, case.turns) != (CLAIM, [])
    everything = case_lines(growth.cases)
    decoder = msgspec.json.Decoder(Case)
    assert [decoder.decode(line) for line in everything.splitlines()] == growth.cases


def test_the_same_seed_gives_the_same_bytes_whatever_python_hashes():
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from doubles.growing import *; from roadworthy.evaluation.makers import MAKERS;"
        "from roadworthy.evaluation.case_lines import case_lines;"
        "names=[n for n in MAKERS if n != 'payloads'];"
        "sys.stdout.buffer.write(case_lines(grown(*names, surface=OPEN, seed=3, per_case=4).cases))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C"},
        ).stdout
        for seed in ("0", "4711")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 40


def test_another_seed_gives_other_cases():
    assert case_lines(grown(*PURE, seed=1).cases) != case_lines(grown(*PURE, seed=2).cases)


def test_a_generator_or_case_more_changes_no_other_case():
    alone = {case.id: case for case in grown("typos", "homoglyphs").cases}
    both = {
        case.id: case
        for case in grown(
            "typos", "direct_injection", "homoglyphs", cases=[a_claim(), a_claim("c2")]
        ).cases
    }
    for name in ("c1~typos-1", "c1~homoglyphs-1"):
        assert both[name] == alone[name]


def test_a_perturbation_is_a_pair_with_the_unchanged_case():
    growth = grown("typos", "casing")
    anchor = next(case for case in growth.cases if case.id == "c1~consistency-0")
    assert anchor.input == CLAIM
    assert tags(anchor, "group:") == ["group:c1~typos-1", "group:c1~casing-1"]
    for case in growth.cases:
        if case is not anchor:
            assert tags(case, "group:") == [f"group:{case.id}"]
            assert case.expect == Expect(label="motor")
            assert {"consistency"} <= set(case.tags)


def test_what_is_true_of_the_case_is_true_of_its_variant():
    base = a_claim(
        expect=Expect(action="hold"), tags=["golden", "never:injury", "tail", "group:x", "ood"]
    )
    case = next(case for case in grown("typos", cases=[base]).cases if "typos" in case.id)
    assert case.expect == Expect(action="hold")
    assert {"never:injury", "ood"} <= set(case.tags)
    assert not {"golden", "tail", "group:x"} & set(case.tags)


def test_an_attack_on_a_case_that_must_be_held_still_wants_it_held():
    base = a_claim(expect=Expect(action="hold"), tags=["never:injury"])
    for name in ("direct_injection", "encodings", "role_play", "many_shot", "crescendo"):
        others = [a_claim(f"o{n}", input=f"{CLAIM} Number {n}.") for n in range(4)]
        (case,) = grown(
            name, cases=[base], surface=msgspec.structs.replace(
                CLOSED, samples=tuple((str(o.input), "motor") for o in others)
            ),
        ).cases  # fmt: skip
        assert case.expect == Expect(action="hold")
        assert "never:injury" in case.tags


def test_an_attack_of_its_own_does_not_carry_the_tags_of_its_carrier():
    base = a_claim(tags=["golden", "ood", "unanswerable"])
    (case,) = grown("misuse", cases=[base]).cases
    assert not {"ood", "unanswerable"} & set(case.tags)


def test_grown_cases_do_not_grow_again():
    once = grown("typos").cases
    again = grown("typos", cases=[a_claim(), *once]).cases
    assert [case.id for case in again] == [case.id for case in once]


def test_a_case_named_like_one_of_ours_is_refused():
    with pytest.raises(UsageError, match="taken already"):
        grown("typos", cases=[a_claim(), a_claim("c1~typos-1")])


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_senseless_numbers_are_refused(number):
    with pytest.raises(UsageError, match="--per-case"):
        grown("typos", per_case=number)


def test_a_million_cases_are_refused_before_the_first():
    cases = [a_claim(f"c{n}") for n in range(1_001)]
    with pytest.raises(UsageError, match="at most 1,000,000"):
        grown("typos", cases=cases, per_case=1_000)


def test_no_case_is_refused():
    with pytest.raises(UsageError, match="no case to grow from"):
        grown("typos", cases=[a_claim(tags=["grown"])])


def test_a_wrong_name_gets_the_nearest_right_one():
    with pytest.raises(UsageError) as caught:
        uses_of(("typoes",), ())
    assert "did you mean 'typos'?" in caught.value.fix


def test_a_wrong_option_gets_what_it_means():
    with pytest.raises(UsageError, match="must be between"):
        uses_of((), (GeneratorUse(generator="typos", options={"rate": float("nan")}),))


def test_the_suites_options_hold_for_a_named_generator():
    written = (GeneratorUse(generator="typos", per_case=4),)
    assert uses_of(("typos", "casing"), written)[0].per_case == 4


def test_by_default_all_but_models_and_outside_sets():
    assert {use.generator for use in uses_of((), ())} == set(PURE)


HOSTILE = ["", "\x00", "{text}", "{{7*7}}", "%s", "\ud7ff\ue000", "🦉" * 300, "\u202e", "a\n" * 99]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:12])
def test_hostile_text_grows_as_text_or_not_at_all(text):
    for surface in (CLOSED, OPEN):
        base = a_claim("x/../y {seed}", input=text, tags=["{0}"], facets={"language": "{en}"})
        growth = grown(*PURE, cases=[base], surface=surface)
        assert isinstance(case_lines(growth.cases).decode(), str)
        assert bool(growth.cases) == bool(text)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=200), st.sampled_from(PURE), st.integers(0, 2**53))
def test_any_text_and_seed_grow_or_say_why(text, name, seed):
    growth = grown(name, cases=[a_claim(input=text)], seed=seed, surface=OPEN)
    reasons = sum(n for each in growth.skipped.values() for n in each.values())
    assert growth.made[name] + reasons == 1


@pytest.mark.parametrize(
    "given_input",
    [
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": CLAIM}],
        {"input": CLAIM, "amount": 3, "note": "x"},
        {"document": CLAIM, "n": 1},
    ],
)
def test_only_the_text_of_an_input_changes(given_input):
    case = next(
        case
        for case in grown("typos", cases=[a_claim(input=given_input)]).cases
        if "typos" in case.id
    )
    assert type(case.input) is type(given_input)
    assert case.input != given_input
    if isinstance(given_input, list):
        assert case.input[0] == given_input[0]
    else:
        assert {key for key in given_input if case.input[key] != given_input[key]} == {
            "input" if "input" in given_input else "document"
        }


def test_a_case_without_a_text_is_counted():
    base = a_claim(input=[{"role": "system", "content": "x"}])
    growth = grown("typos", cases=[base])
    assert growth.skipped["typos"] == {"the case has no text that a person wrote": 1}


def test_variants_of_a_grouped_case_carry_its_group_and_their_own():
    for case in grown(
        "typos", "counterfactual_names", cases=[a_claim(tags=["golden", "group:acme"])]
    ).cases:
        assert case.grown_from == "group:acme"
        assert "group:acme" not in case.tags


GOALS = ("steering", "prompt_leak", "data_leak", "misuse")
TECHNIQUES = [name for name in MAKERS if "goals" in GENERATORS[name].options]


def two_languages(n: int) -> list[Case]:
    return [a_claim(f"c{i}", facets={"language": "en" if i % 2 == 0 else "de"}) for i in range(n)]


@pytest.mark.parametrize("languages", [[], ["en", "de"]], ids=["the case's", "asked for"])
@pytest.mark.parametrize("per_case", [1, 2])
@pytest.mark.parametrize("technique", TECHNIQUES)
def test_each_hazard_has_its_share_in_each_language(technique, per_case, languages):
    """Cases that alternate between two languages leave neither with half of the hazards."""
    spec = GENERATORS[technique]
    asked = {"languages": languages} if "languages" in spec.options else {}
    use = GeneratorUse(generator=technique, options=asked)
    growth = grow(two_languages(64), OPEN, Grow(uses=(use,), per_case=per_case))
    share = Counter(
        (tags(case, "hazard:")[0][7:], tags(case, "language:")[0][9:], case.facets["language"])
        for case in growth.cases
    )
    hazards = [goal for goal in GOALS if goal in spec.options["goals"].default]
    words = {words for _, words, _ in share}
    assert len(hazards) > 1
    for own in ("en", "de"):
        for hazard in hazards:
            assert sum(n for (what, _, of), n in share.items() if (what, of) == (hazard, own))
    if technique != "encodings":  # some codes know no letters beyond ASCII
        assert words == {"en", "de"}
        each = [sum(n for (h, w, _), n in share.items() if (h, w) == (hazard, word))
                for hazard in hazards for word in words]  # fmt: skip
        assert max(each) - min(each) <= 2


@pytest.mark.parametrize("surface", [CLOSED, OPEN, CHAT], ids=["closed", "open", "chat"])
def test_what_grew_is_no_request_of_the_session_of_its_base(surface):
    found = grown(*PURE, surface=surface, cases=[a_claim(session="eve")]).cases
    assert len(found) > 10
    assert all(case.session is msgspec.UNSET for case in found)
