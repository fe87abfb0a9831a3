"""What is wrong with every line is one fault; nothing is said of cases that could not be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import Fault, ManifestError
from roadworthy.manifests import check_system, load_system


def faults(root: Path, given: list[dict[str, Any]], *, severity: str = "error") -> list[Fault]:
    desk = Desk(root)
    desk.cases(given)
    return [one for one in check_system(desk.root) if one.severity == severity]


def test_a_key_that_no_case_may_have_is_one_fault_with_the_first_lines(tmp_path: Path) -> None:
    given = [{**case, "lable": "motor"} for case in cases(120)]
    (fault,) = faults(tmp_path / "desk", given)
    assert (fault.file, fault.line) == ("suites/main.jsonl", 1)
    assert fault.message.endswith("(and on 119 more lines: 2, 3, 4, 5, 6, …)")
    with pytest.raises(ManifestError):
        load_system(tmp_path / "desk")


def test_more_lines_than_are_kept_are_counted_too(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "desk", [{**case, "lable": "motor"} for case in cases(500)])
    assert "and on 499 more lines" in fault.message


def test_two_kinds_of_faults_are_two(tmp_path: Path) -> None:
    given = [{**case, ("lable" if at % 2 else "tagz"): []} for at, case in enumerate(cases(10))]
    first, second = faults(tmp_path / "desk", given)
    assert (first.line, second.line) == (1, 2)
    assert "and on 4 more lines: 3, 5, 7, 9)" in first.message
    assert "and on 4 more lines: 4, 6, 8, 10)" in second.message


def test_a_single_fault_names_no_other_line(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "desk", [{**cases()[0], "lable": "motor"}, *cases()[1:]])
    assert "more line" not in fault.message


@pytest.mark.parametrize("spoil", [{"input": ""}, {"tags": [" "]}])
def test_the_cases_own_names_do_not_keep_them_apart(
    tmp_path: Path, spoil: dict[str, object]
) -> None:
    (fault,) = faults(tmp_path / "desk", [{**case, **spoil} for case in cases(30)])
    assert "`c0`" in fault.message and "and on 29 more lines" in fault.message


def test_a_file_that_stands_here_twice_under_two_names_is_one_fault(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("suites/copy.jsonl", (desk.root / "suites/main.jsonl").read_text())
    desk.write("suites/main.yaml", "name: main\ncases: [main.jsonl, copy.jsonl]\n")
    (fault,) = [one for one in check_system(desk.root) if one.severity == "error"]
    assert "`c0` stands here twice" in fault.message and "and on 79 more lines" in fault.message


def test_an_included_suite_that_says_otherwise_is_one_fault(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    other = [{**case, "input": f"the roof {at}"} for at, case in enumerate(cases())]
    desk.write("suites/other.jsonl", "".join(json.dumps(case) + "\n" for case in other))
    desk.write("suites/other.yaml", "name: other\ncases: [other.jsonl]\ninclude: [main]\n")
    (fault,) = [one for one in check_system(desk.root) if one.severity == "error"]
    assert "another case with the id `c0` and 79 more" in fault.message


SAID_OF_CASES = ("has no case", "no case carries", "neither the candidate nor a case")
SLOS = """\
slos:
- {name: accuracy, target: ">= 0.8", where: "tag:golden", by: [language]}
- {name: never_event_violations, target: "== 0", where: "has(facets.language)"}
"""


def said(root: Path) -> list[str]:
    return [one.message for one in check_system(root)
            if any(words in one.message for words in SAID_OF_CASES)]  # fmt: skip


@pytest.mark.parametrize("how", ["a key", "no JSON", "no file", "the suite"])
def test_nothing_is_said_of_cases_that_could_not_be_read(tmp_path: Path, how: str) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("safety-slos.yaml", SLOS)
    if how == "a key":
        desk.cases([{**case, "lable": "x"} for case in cases()])
    elif how == "no JSON":
        desk.write("suites/main.jsonl", "{\n" * 3)
    elif how == "no file":
        (desk.root / "suites/main.jsonl").unlink()
    else:
        desk.write("suites/main.yaml", "nmae: main\n")
    assert said(desk.root) == []
    assert [one for one in check_system(desk.root) if one.severity == "error"]


def test_what_the_cases_lack_is_said_where_all_were_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("safety-slos.yaml", SLOS.replace("golden", "goldn").replace("[language]", "[lang]"))
    assert len(said(desk.root)) == 3, "the tag, the facet, the never event without a case"


def test_a_fault_beside_the_cases_silences_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.cases([{**cases()[0], "input": ""}, *cases()[1:]])
    desk.write("suites/main.yaml", "name: main\ncases: [main.jsonl]\nscorers: [{scorer: exakt}]\n")
    assert any("`hurt-alone` has no case" in message for message in said(desk.root))
