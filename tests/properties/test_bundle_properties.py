"""Whatever a user's files hold: it comes back from a bundle, and no two contents share a digest."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import rfc8785
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from doubles.pinnable import CANDIDATE, a_system, candidate
from roadworthy.release import build_bundle, bundle_digest, pin, read_bundle
from roadworthy.release.frozen import blob, freeze, thaw
from roadworthy_verify.covered import encoded

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False)
basic = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
options = st.sampled_from(["0.25", 0.25, "rules/words.json", "w.json", {"$file": "x"}, ["w.json"]])
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | floats | texts
keys = texts | st.sampled_from(["$decimal", "$file", "$$decimal", "$$$file", "$ref"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


def same(first: Any, second: Any) -> bool:
    """Equal in value and in type: 1, 1.0 and True are three things, 0.0 and -0.0 two."""
    if type(first) is not type(second):
        return False
    if isinstance(first, float):
        return first == second and math.copysign(1, first) == math.copysign(1, second)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    return bool(first == second)


@given(values)
def test_freezing_loses_nothing(value: Any) -> None:
    assert same(thaw(freeze(value)), value)


@given(values, values)
def test_two_values_never_freeze_alike(first: Any, second: Any) -> None:
    assume(not same(first, second))
    assert blob(first) != blob(second)


@given(
    st.dictionaries(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])), values)
)
def test_our_json_is_rfc_8785(value: Any) -> None:
    frozen = freeze(value)
    assume(_in_the_basic_plane(frozen))
    assert encoded(frozen) == rfc8785.dumps(frozen)


def _in_the_basic_plane(value: Any) -> bool:
    if isinstance(value, dict):
        return all(
            max(map(ord, key), default=0) < 0x10000 and _in_the_basic_plane(item)
            for key, item in value.items()
        )
    if isinstance(value, list):
        return all(map(_in_the_basic_plane, value))
    return not isinstance(value, int) or isinstance(value, bool) or abs(value) < 2**53


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(texts, values, max_size=3), values)
def test_any_options_and_side_files_come_back(options: dict[str, Any], asset: Any) -> None:
    model = {**CANDIDATE["model"], "options": options}
    system = a_system(candidate=candidate(model=model), assets={"side é.json": asset})
    content = pin(system)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b"
        assert build_bundle(content, path) == bundle_digest(content)
        found = read_bundle(path)[1]
    assert found == content
    assert same(found.assets["side é.json"], asset)
    assert same(found.candidate.model.options, options)


@settings(max_examples=60, deadline=None)
@given(values, values)
def test_two_side_files_never_share_a_candidate(first: Any, second: Any) -> None:
    assume(not same(first, second))
    digests = {
        pin(a_system(assets={"x.json": value})).candidate_digest for value in (first, second)
    }
    assert len(digests) == 2


@settings(max_examples=60, deadline=None)
@given(options, options)
def test_options_that_differ_are_different_candidates(first: Any, second: Any) -> None:
    assume(not same(first, second))
    found = {
        pin(
            a_system(candidate=candidate(model={**CANDIDATE["model"], "options": {"x": option}}))
        ).candidate_digest
        for option in (first, second)
    }
    assert len(found) == 2
