"""The fast way through a case file and the careful one agree on which lines are sound."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Case
from roadworthy.manifests.document import Document
from roadworthy.manifests.jsonl_reader import read_lines


class _Pairs(tuple[tuple[str, Any], ...]):
    """A mapping as it stands in a file: a key may stand in it twice."""


_KEYS = st.sampled_from(["a", "b", 'q"', "back\\slash", "höhe", "\u2028"])
_TEXTS = st.text(alphabet='ab"\\:{}[],é\u2028\n', max_size=8)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(_KEYS, inner), max_size=4).map(_Pairs),
    ),
    max_leaves=8,
)


def _written(value: Any, *, ascii_only: bool) -> str:
    """The value as JSON; quotation marks also as code units when `ascii_only`."""
    if isinstance(value, _Pairs):
        pairs = (
            f"{_written(key, ascii_only=ascii_only)}: {_written(item, ascii_only=ascii_only)}"
            for key, item in value
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item, ascii_only=ascii_only) for item in value) + "]"
    text = json.dumps(value, ensure_ascii=ascii_only)
    return text.replace('\\"', "\\u0022") if ascii_only else text


def _is_sound(value: Any) -> bool:
    """Every key once, and in ASCII."""
    if isinstance(value, _Pairs):
        names = [key for key, _ in value]
        return (
            len(set(names)) == len(names)
            and all(map(str.isascii, names))
            and all(_is_sound(item) for _, item in value)
        )
    return not isinstance(value, list) or all(map(_is_sound, value))


@given(
    context=st.lists(st.tuples(_KEYS, _VALUES), max_size=4).map(_Pairs), ascii_only=st.booleans()
)
def test_a_line_with_a_key_twice_is_never_read(context: _Pairs, ascii_only: bool) -> None:
    line = f'{{"id":"a","input":"x","context":{_written(context, ascii_only=ascii_only)}}}'
    document = Document("cases.jsonl")
    read = read_lines([line.encode()], document, Case)
    assert bool(read) == _is_sound(context), line
    assert bool(document.faults) != _is_sound(context), line
