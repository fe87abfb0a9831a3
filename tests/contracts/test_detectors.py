"""Every detector keeps the port's duties: offsets inside the text, in order, the same each time."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.rail_lines import OUTPUT, a_line, a_rail, answered
from roadworthy.detectors import DETECTOR_NAMES, make_detector

OPTIONS: dict[str, dict[str, Any]] = {
    "cel": {"expression": "size(output) > 20"},
    "classifier": {"weights": {"bias": 0.1, "weights": {"ab": 1.0}}},
    "linear": {"weights": {"bias": 0.1, "weights": {"ab": 1.0}}, "ngrams": 2, "counting": "unit"},
    "deny": {"words": ["ab", "4111", "on"]},
    "pattern": {"patterns": ["a.", r"\d+", "^x"]},
    "prompt_leak": {"canary": ["ab call card x", "AKIAIOSFODNN7ABCDEFG"]},
    "schema": {"schema": {"type": "array"}},
    "verbatim": {"texts": ["ab call card x 1 ab call card x"], "words": 5},
}
# What real texts are made of, and what hides in them.
PARTS = [
    "call ",
    "tel 030 9018 20, ",
    "card 4111 1111 1111 1111 ",
    "4111\u20111111\u20111111",
    "\n",
]
PARTS += ["jane@example.org ", "DE89 3704 0044 0532 0130 00 ", "SSN 536-90-4399. ", "x", "1", " "]
PARTS += ["password: Sommer2024 ", "key=", "AKIAIOSFODNN7ABCDEFG ", "http://a:b1c2d3@h ", "\u200b"]
PARTS += ["ab", "é\u0301", "\u0430", "VAT DE136695976 ", "-----BEGIN PRIVATE KEY-----", "[1, 2]"]

texts = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@settings(max_examples=40, deadline=None)
@given(text=texts)
def test_findings_lie_in_the_text_in_order_and_are_repeatable(name: str, text: str) -> None:
    detector = make_detector(name, OPTIONS.get(name, {}), {})
    found = list(detector.detect(text, OUTPUT))
    assert found == list(detector.detect(text, OUTPUT))
    assert [f.start for f in found] == sorted(f.start for f in found)
    for finding in found:
        assert 0 <= finding.start <= finding.end <= len(text)
        assert 0.0 <= finding.score <= 1.0
        assert finding.kind == finding.kind.upper()


@settings(max_examples=120, deadline=None)
@given(texts, st.sampled_from(["redact", "block"]), st.integers(1, 9))
def test_personal_data_and_secrets_stream_as_they_stand(text: str, action: Any, size: int) -> None:
    line = a_line(a_rail("pii", "redact", id="p"), a_rail("secrets", action, id="s"))
    left, plain = answered(line, text)
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    left_too, streamed = answered(line, *cut)
    assert left + plain.text == left_too + streamed.text
    assert plain.verdicts == streamed.verdicts
    assert plain.action == streamed.action
    for secret in ("4111 1111 1111 1111", "jane@example.org", "AKIAIOSFODNN7ABCDEFG"):
        # Glued to a letter or digit before it, it is another word and no longer what it was.
        assert not re.search(rf"(?<![^\W_]){re.escape(secret)}", left + plain.text)
