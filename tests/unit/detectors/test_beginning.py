"""What of a growing text may still become a match, and what leaves without waiting."""

from __future__ import annotations

import pytest

from roadworthy.detectors import ShapeDetector, make_detector
from roadworthy.detectors.beginning import Undecided
from roadworthy.detectors.extent import UNKNOWN, extent_of
from roadworthy.detectors.shape import Shape, decided, wait_for, waits_for


def a_shape(pattern: str, right: int = 1) -> Shape:
    return Shape(kind="X", pattern=pattern, extent=extent_of(pattern), right=right)


def undecided(*patterns: str, ignore_case: bool = False, right: int = 1) -> Undecided:
    return Undecided((a_shape(pattern, right), ignore_case) for pattern in patterns)


def waiting(detector: ShapeDetector, text: str) -> str:
    """The end of a text that has to wait."""
    found = Undecided((shape, detector.ignore_case) for shape in detector.shapes)
    return text[found.before(text) :]


@pytest.mark.parametrize(
    ("pattern", "text", "waits"),
    [
        ("secret", "no secrecy", ""),
        ("secret", "no sec", "sec"),
        ("secret", "sesec", "sec"),
        (r"\d{3}-\d{2}", "room 12", "12"),
        (r"\d{3}-\d{2}", "room 12 ", ""),
        (r"\bab?c\b", "xa", ""),
        (r"\bab?c\b", "x ab", "ab"),
        (r"\bab?c\b", "x abc", "abc"),
        ("a(?:b|cd)e", "acd", "acd"),
        ("(?i)Straße", "die STRA", "STRA"),
        (r"\Qa.b\E", "a.", "a."),
        ("a{,3}", "xa{", "a{"),
        ("é+1x{2}", "aéé", "éé"),
        (r"(?:x{1,40}@)y", "x" * 9, "x" * 9),
    ],
)
def test_only_a_beginning_waits(pattern: str, text: str, waits: str) -> None:
    shape = Shape(kind="X", pattern=pattern, extent=extent_of(pattern))
    assert text[Undecided([(shape, False)]).before(text) :] == waits or shape.extent.whole


def test_a_match_waits_for_what_comes_after_it_may_refuse_it() -> None:
    assert undecided("ab", right=3).before("x abcde") == 7
    assert undecided("ab", right=3).before("x abcd") == 2
    assert undecided("ab", right=1).before("x abc") == 5


def test_letters_of_either_case_where_the_detector_does_not_tell_them_apart() -> None:
    assert undecided("secret", ignore_case=True).before("a SEC") == 2
    assert undecided("secret").before("a SEC") == 5


def test_of_personal_data_and_secrets_a_word_waits_and_no_sentence() -> None:
    pii, secrets = (make_detector(name, {}, {}) for name in ("pii", "secrets"))
    assert isinstance(pii, ShapeDetector) and isinstance(secrets, ShapeDetector)
    said = "We are sorry to hear of your claim"
    assert waiting(pii, said) == "claim"
    assert waiting(pii, said + " ") == ""
    assert waiting(secrets, said + " ") == ""
    assert waiting(pii, "Call 0301 234") == "0301 234"
    assert waiting(pii, "IBAN DE89 3704 00") == "DE89 3704 00"
    assert len(waiting(pii, "x" * 5000)) <= int(pii.needs)


def test_syntax_that_nobody_knows_waits_as_long_as_a_match_may_be() -> None:
    shape = Shape(kind="X", pattern="a(?i)b", extent=extent_of("a(?i)b"))
    other = a_shape("secret")
    text = "nothing of it here"
    mixed = Undecided([(shape, False), (other, False)])
    assert not mixed.knows_all
    assert mixed.before(text) == decided(text, waits_for([wait_for(shape)])) < len(text)
    assert undecided("secret").knows_all


def test_more_patterns_than_there_is_room_for_wait_as_long_as_a_match_may_be() -> None:
    many = [a_shape(f"word{n:06}" + "[a-z]{9}" * 9) for n in range(3000)]
    found = Undecided((shape, False) for shape in many)
    assert not found.knows_all
    assert found.before("a text") == decided("a text", waits_for(map(wait_for, many)))


def test_those_who_wait_least_give_way_where_there_is_no_room_for_all() -> None:
    words = [a_shape(f"word{n:05}") for n in range(3000)]
    address = a_shape(r"\d[\d ]{1,60}@[a-z]{2,60}")
    found = Undecided((shape, False) for shape in [*words, address])
    assert not found.knows_all
    text = "nothing of it stands here "
    assert len(text) - found.before(text) <= words[0].reach


def test_nothing_to_look_for_holds_nothing_back() -> None:
    assert Undecided([]).before("a text") == 6
    assert UNKNOWN.whole
