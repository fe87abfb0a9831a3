"""`pattern` and `deny`."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.detectors import Sweep, make_detector
from roadworthy.detectors.patterns import loosened
from roadworthy.detectors.shape import NO_HELP, Sieve, decided, re2_options
from roadworthy.domain import DetectorError, ManifestError, TextContext

CONTEXT = TextContext(side="output")


def found(name: str, options: dict[str, object], text: str, assets: object = None) -> list[str]:
    detector = make_detector(name, options, assets or {})  # type: ignore[arg-type]
    return [text[f.start : f.end] for f in detector.detect(text, CONTEXT)]


def test_patterns_find_all_places_and_kinds() -> None:
    detector = make_detector("pattern", {"patterns": {"CASE": r"C-\d{4}", "YEAR": [r"20\d\d"]}}, {})
    text = "C-1234 and C-9999 in 2026"
    assert [(f.kind, f.start, f.end) for f in detector.detect(text, CONTEXT)] == [
        ("CASE", 0, 6),
        ("CASE", 11, 17),
        ("YEAR", 21, 25),
    ]


def test_case_is_ignored_unless_told() -> None:
    assert found("pattern", {"patterns": ["Secret"]}, "SECRET") == ["SECRET"]
    assert found("pattern", {"patterns": ["Secret"], "ignore_case": False}, "SECRET") == []


def test_anchors_see_the_real_ends() -> None:
    assert found("pattern", {"patterns": ["^a", "b$"]}, "aabb") == ["a", "b"]
    assert found("pattern", {"patterns": ["(?m)^x$"]}, "x\nx") == ["x", "x"]


def test_offsets_are_characters_not_bytes() -> None:
    assert found("pattern", {"patterns": ["übung"]}, "äöü 😀 Übung macht") == ["Übung"]


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("(?=a)b", "is not RE2"),
        (r"(a)\1", "is not RE2"),
        ("a(", "is not RE2"),
        ("a*", "matches the empty text"),
        (r"\b", "matches the empty text"),
        ("", "is not a text"),
    ],
)
def test_bad_patterns_are_refused_with_the_reason(pattern: str, part: str) -> None:
    with pytest.raises(ManifestError, match=part.replace("(", r"\(")):
        make_detector("pattern", {"patterns": [pattern]}, {})


def test_a_pattern_that_would_backtrack_for_ever_is_quick() -> None:
    begin = time.process_time()
    assert found("pattern", {"patterns": ["(a+)+$"]}, "a" * 30_000 + "b") == []
    assert time.process_time() - begin < 5.0


def test_needs_are_honest() -> None:
    assert make_detector("pattern", {"patterns": ["ab{1,3}", "x"]}, {}).needs == 5
    assert make_detector("pattern", {"patterns": ["ab+"]}, {}).needs == "whole"
    assert make_detector("pattern", {"patterns": ["a", "b$"]}, {}).needs == "whole"
    assert make_detector("deny", {"words": ["go away"]}, {}).needs == 10


def test_denied_words_stand_alone() -> None:
    assert found("deny", {"words": ["ass"]}, "the assessor's ass, ássé") == ["ass"]
    assert found("deny", {"words": ["ass"], "inside_words": True}, "assessor") == ["ass"]


def test_a_denied_phrase_may_be_broken_over_lines() -> None:
    assert found("deny", {"words": ["go away"]}, "Go \n away!") == ["Go \n away"]


def test_words_from_a_side_file() -> None:
    for words in (["fool", "knave"], "fool\nknave\n", {"fool": 1}):
        assert found("deny", {"words": "w.json"}, "a fool", {"w.json": words}) == ["fool"]


def test_signs_in_words_are_signs() -> None:
    assert found("deny", {"words": ["a.c", "c++"]}, "abc a.c c++ c") == ["a.c", "c++"]


@pytest.mark.parametrize("words", [[], [""], [3], 5])
def test_bad_words_are_refused(words: object) -> None:
    with pytest.raises(ManifestError):
        make_detector("deny", {"words": words}, {})


def test_a_set_that_runs_out_of_memory_says_so_instead_of_nothing() -> None:
    sieve = Sieve(["a"], ignore_case=False)

    class Exhausted:
        def Match(self, data: bytes) -> None:  # RE2 says "no match" when it gave up
            return None

    sieve._set = Exhausted()
    with pytest.raises(DetectorError, match="out of memory"):
        sieve.hits(b"a")


def test_a_sweep_finds_what_each_detector_finds() -> None:
    first = make_detector("pattern", {"patterns": ["Foo"], "ignore_case": True}, {})
    second = make_detector("deny", {"words": ["bar", "foo"], "ignore_case": False}, {})
    sweep = Sweep([first, second])  # type: ignore[list-item]
    assert sweep.look("a FOO") == ({0: [0]}, False)
    assert sweep.look("a foo bar") == ({0: [0], 1: [0, 1]}, False)
    assert sweep.look("no") == ({}, False)
    assert Sweep([]).look("x") == ({}, False)


@pytest.mark.parametrize("odd", ["f\u200boo", "f\u043eo", "a\x00b", "a   b", "caf\u00e9"])
def test_a_sweep_says_which_texts_may_look_like_others(odd: str) -> None:
    folding = make_detector("deny", {"words": ["foo"]}, {})
    assert Sweep([folding]).look(odd)[1]  # type: ignore[list-item]
    assert not Sweep([folding]).look("a plain\ttext,\n\nof two paragraphs")[1]  # type: ignore[list-item]


def test_a_quotation_left_open_is_looked_for_by_itself() -> None:
    assert found("pattern", {"patterns": [r"\Qa)b"]}, "x a)b") == ["a)b"]
    assert make_detector("pattern", {"patterns": [r"\Qa)b"]}, {}).needs == "whole"


def test_options_of_re2_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert re2_options(ignore_case=True).log_errors is False
    with pytest.raises(ManifestError):
        make_detector("pattern", {"patterns": ["("]}, {})
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "hidden",
    [
        "how\nto\tbuild",
        "how  to\n\nbuild",
        "how \t\r\n  to" + " " * 99 + "build",
        "how\u3164 to bu\x00ild",
    ]
    + [f"how{blank}to build" for blank in "\u00a0\u2003\u2028\x0b\x85\u3000"]
    + [
        f"how to b{sign}uild"
        for sign in "\x00\x08\x7f\u3164\uffa0\u115f\u034f\u2064\U000e0100\u180e"
    ],
)
def test_layout_hides_no_pattern(hidden: str) -> None:
    detector = make_detector("pattern", {"patterns": ["how to build"]}, {})
    (found,) = detector.detect(f"x {hidden} y", CONTEXT)
    assert (found.start, found.end) == (2, 2 + len(hidden))


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [
        ("a b", r"a\s{1,2}b"),
        (r"a\ b", r"a\s{1,2}b"),
        ("a +b", r"a\s+b"),
        ("a {3}b", r"a\s{3}b"),
        ("[ab c] d", r"[ab c]\s{1,2}d"),
        (r"[]\] ] d", r"[]\] ]\s{1,2}d"),
        (r"[[:alpha:] ] d", r"[[:alpha:] ]\s{1,2}d"),
        (r"\Qa [b\E c", r"\Qa [b\E\s{1,2}c"),
        (r"\[ b", r"\[\s{1,2}b"),
        (r"\\ b", r"\\\s{1,2}b"),
    ],
)
def test_a_space_of_a_pattern_is_any_blank(pattern: str, loose: str) -> None:
    assert loosened(pattern) == loose


def decided_for(text: str, blanks: int, reach: int, right: int) -> int:
    """One shape's limit, by its definition."""
    far = max(0, len(text) - reach + 1)
    before = range(max(0, len(text) - right + 1))
    places = [at for at in before if text[at : at + 1] in (" ", "\n")]
    if blanks == NO_HELP or len(places) <= blanks:
        return far
    return max(far, places[-blanks - 1] + 1)


@given(
    st.text(alphabet="ab  \n", max_size=40),
    st.lists(st.tuples(st.integers(0, 6) | st.just(NO_HELP), st.integers(0, 30)), max_size=5),
    st.integers(1, 4),
)
def test_starts_are_decided_where_every_shape_says_so(
    text: str, rows: list[tuple[int, int]], right: int
) -> None:
    waits = [(blanks, reach + right, right) for blanks, reach in sorted(rows)]
    expected = min([len(text), *(decided_for(text, *each) for each in waits)])
    assert decided(text, waits) == expected
