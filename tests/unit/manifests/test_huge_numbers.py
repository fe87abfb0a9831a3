"""Numbers beyond everything are faults with a line, in every kind of file."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.domain import ManifestError
from roadworthy.manifests import check_system

HUGE = ["9" * 5000, "0x" + "f" * 5000, "99999999999999999999", "-99999999999999999999"]


@pytest.mark.parametrize("number", HUGE)
def test_a_huge_number_in_toml_is_a_fault_with_its_line(tmp_path: Path, number: str) -> None:
    root = write_system(tmp_path)
    (root / "roadworthy.toml").write_text(f"[listen]\nport = {number}\n")
    with pytest.raises(ManifestError) as caught:
        raise ManifestError(check_system(root))
    assert any(fault.file == "roadworthy.toml" for fault in caught.value.faults)


@pytest.mark.parametrize("number", [*HUGE, "1e999", "-1e999"])
def test_a_huge_number_in_yaml_is_a_fault_with_its_line(tmp_path: Path, number: str) -> None:
    root = write_system(tmp_path)
    candidate = root / "candidate.yaml"
    text = candidate.read_text("utf-8")
    candidate.write_text(f"{text}assertions: {number}\n", "utf-8")
    lines = text.count("\n") + 1
    found = [
        fault
        for fault in _faults(root)
        if fault.file == "candidate.yaml" and fault.severity == "error"
    ]
    assert [fault.line for fault in found] == [lines]


def _faults(root: Path):
    try:
        return check_system(root)
    except ManifestError as error:
        return error.faults
