"""Messages that name what is there, once, and nothing that only follows from another fault."""

from __future__ import annotations

from pathlib import Path

from doubles.desk import CANDIDATE, Desk, cases
from doubles.systems import FILES
from roadworthy.manifests import check_system


def test_a_mistyped_tag_of_many_cases_is_one_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.cases([{**case, "tags": ["never:hurt-alnoe", "Golden"]} for case in cases()[:25]])
    said = [one for one in check_system(desk.root) if "the tag" in one.message]
    assert [one.message for one in said] == [
        "the tag `Golden` is not `golden` (25 cases carry it)",
        "the tag `never:hurt-alnoe` names a never event that charter.yaml does not have "
        "(25 cases carry it)",
    ]
    assert "`hurt-alone`" in said[1].fix


def test_a_wrong_provider_is_one_fault(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("candidate.yaml", CANDIDATE.replace("provider: rule", "provider: rules"))
    (fault,) = [one for one in check_system(desk.root) if one.severity == "error"]
    assert "rules" in fault.message


def test_a_missing_candidate_names_those_that_are_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    (desk.root / "tries").mkdir()
    desk.write("tries/second.yaml", CANDIDATE)
    (fault,) = [
        one for one in check_system(desk.root, candidate="next.yaml") if one.severity == "error"
    ]
    assert (fault.file, fault.message) == ("next.yaml", "the file does not exist")
    assert "`candidate.yaml`, `tries/second.yaml`" in fault.fix


def test_a_folder_without_any_candidate_is_sent_to_init(tmp_path: Path) -> None:
    (tmp_path / "charter.yaml").write_text(FILES["charter.yaml"])
    fault = next(one for one in check_system(tmp_path) if one.file == "candidate.yaml")
    assert "roadworthy init" in fault.fix
