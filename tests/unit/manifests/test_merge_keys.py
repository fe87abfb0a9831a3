"""Merge keys of YAML are refused in words that say so, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.domain import ManifestError
from roadworthy.manifests import check_system


@pytest.mark.parametrize("merged", ["<<: *usual", "<<: [*usual]", "<<: {cadence: weekly}"])
def test_a_merge_key_is_named_with_what_to_write(tmp_path: Path, merged: str) -> None:
    root = write_system(tmp_path)
    charter = root / "charter.yaml"
    text = charter.read_text("utf-8")
    lines = len(text.splitlines())
    charter.write_text(f"{text}x-usual: &usual\n  cadence: monthly\nreview:\n  {merged}\n", "utf-8")
    with pytest.raises(ManifestError) as caught:
        raise ManifestError(check_system(root))
    (fault,) = [one for one in caught.value.faults if "merge" in one.message]
    assert (fault.file, fault.line) == ("charter.yaml", lines + 4)
    assert "merge keys (`<<`) are not supported" in fault.message
    assert "write the keys out" in fault.fix
    assert "`name: *anchor`" in fault.fix


def test_a_quoted_key_of_that_name_is_only_an_unknown_key(tmp_path: Path) -> None:
    root = write_system(tmp_path)
    charter = root / "charter.yaml"
    charter.write_text(charter.read_text("utf-8") + '"<<": 1\n', "utf-8")
    faults = check_system(root)
    assert not [one for one in faults if "merge" in one.message]
    assert [one for one in faults if "`<<` is no key" in one.message]
