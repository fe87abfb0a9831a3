"""Which questions come to the same, and which near misses do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.serving import comes_to


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is my parcel?", "where's my parcel"),
        ("Where is my parcel?", "Hello, could you please tell me where is my parcel? Thanks!"),
        ("I would like to cancel my order", "please cancel my order"),
        ("I need help to reset my password", "Can you reset my password, please?"),
        ("What are the opening hours?", "what are opening hours"),
        ("I can't open my account.", "I cannot open my account"),
        ("Change the PIN of my card", "change PIN of my cards!"),
        ("WHERE IS MY PARCEL", "where is my parcel?"),
        ("Wo ist mein Paket?", "wo ist mein paket?"),
        ("Transfer of 3.50 EUR failed", "transfer of 3.50 EUR failed!!"),
    ],
)
def test_politeness_and_punctuation_make_no_other_question(one: str, other: str) -> None:
    assert comes_to(one) == comes_to(other)
    assert comes_to(one) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I cancel my order?", "I want to cancel my order"),
        ("Is my top up not working?", "My top up is not working"),
        ("Is my top up working?", "Is my top up not working?"),
        ("You closed my account?", "You closed my account."),
        ("Flights from Paris to Rome", "Flights from Rome to Paris"),
        ("Capital city of Austria", "Capital city of Australia"),
        ("Pay 35 euro to Karl", "Pay 3.5 euro to Karl"),
        ("Pay 35 euro to Karl", "Pay -35 euro to Karl"),
        ("Pay $35 to my bank", "Pay €35 to my bank"),
        ("Learn the language C++ now", "Learn the language C now"),
        ("Travel to US in May", "travel to us in may"),
        ("What is your name for me", "what is your name"),
        ("My dose of 10 mg", "My dose of 10 g"),
        ("Cancel order 123", "cancel order 124"),
        ("Show the 1st and 2nd", "show the 2nd and 1st"),
        ("The patient is a he", "The patient is a she"),
        ("Should I take it before lunch?", "Should I take it after lunch?"),
    ],
)
def test_a_near_miss_is_another_question(one: str, other: str) -> None:
    assert comes_to(one) != comes_to(other)


@pytest.mark.parametrize(
    "text",
    ["", "yes", "great, thanks!", "please help", "??? !!!", "x" * 201, "one two\nthree four",
     "run `rm x y`", "a the an"],
)  # fmt: skip
def test_what_says_too_little_or_too_much_comes_to_nothing(text: str) -> None:
    assert comes_to(text) is None


words = st.lists(
    st.sampled_from(["where", "is", "not", "my", "parcel", "35", "-", "please", "Karl", "US", "?"]),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(words, st.integers(0, 7), st.sampled_from(["not", "35", "Karl", "+", "US"]))
def test_a_word_more_is_another_question(said: list[str], at: int, more: str) -> None:
    one, other = " ".join(said), " ".join([*said[:at], more, *said[at:]])
    found = comes_to(one)
    if found is not None:
        assert comes_to(other) != found


@given(st.text(max_size=220))
def test_any_text_is_taken(text: str) -> None:
    found = comes_to(text)
    assert found is None or len(found.split()) >= 3
