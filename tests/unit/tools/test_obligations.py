"""Conditions of a legal inventory mean in CEL what they mean in the inventory."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.expressions import Condition

ROOT = Path(__file__).resolve().parents[3]
INVENTORY = ROOT.parent / "shared" / "law" / "obligations.yaml"


def the_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("obligations", ROOT / "tools" / "obligations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = the_tool()
LEAVES = st.sampled_from((
    "a", "b", "not a", "n > 0", "n != 2", "n >= 2", "s == 'x'", "s in ('x', 'y')", "True",
))  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda x: f"({' '.join(x)})"),
    ),
    max_leaves=8,
)


@given(
    CONDITIONS, st.booleans(), st.booleans(), st.integers(0, 3), st.sampled_from(("x", "y", "z"))
)
def test_a_condition_means_the_same_in_both(said: str, a: bool, b: bool, n: int, s: str) -> None:
    names: dict[str, Any] = {"a": a, "b": b, "n": n, "s": s}
    assert Condition(TOOL.to_cel(said)).holds(names) == bool(eval(said, {}, names))  # our words


@pytest.mark.parametrize("said", ["f(a)", "a + 1 > 2", "a < b < c", "[a]", "a.b", "a if b else c"])
def test_what_the_inventory_does_not_have_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="a condition cannot hold"):
        TOOL.to_cel(said)


@pytest.mark.skipif(not INVENTORY.is_file(), reason="the legal inventory is not in this checkout")
def test_the_catalogue_holds_the_inventory_word_for_word() -> None:
    import yaml

    from roadworthy.compliance import shipped

    catalogue = yaml.safe_load(shipped()[0].read_text("utf-8"))
    assert catalogue["obligations"] == TOOL.translated(yaml.safe_load(INVENTORY.read_text("utf-8")))
