"""However an answer is cut into pieces, what leaves, the verdicts and the action are the same.

And: no character of a blocked match ever left, nor half of a redacted span.
"""

from __future__ import annotations

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
    "(?:ab|abc|abcab)1?",
    r"\d{3,6}",
    r"b (?:a |c ){1,2}1",
    "[^a]c1",
    "é",
    "ae",
    r"\w+@\w+",
    r"a\z",
]
WORDS = ["ab", "a b", "c1", "aé", "aaaa"]

# Letters that the patterns are made of, blanks, an accent that rides, a letter that looks Latin,
# a zero-width sign, one that unfolds, a lone surrogate, an emoji.
LETTERS = "aabbcc11  \n.@é\u0301\u0430\u200b\ufb01\ud800\U0001f600"

texts = st.text(alphabet=LETTERS, max_size=60)


@st.composite
def rails(draw: Any) -> list[Rail]:
    made = []
    for at in range(draw(st.integers(1, 4))):
        action = draw(st.sampled_from(["block", "redact", "flag", "flag"]))
        options: dict[str, Any]
        kind = draw(st.sampled_from(["pattern", "pattern", "pattern", "deny", "pii"]))
        if kind == "pattern":
            chosen = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4))
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


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_cut_gives_the_plain_answer(data: Any) -> None:
    line = line_of(data.draw(rails()))
    text = data.draw(texts)
    plain = answered(line, [text])
    same(plain, answered(line, list(text)))
    same(plain, answered(line, data.draw(cut(text))))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_of_a_blocked_match_ever_leaves(data: Any) -> None:
    made = data.draw(rails())
    line = line_of(made)
    text = data.draw(texts)
    output = line.output(CONTEXT)
    left = "".join(output.feed(piece) for piece in data.draw(cut(text)))
    outcome = output.finish()
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


@pytest.mark.extended
@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_every_cut_gives_the_plain_answer_at_length(data: Any) -> None:
    line = line_of(data.draw(rails()))
    text = data.draw(st.text(alphabet=LETTERS, max_size=700))
    plain = answered(line, [text])
    same(plain, answered(line, list(text)))
    same(plain, answered(line, data.draw(cut(text))))
