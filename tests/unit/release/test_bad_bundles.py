"""Bundles that must never verify, each named for its fault, and the script that makes them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from roadworthy_verify import verify_path

GOLDEN = Path(__file__).parents[2] / "golden"
BAD = GOLDEN / "bad" / "bundles"
EXPECTED = json.loads((BAD / "expected.json").read_text())
EXIT = {
    "not_evidence": 1,
    "unsigned": 4,
    "unknown_key": 4,
    "tampered": 5,
    "refused": 3,
    "expired": 3,
}


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("make_bundles", GOLDEN / "make_bundles.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(folder: Path, name: str) -> None:
    after = "2026-11-21T12:00:00.000000Z"
    report = verify_path(folder / f"{name}.tar", trust=BAD / "trust.json", at=after)
    expected = EXPECTED[name]
    assert (report.state, report.ok) == (expected["state"], False), report.fault
    assert expected["says"] in report.fault
    assert report.exit_code == EXIT[expected["state"]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_does_not_verify_and_says_why(name: str) -> None:
    check(BAD, name)


def test_made_anew_none_of_them_verifies(tmp_path: Path) -> None:
    _script().make_all(tmp_path)
    assert json.loads((tmp_path / "expected.json").read_text()) == EXPECTED
    assert (tmp_path / "trust.json").read_text() == (BAD / "trust.json").read_text()
    for name in EXPECTED:
        check(tmp_path, name)


def test_the_good_one_verifies(tmp_path: Path) -> None:
    """Without its fault the same release is in order: the faults are what is found."""
    module = _script()
    for approvals, people in ((1, ["rosa"]), (2, ["rosa", "ravi"])):
        forge = module.Forge(approvals=approvals)
        forge.approvers = people
        path = tmp_path / f"good{approvals}.tar"
        digest = forge.write(path)
        report = verify_path(path, trust=BAD / "trust.json", at=module.AFTER)
        assert (report.ok, report.details["digest"]) == (True, digest), report.fault
        assert report.details["checkpoint"]["size"] == 7


def test_a_release_signed_in_the_future_is_refused(tmp_path: Path) -> None:
    module = _script()
    path = tmp_path / "good.tar"
    module.Forge().write(path)
    report = verify_path(path, trust=BAD / "trust.json", at="2026-11-21T10:54:00.000000Z")
    assert (report.state, "after 2026-11-21T10:54" in report.fault) == ("refused", True)


def test_without_trust_nobody_is_known(tmp_path: Path) -> None:
    module = _script()
    path = tmp_path / "good.tar"
    module.Forge().write(path)
    report = verify_path(path, trust=None, at=module.AFTER)
    assert (report.state, report.exit_code) == ("unknown_key", 4)
    assert report.details["digest"].startswith("sha256:")
