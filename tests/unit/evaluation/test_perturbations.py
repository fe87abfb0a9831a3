"""Perturbations leave what carries the meaning."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.growing import CLAIM, CLOSED, OPEN, a_claim, a_seed, grown
from roadworthy.domain import Expect
from roadworthy.evaluation.draw import Draw
from roadworthy.evaluation.perturbations import homoglyphs, names, rewording, typos
from roadworthy.evaluation.variant import Variant

WORDS = st.lists(
    st.sampled_from(["claim", "not", "never", "SUP-2041", "12.50", "a@b.de", "nicht", "window"]),
    min_size=1,
    max_size=30,
).map(" ".join)


@settings(deadline=None)
@given(WORDS, st.integers(0, 1_000))
def test_a_typo_spares_numbers_codes_addresses_and_denials(text, seed):
    made = typos.make(a_seed("typos", a_claim(input=text), options={"rate": 1.0}), Draw(seed))
    if isinstance(made, str):
        assert not re.search("claim|window", text)
        return
    before, after = text.split(), made.text.split()
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert (one == other) == (one not in ("claim", "window"))


def test_a_typo_is_one_slip_of_a_word():
    made = typos.make(a_seed("typos", options={"rate": 0.08}), Draw("x"))
    changed = [
        (one, other)
        for one, other in zip(CLAIM.split(), made.text.split(), strict=True)
        if one != other
    ]
    assert 1 <= len(changed) <= 6
    assert all(abs(len(one) - len(other)) <= 1 for one, other in changed)


def test_a_script_without_capitals_is_not_cased():
    growth = grown("casing", cases=[a_claim(input="我的车在冰上滑了")])
    assert growth.skipped["casing"] == {"a script without capitals": 1}


@pytest.mark.parametrize("mode", ["look_alike", "invisible", "full_width", "combining"])
def test_a_homoglyph_leaves_every_digit(mode):
    seed = a_seed("homoglyphs", options={"modes": [mode], "rate": 1.0})
    made = homoglyphs.make(seed, Draw(1))
    assert isinstance(made, Variant)
    assert re.findall(r"\d+", made.text) == re.findall(r"\d+", CLAIM)
    assert made.text != CLAIM


def test_full_width_and_marks_fold_back_to_the_text():
    for mode in ("full_width", "invisible", "combining"):
        seed = a_seed("homoglyphs", options={"modes": [mode], "rate": 0.5})
        made = homoglyphs.make(seed, Draw(1))
        folded = "".join(
            letter
            for letter in unicodedata.normalize("NFKD", made.text)
            if unicodedata.category(letter) not in ("Mn", "Cf")
        )
        assert folded == CLAIM


def test_long_context_holds_the_case_and_fits_the_prompt():
    import msgspec

    small = msgspec.structs.replace(CLOSED, limits={"input": 900})
    for number in range(3):
        growth = grown("long_context", surface=small, per_case=number + 1)
        for case in growth.cases:
            assert CLAIM in case.input
            assert len(case.input) <= 900
    none = msgspec.structs.replace(CLOSED, limits={"input": len(CLAIM) + 10})
    assert not grown("long_context", surface=none).cases


NAMED = "My name is Oliver Bennett. A van hit my car. Yours, Oliver"


def test_every_mention_of_a_name_is_renamed_and_the_gender_stays():
    known = {name.given: name for name in names._names()}
    for number in range(6):
        seed = a_seed("counterfactual_names", a_claim(input=NAMED), number=number)
        made = names.make(seed, Draw(0))
        assert "Oliver" not in made.text
        assert "Bennett" not in made.text
        given_name = made.text.split()[3]
        assert made.text.endswith(f"Yours, {given_name}")
        assert known[given_name].gender == "m"


def test_neighbouring_names_are_of_different_groups():
    for number in range(8):
        one, other = (
            names.make(a_seed("counterfactual_names", number=n), Draw(0)).detail.split("/")[0]
            for n in (number, number + 1)
        )
        assert one != other


def test_the_name_in_the_expectation_changes_too():
    case = a_claim(input=NAMED, expect=Expect(text="Dear Oliver Bennett, thank you."))
    made = names.make(a_seed("counterfactual_names", case), Draw(0))
    full = re.search(r"My name is (\S+ \S+)\.", made.text)[1]
    assert made.expect.text == f"Dear {full}, thank you."


def test_a_name_in_a_pattern_is_left_alone():
    case = a_claim(input=NAMED, expect=Expect(regex="^Oliver"))
    assert "pattern" in names.make(a_seed("counterfactual_names", case), Draw(0))


@pytest.mark.parametrize(
    "text", ["Emily Clarke hit Harry Turner.", "Emily told Harry.", "Priya Sharma and Emily left."]
)
def test_several_people_are_left_alone(text):
    made = names.make(a_seed("counterfactual_names", a_claim(input=text)), Draw(0))
    assert made == "several people are named"


def test_somebody_introduced_under_an_unknown_name_is_not_introduced_twice():
    case = a_claim(input="My name is Quenby Zorro. My roof leaks.")
    made = names.make(a_seed("counterfactual_names", case), Draw(0))
    assert made.text.count("My name is") == 1
    assert "Zorro" not in made.text


def test_nobody_named_in_a_language_without_words_is_a_reason():
    case = a_claim(input="Bilen min ramte en pæl i går aftes.", facets={"language": "da"})
    assert "no words to introduce" in names.make(a_seed("counterfactual_names", case), Draw(0))


def test_flips_are_measured_between_names():
    growth = grown("counterfactual_names", per_case=2)
    anchor, *others = growth.cases
    assert anchor.id == "c1~fairness-0"
    assert "fairness" in anchor.tags
    assert len([tag for tag in anchor.tags if tag.startswith("group:")]) == 2
    assert all(other.input.endswith(CLAIM) for other in others)
    assert len({case.input for case in growth.cases}) == 3


def test_a_look_alike_must_be_answered_and_right():
    (case,) = grown("benign_look_alikes").cases
    assert case.expect == Expect(label="motor", action="answer")
    assert "benign" in case.tags
    guarded = a_claim(expect=Expect(action="block"))
    assert not grown("benign_look_alikes", cases=[guarded]).cases


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "said nothing"),
        (CLAIM.upper(), "the same again"),
        ("My car slid on ice on 13 March, SUP-2041 says 1,240 euro for the wing.", "a number"),
        ("12 2041 1 240", "far too short"),
        (CLAIM.replace("slid", "went") + " word" * 400, "far too short or too long"),
    ],
)
def test_an_answer_that_is_plainly_wrong_is_dropped(answer, reason):
    text, why = rewording.believed(a_seed("paraphrase", surface=OPEN), answer)
    assert text == ""
    assert reason in why


def test_an_answer_that_may_be_right_is_kept_without_its_quotes():
    said = '"On 12 March my car slipped on ice against a lamp post; SUP-2041 wants 1,240 euro."'
    text, why = rewording.believed(a_seed("paraphrase", surface=OPEN), said)
    assert why == ""
    assert text == said.strip('"')


def test_a_translation_goes_into_another_allowed_language():
    seed = a_seed("translation")
    assert rewording.target_language(seed) == "de"
    assert "into German" in rewording.request(seed, Draw(0))
    assert CLAIM in rewording.request(seed, Draw(0))
