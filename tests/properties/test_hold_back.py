"""However an answer is cut into pieces, what leaves, the verdicts and the action are the same.

And: no character of a blocked match ever left, nor half of a redacted span.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors import make_detector
from roadworthy.domain import (
    CelRule,
    Charter,
    Endpoint,
    NeverEvent,
    PatternRule,
    Rail,
    Rails,
    Rule,
    TextContext,
    Use,
)
from roadworthy.serving import RailLine, RailOutcome

CONTEXT = TextContext(side="output", input="")

PATTERNS = [
    "a",
    "aa",
    "ab{1,3}",
    "a.c",
    r"\bab\b",
    r"\Bb\b",
    "[ab]{2,5}c?",
    r"a\s?b",
    "a b",
    "b a c?1",
    "(?:ab|abc|abcab)1?",
    r"\d{3,6}",
    r"b (?:a |c ){1,2}1",
    "[^a]c1",
    "é",
    "ae",
    r"\w{1,9}@\w{1,9}",
    r"\sab{1,2}",
    " a b",
]
WORDS = ["ab", "a b", "c1", "aé", "aaaa"]

# Letters that the patterns are made of, blanks, an accent that rides, a letter that looks Latin,
# a zero-width sign, one that unfolds, a lone surrogate, an emoji, what shows as a blank or may.
LETTERS = "aabbcc11  \n.@é\u0301\u0430\u200b\ufb01\ud800\U0001f600\u3164\u1680\x1c"

# What the patterns nearly match, so that most texts have hits, near hits and half hits.
FRAGMENTS = [*LETTERS, "ab", "abb", "a c", "a b", "aa", "aaaa", "abcab1", "b a c 1", "1111", "xc1"]
FRAGMENTS += ["   ", "a    b", "\t", "\x00", "\u3164", "b\n\n  a\x08  1", "      "]
FRAGMENTS += [
    "\u200b\u200b",
    "\ufe0f",
    "a\u200bb\u3164a",
    " \u200b ",
    "\u200b \n\n\u00adb",
    "\x08\u0301",
]
FRAGMENTS += ["a@b", "a.b@cc.de ", "ae\u0301", "\u0430b", "a\u200bb", "zz ", " ", " ", "zz"]

texts = st.lists(st.sampled_from(FRAGMENTS), min_size=4, max_size=25).map("".join)
# Long enough that decided text is forgotten on the way.
long_texts = st.lists(st.sampled_from(FRAGMENTS), min_size=200, max_size=400).map("".join)


@st.composite
def rails(draw: Any) -> list[Rail]:
    made = []
    for at in range(draw(st.integers(1, 3))):
        action = draw(st.sampled_from(["block", "redact", "redact", "flag"]))
        options: dict[str, Any]
        kind = draw(st.sampled_from(["pattern", "pattern", "pattern", "deny", "pii"]))
        if kind == "pattern":
            chosen = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2))
            options = {"patterns": chosen, "normalise": draw(st.booleans())}
        elif kind == "deny":
            options = {"words": draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))}
        else:
            options = {"kinds": ["EMAIL"]}
        replacement = draw(st.sampled_from(["", "[gone]"]))
        made.append(
            Rail(
                id=f"r{at}",
                detector=kind,
                options=options,
                action=action,
                on="output",
                replacement=replacement,
            )
        )
    return made


@st.composite
def cut(draw: Any, text: str) -> list[str]:
    at = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]


def a_charter(*never: NeverEvent) -> Charter:
    return Charter(
        system="s",
        title="S",
        owners={},
        human_goal="g",
        use=Use(intended_purpose="p"),
        endpoints=[Endpoint(id="e", fallback="f")],
        never=list(never),
    )


def line_of(made: list[Rail], *never: NeverEvent) -> RailLine:
    return RailLine.compile(
        rails=Rails(rails=made), charter=a_charter(*never), assets={}, timer=lambda: 0.0
    )


def answered(line: RailLine, pieces: list[str]) -> tuple[str, RailOutcome]:
    """What left before the end, and the outcome."""
    output = line.output(CONTEXT)
    left = "".join(output.feed(piece) for piece in pieces)
    outcome = output.finish()
    assert output.stopped
    assert output.feed("more") == ""
    return left, outcome


def same(one: tuple[str, RailOutcome], other: tuple[str, RailOutcome]) -> None:
    assert one[0] + one[1].text == other[0] + other[1].text
    assert one[1].verdicts == other[1].verdicts
    assert one[1].action == other[1].action
    assert one[1].rail == other[1].rail
    assert one[1].never == other[1].never


@pytest.mark.parametrize("pattern", [r"\sab", "[ \n]ab 1", r" \d{3} a"])
@pytest.mark.parametrize("text", [" ab 1", "\nab 1", " 123 a", "  ab 1", "a 123 a"])
@pytest.mark.parametrize("action", ["redact", "block"])
def test_what_begins_with_the_answers_first_blank_does_not_leave(
    pattern: str, text: str, action: Any
) -> None:
    """A blank that begins the answer counted as one behind it, so that what began there left."""
    rail = Rail(
        id="r", detector="pattern", options={"patterns": [pattern]}, action=action, on="output"
    )
    line = line_of([rail])
    same(answered(line, list(text)), answered(line, [text]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_cut_gives_the_plain_answer(data: Any) -> None:
    line = line_of(data.draw(rails()))
    text = data.draw(texts)
    plain = answered(line, [text])
    same(plain, answered(line, list(text)))
    same(plain, answered(line, data.draw(cut(text))))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_of_a_blocked_match_ever_leaves(data: Any) -> None:
    made = data.draw(rails())
    line = line_of(made)
    text = data.draw(texts)
    output = line.output(CONTEXT)
    left = "".join(output.feed(piece) for piece in data.draw(cut(text)))
    outcome = output.finish()
    harmless(made, text, left, outcome)


def harmless(made: list[Rail], text: str, left: str, outcome: RailOutcome) -> None:
    """What left tells nothing of a blocked match, and is the redacted text otherwise."""
    starts = [
        finding.start
        for rail in made
        if rail.action == "block"
        for finding in make_detector(rail.detector, rail.options, {}).detect(text, CONTEXT)
    ]
    if starts:
        assert outcome.action == "blocked"
        assert outcome.text == ""
        assert left == redacted_by_hand(made, text)[: len(left)] or not left
        assert longest_beginning(made, text, left) <= min(starts)
    else:
        assert outcome.action == "answered"
        assert left + outcome.text == redacted_by_hand(made, text)


def spans_by_hand(made: list[Rail], text: str) -> list[list[Any]]:
    """Clusters of overlapping redacted spans: [start, end, replacement]."""
    spans = sorted(
        (f.start, -f.end, order, rail.replacement or f"<{f.kind}>")
        for order, rail in enumerate(made)
        if rail.action == "redact"
        for f in make_detector(rail.detector, rail.options, {}).detect(text, CONTEXT)
    )
    clusters: list[list[Any]] = []
    for start, end, _, label in spans:
        if clusters and start < clusters[-1][1]:
            clusters[-1][1] = max(clusters[-1][1], -end)
        else:
            clusters.append([start, -end, label])
    return clusters


def redacted_by_hand(made: list[Rail], text: str) -> str:
    out, at = "", 0
    for start, end, label in spans_by_hand(made, text):
        out += text[at:start] + label
        at = end
    return out + text[at:]


def longest_beginning(made: list[Rail], text: str, left: str) -> int:
    """Up to which character of the text `left` tells anything."""
    at, told = 0, 0
    for start, end, label in [*spans_by_hand(made, text), [len(text), len(text), ""]]:
        if told + (start - at) >= len(left):
            return at + len(left) - told
        told += start - at + len(label)
        at = end
    return at


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rails_that_need_the_whole_let_nothing_leave_before_it(data: Any) -> None:
    pattern = NeverEvent(id="n", statement="s", rule=Rule(pattern=PatternRule(patterns=["ab+c"])))
    size = NeverEvent(id="c", statement="s", rule=Rule(cel=CelRule(expression="size(output) > 40")))
    line = line_of(data.draw(rails()), pattern, size)
    text = data.draw(texts)
    plain = answered(line, [text])
    assert plain[0] == ""
    same(plain, answered(line, data.draw(cut(text))))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=5), texts)
def test_findings_are_those_of_re2_on_the_whole_text(patterns: list[str], text: str) -> None:
    detector = make_detector("pattern", {"patterns": patterns, "normalise": False}, {})
    plain = text.replace("\ud800", "?")
    options = re2.Options()
    options.case_sensitive = False
    expected = sorted(
        match.span()
        for pattern in patterns
        for match in re2.compile(pattern, options).finditer(plain)
    )
    assert [(f.start, f.end) for f in detector.detect(text, CONTEXT)] == expected


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_cut_of_a_long_answer_gives_the_plain_answer(data: Any) -> None:
    line = line_of(data.draw(rails()))
    text = data.draw(long_texts)
    plain = answered(line, [text])
    same(plain, answered(line, list(text)))
    same(plain, answered(line, data.draw(cut(text))))


@pytest.mark.extended
@settings(max_examples=3000, deadline=None)
@given(st.data())
def test_every_cut_gives_the_plain_answer_many_times(data: Any) -> None:
    line = line_of(data.draw(rails()))
    text = data.draw(st.one_of(texts, long_texts))
    plain = answered(line, [text])
    same(plain, answered(line, list(text)))
    same(plain, answered(line, data.draw(cut(text))))


@pytest.mark.parametrize("lead", range(4))
@pytest.mark.parametrize("second", [{"patterns": [r"\bab\b[^a]?"]}, {"patterns": [r"b\Bab .?"]}])
def test_what_stands_before_a_match_is_never_forgotten(lead: int, second: dict[str, Any]) -> None:
    made = [
        Rail(id="words", detector="pii", on="output", action="redact"),
        Rail(id="edges", detector="pattern", on="output", action="redact", options=second),
    ]
    line = line_of(made)
    text = "x" * lead + "zab bbab tel 030 1234567 no. 030 1234567 " * 40
    same(answered(line, [text]), answered(line, list(text)))
    left, outcome = answered(line, list(text))
    assert left + outcome.text == redacted_by_hand(made, text)


EXHAUSTIVE = [
    ("ab ", [r"\bab\b"], ["a"]),
    ("ab ", ["ab{1,3}"], ["b a"]),
    ("ab ", [r"a\s?b", r"\Bb\b"], ["aa"]),
    ("abc", ["(?:ab|abc|abcab)c?"], ["bc"]),
    ("ab\u0301", ["ab"], ["aa"]),
    ("ab\u0430\u200b", ["aab"], ["b{2}a"]),
    ("ab \u200b", [r"a\sb"], ["b a"]),
    ("ab\u200b\u3164", ["ab"], [r"b\sb?a"]),
    ("a\x08\u00ad\n", ["a a"], [r"aa\s"]),
]


@pytest.mark.parametrize(("letters", "first", "second"), EXHAUSTIVE)
@pytest.mark.parametrize(
    "actions", [("block", "redact"), ("redact", "block"), ("redact", "redact")]
)
def test_every_short_text_one_character_at_a_time(
    letters: str, first: list[str], second: list[str], actions: tuple[Any, Any]
) -> None:
    made = [
        Rail(id=f"r{at}", detector="pattern", on="output", action=action, options={"patterns": p})
        for at, (p, action) in enumerate(zip((first, second), actions, strict=True))
    ]
    line = line_of(made)
    for size in range(7 if len(letters) < 4 else 6):
        for signs in itertools.product(letters, repeat=size):
            text = "".join(signs)
            one = answered(line, list(text))
            same(answered(line, [text]), one)
            harmless(made, text, *one)


# Whole ones, beginnings and middles of some, and the words that a number needs beside it.
PERSONAL = [
    *("DE89 3704 0044 0532 0130 00", "DE8937", "GB29NWBK60161331926819", "FR76 ", "4111"),
    *("4111 1111 1111 1111", "5500-0000-0000-0004", "1111 ", "+49 30 1234567", "030 12"),
    *("(030) 123 45 67", "212-555-0123", "call ", "tel. ", "phone: ", "Handy ", "@", ".de"),
    *("jane.doe@example.org", "jane.doe@", "example.org", "856-45-6789", "078-05-", "SSN "),
    *("passport ", "tax number ", "Steuer-ID 36574261809", "3657", "ATU13585627", "192.168.0.1"),
]
SECRET = [
    *("sk-proj-abcDEF123456abcDEF123456", "sk-", "AKIAIOSFODNN7EXAMPLE", "AKIA", "eyJ", "pwd "),
    *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "password: ", "password=hunter2!x9"),
    *("ghp_0123456789abcdefghijABCDEFGHIJ012345", "postgres://u:s3cr3t@db/x", "://u:", "api_key="),
    *("-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN ", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
]
BETWEEN = [*"  \n.-/1a\u200b\u00a0é", " ", "00", "claim ", "The lamp of May ", "x" * 70]
spoken = st.sampled_from([*PERSONAL, *SECRET, *BETWEEN, *BETWEEN])


@cache
def all_kinds(*actions: Any) -> tuple[list[Rail], RailLine]:
    made = [
        Rail(id=name, detector=name, on="output", action=action)
        for name, action in zip(("pii", "secrets"), actions, strict=True)
    ]
    return made, line_of(made)


@pytest.mark.parametrize(
    "actions", [("redact", "redact"), ("redact", "block"), ("block", "redact")]
)
@settings(max_examples=120, deadline=None)
@given(st.data())
def test_personal_data_and_secrets_of_every_kind_leave_by_no_cut(
    actions: tuple[Any, Any], data: Any
) -> None:
    made, line = all_kinds(*actions)
    text = data.draw(st.lists(spoken, min_size=1, max_size=14).map("".join))
    plain = answered(line, [text])
    for pieces in (list(text), data.draw(cut(text))):
        left, outcome = answered(line, pieces)
        same(plain, (left, outcome))
        harmless(made, text, left, outcome)
