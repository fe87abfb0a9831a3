"""Every faulty contract of tests/golden/bad/contract gets exactly the faults that it should.

A folder holds the files that differ from the sound system of `doubles.systems`, and
`expected.json`: every error (file, line, message), or, for folders named `warning-…`, warnings.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.domain import ManifestError
from roadworthy.manifests import check_system, load_system

BAD = Path(__file__).parents[2] / "golden" / "bad" / "contract"
NAMES = sorted(path.name for path in BAD.iterdir())


def spoiled(name: str, root: Path) -> dict[str, object]:
    """The sound system with the folder's files laid over it; returns what is expected."""
    expected: dict[str, object] = json.loads((BAD / name / "expected.json").read_text())
    write_system(root, dict.fromkeys(expected.get("without", []), None))
    for path in (BAD / name).rglob("*"):
        if path.is_file() and path.name != "expected.json":
            target = root / path.relative_to(BAD / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return expected


@pytest.mark.parametrize("name", NAMES)
def test_each_faulty_contract_gets_its_faults_with_file_and_line(name: str, tmp_path: Path) -> None:
    expected = spoiled(name, tmp_path)["faults"]
    faults = check_system(tmp_path)
    said = [(one.file, one.line, one.message, one.severity) for one in faults]
    wanted = [
        (one["file"], one["line"], one["message"], one.get("severity", "error"))
        for one in expected  # type: ignore[attr-defined]
    ]
    for file, line, message, severity in wanted:
        assert any(
            (file, line, severity) == (found[0], found[1], found[3]) and message in found[2]
            for found in said
        ), f"{file}:{line}: {message}\nfound: {said}"
    errors = [one for one in faults if one.severity == "error"]
    assert len(errors) == sum(1 for one in wanted if one[3] == "error"), errors
    assert all(one.fix for one in faults), "every fault says what would be right"


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("warning-")])
def test_a_faulty_contract_never_loads(name: str, tmp_path: Path) -> None:
    spoiled(name, tmp_path)
    with pytest.raises(ManifestError) as caught:
        load_system(tmp_path)
    assert caught.value.faults


def test_there_are_at_least_forty_faulty_contracts() -> None:
    assert len(NAMES) >= 40


def test_a_secret_is_never_repeated(tmp_path: Path) -> None:
    spoiled("secret-in-the-deployment", tmp_path)
    assert "sk-secret" not in str(check_system(tmp_path))
