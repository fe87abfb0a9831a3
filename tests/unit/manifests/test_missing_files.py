"""What is said of a file that is named and not there: what would be right, and nothing absurd."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.systems import FILES, write_system
from roadworthy.domain import Fault
from roadworthy.manifests import check_system
from roadworthy.manifests.folder import BY_THEIR_NAME
from roadworthy.manifests.kinds import KINDS

MODEL = "  provider: openai_compatible\n  name: small\n  upstream: lab\n"


def told(root: Path, named: str, more: dict[str, str] | None = None) -> Fault:
    """The fault of a rule file that is named so."""
    model = f"  provider: rule\n  name: words\n  file: {named}\n"
    candidate = FILES["candidate.yaml"].replace(MODEL, model)
    assert candidate != FILES["candidate.yaml"]
    write_system(root, {"candidate.yaml": candidate, **(more or {})})
    (found,) = [
        one for one in check_system(root) if one.severity == "error" and "model.file" in one.message
    ]
    return found


@pytest.mark.parametrize(
    "named", ["baseline.yaml", "candidates.yaml", "rollouts.yaml", "charte.yaml"]
)
def test_no_manifest_is_suggested_for_a_missing_rule_file(named: str, tmp_path: Path) -> None:
    found = told(tmp_path, named)
    assert "does not exist" in found.message
    assert found.fix == "create the file, or correct the name"


def test_a_file_of_a_similar_name_is_suggested(tmp_path: Path) -> None:
    found = told(tmp_path, "word.yaml", {"words.yaml": "labels: {}\n"})
    assert found.fix == "did you mean `words.yaml`?"
    other = told(tmp_path, "words.json", {"words.yaml": "labels: {}\n"})
    assert other.fix == "did you mean `words.yaml`?"


def test_a_folder_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    found = told(tmp_path, "words")
    assert found.message.endswith("names `words`, which is a folder, not a file")
    assert found.fix == "name a file"


def test_what_is_read_by_its_name_is_kept_equal() -> None:
    at_the_root = {kind.file for kind in KINDS.values() if "/" not in kind.file}
    assert at_the_root - {"rails.yaml", "calibration.json", "reference.json"} == BY_THEIR_NAME
