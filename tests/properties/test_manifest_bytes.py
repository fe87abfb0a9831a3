"""Whatever the bytes of a user's files, there are faults with lines, and never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doubles.systems import FILES, write_system
from roadworthy.domain import Candidate, Charter, Fault, ManifestError, SloFile
from roadworthy.manifests import check_system, load_system
from roadworthy.manifests.document import Document
from roadworthy.manifests.typed import build
from roadworthy.manifests.yaml_reader import read_yaml, resolve

NAMES = sorted(FILES)
SCRAPS = [
    b"\x00", b"\xff", b"\t", b"\r", b"\n", b": ", b"- ", b"&a ", b"*a", b"!!str ", b"{", b"}",
    b"[", b"]", b'"', b"'", b"|", b">", b"#", b"---\n", b"...\n", b"%YAML 1.2\n", b"? ", b"~",
    b".nan", b"1e999", b"0x1F", b"<<: ", b"{{", b"}}", b"{%", b"%}", b"null", b"true",
    b"\xe2\x80\xa8", b"\\ud800",
    b"9" * 60, b"[" * 50, b"..", b"/", b"(?P<", b"$ref", b"\xed\xa0\x80",
]  # fmt: skip


def check(changes: dict[str, bytes]) -> list[Fault]:
    """The faults of the sound system with files replaced by bytes; loading agrees with them."""
    with tempfile.TemporaryDirectory() as folder:
        root = write_system(Path(folder))
        for name, data in changes.items():
            (root / name).write_bytes(data)
        faults = check_system(root)
        if any(fault.severity == "error" for fault in faults):
            with pytest.raises(ManifestError):
                load_system(root)
        else:
            load_system(root)
    for fault in faults:
        assert fault.line >= 0
        assert fault.message
        assert "Traceback" not in fault.message
    return faults


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), data=st.binary(max_size=300))
def test_random_bytes_in_any_file(name: str, data: bytes) -> None:
    check({name: data})


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(NAMES),
    edits=st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=1),
            st.integers(min_value=0, max_value=12),
            st.sampled_from(SCRAPS) | st.binary(max_size=6),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_spoiled_files(name: str, edits: list[tuple[float, int, bytes]]) -> None:
    data = FILES[name].encode()
    for where, cut, scrap in edits:
        at = int(where * len(data))
        data = data[:at] + scrap + data[at + cut :]
    check({name: data})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), lines=st.permutations(range(12)))
def test_lines_in_another_order(name: str, lines: list[int]) -> None:
    old = FILES[name].splitlines(keepends=True)
    new = [old[at] for at in lines if at < len(old)] + old[12:]
    check({name: "".join(new).encode()})


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["system", "title", "never", "rule", "id", "cel", "use", "slos", "name", "target"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", [Charter, Candidate, SloFile])
@settings(max_examples=150, deadline=None)
@given(value=_VALUES)
def test_what_the_walk_accepts_is_what_msgspec_accepts(kind: type, value: object) -> None:
    document = Document("any.yaml", value)
    built = build(document, kind)
    try:
        strict = msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError, RecursionError):
        strict = None
    if not document.faults:
        assert strict is not None
        assert built == strict


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_is_a_scalar(text: str) -> None:
    resolve(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{},&*!|>'\"#%@` \n\t?", max_size=80))
def test_any_punctuation_is_yaml_or_a_fault(text: str) -> None:
    document = Document("any.yaml")
    assert read_yaml(text, document) or document.faults
