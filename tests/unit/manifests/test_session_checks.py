"""An objective on sessions is held against the cases before a run is paid for."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.manifests import check_system


def warned(root: Path, *, at: str = "[gate]", **fields: object) -> bool:
    desk = Desk(root / "desk")
    desk.write(
        "safety-slos.yaml", f"slos:\n- {{name: rephrase_rate, target: '<= 0.1', at: {at}}}\n"
    )
    given = cases(4)
    given[0] |= fields
    desk.cases(given)
    return any("no case is in one" in one.message for one in check_system(desk.root))


@pytest.mark.parametrize(
    "fields",
    [
        {"session": "s"},
        {"turns": [{"user": "and then?"}], "expect": {}},
        {"turns": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
    ],
)
def test_one_case_in_a_session_is_enough(tmp_path: Path, fields: dict[str, object]) -> None:
    assert not warned(tmp_path, **fields)


def test_single_questions_are_in_none(tmp_path: Path) -> None:
    assert warned(tmp_path / "gate")
    assert not warned(tmp_path / "live", at="[runtime]")
