"""A copied case proves nothing new, and `check` says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.manifests import check_system


def warned(root: Path, cases: list[dict[str, object]]) -> list[str]:
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    write_system(
        root,
        {
            "suites/copies.yaml": "name: copies\ncases: [copies.jsonl]\n",
            "suites/copies.jsonl": lines,
        },
    )
    return [fault.message for fault in check_system(root) if "the same as" in fault.message]


@pytest.mark.parametrize("copy", ["Where is it?", "where  is it? "])
def test_cases_that_ask_the_same_are_named_once(tmp_path: Path, copy: str) -> None:
    cases = [{"id": f"c{n}", "input": copy if n else "Where is it?"} for n in range(4)]
    (message,) = warned(tmp_path, cases)
    assert "3 cases ask" in message and "`c1` the same as `c0`" in message
    assert "counts each question once" in message


@pytest.mark.parametrize(
    "dress", [{"facets": {"tenant": "y"}}, {"tags": ["tail"]}, {"expect": {"absent": "nonce-7"}}]
)
def test_no_dress_makes_the_same_words_another_question(
    tmp_path: Path, dress: dict[str, object]
) -> None:
    cases = [{"id": "a", "input": "Where is it?"}, {"id": "b", "input": "Where is it?", **dress}]
    assert len(warned(tmp_path, cases)) == 1
    other = [{"id": "a", "input": "Where is it?"}, {"id": "b", "input": "Where was it?", **dress}]
    assert warned(tmp_path, other) == []
