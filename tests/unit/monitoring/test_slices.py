"""Names of slices: whatever a caller writes into a facet, a name is of one slice and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Observation
from roadworthy.monitoring import by_facets, slice_facets, slice_name

texts = st.text(alphabet="ab,=\\ ü", max_size=8)


@given(st.dictionaries(texts.filter(bool), texts, max_size=3))
def test_a_name_is_read_back(facets: dict[str, str]) -> None:
    assert slice_facets(slice_name(facets)) == facets


def test_two_slices_never_share_a_name() -> None:
    pairs = [{"a": "1,b=2", "b": "3"}, {"a": "1", "b": "2,b=3"}]
    rows = [
        Observation(id=f"o{place}", time="", system="s", release="r", stage="live", facets=facets)
        for place, facets in enumerate(pairs)
    ]
    assert len(by_facets(rows, ["a", "b"])) == 2
    assert list(by_facets(rows[:1], ["b"])) == ["b=3"]
