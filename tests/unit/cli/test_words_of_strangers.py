"""Words of others on a terminal: shown, never obeyed; in JSON the same value, escaped."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.cli.terminal import lines_only, say, seen_json

CONTROLS = "\x1b\x07\x7f\x9b\xad\u061c\u200b\u202e\u2066\ufeff\U000e0041"


@given(st.text() | st.text(alphabet=CONTROLS + 'a"\\\n'))
def test_escaped_json_is_the_same_value(text: str) -> None:
    said = seen_json(msgspec.json.encode({"text": text}).decode())
    assert json.loads(said) == {"text": text}
    assert not set(CONTROLS) & set(said)


@given(st.text())
def test_lines_stay_lines_and_hold_printable_signs_only(text: str) -> None:
    shown = lines_only(text)
    assert shown.count("\n") == text.count("\n")
    assert all(line.isprintable() for line in shown.split("\n"))


def test_what_is_said_drives_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"one{CONTROLS}\ntwo")
    assert not set(CONTROLS) & set(capsys.readouterr().out)
