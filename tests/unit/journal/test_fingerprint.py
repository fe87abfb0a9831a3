"""Winnowing: what is surely noticed, what changes nothing, what tells nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.journal.fingerprint import (
    RUN,
    SURELY,
    WINDOW,
    fingerprints,
    shares,
    words_of,
)

KEY = b"k" * 32
WORDS = st.lists(st.sampled_from([f"w{n}" for n in range(400)]), min_size=0, max_size=80)
RUNS = st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=SURELY, max_size=SURELY)


@given(run=RUNS, before=WORDS, after=WORDS, other_before=WORDS, other_after=WORDS)
@settings(max_examples=300)
def test_ten_words_in_common_always_leave_a_mark_in_common(
    run: list[str], before: list[str], after: list[str],
    other_before: list[str], other_after: list[str],
) -> None:  # fmt: skip
    one = fingerprints([*before, *run, *after], KEY)
    other = fingerprints([*other_before, *run, *other_after], KEY)
    assert set(one) & set(other)


@given(WORDS)
def test_a_third_of_the_words_leave_marks(words: list[str]) -> None:
    marks = fingerprints(words, KEY)
    assert marks == sorted(set(marks))
    if len(words) < RUN:
        assert marks == []
    else:
        assert 1 <= len(marks) <= len(words) - RUN + 1


def test_marks_are_few() -> None:
    words = [f"word{number}" for number in range(6_000)]
    assert abs(len(fingerprints(words, KEY)) / len(words) - 2 / (WINDOW + 1)) < 0.02


def test_case_punctuation_and_blanks_do_not_count() -> None:
    plain = "your letter has arrived and a person will read it within two days"
    said = "Your letter --\n**has** arrived; and a Person\twill read it, within two days!"
    assert words_of(said) == words_of(plain)
    assert words_of("\ufb01ne \uff37\uff4f\uff52\uff44\uff53") == ["fine", "words"]


def test_scripts_without_blanks_are_compared_by_character() -> None:
    said = words_of("\u60a8\u7684\u4fe1 OK \u78ba")
    assert said == ["\u60a8", "\u7684", "\u4fe1", "ok", "\u78ba"]


def test_who_lacks_the_key_cannot_tell_which_text_left_a_mark() -> None:
    words = [f"w{number}" for number in range(40)]
    assert not set(fingerprints(words, KEY)) & set(fingerprints(words, b"x" * 32))


@given(WORDS, WORDS)
def test_shares_are_shares(one: list[str], other: list[str]) -> None:
    assert all(0.0 <= share <= 1.0 for share in shares(one, other))
    if len(one) >= RUN:
        assert shares(one, one) == (1.0, 1.0)


def test_a_part_of_an_answer_within_a_letter() -> None:
    answer = [f"a{number}" for number in range(40)]
    letter = [f"l{number}" for number in range(100)]
    of_text, of_answer = shares([*letter, *answer[:20], *letter], answer)
    assert (round(of_text, 3), of_answer) == (round(20 / 220, 3), 0.5)
