"""Use cases are compared by what people judged; what nobody judged is said."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import FACTORS, use_case
from roadworthy.domain import Charter, Score, Value
from roadworthy.manifests import load_system

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "claims-desk"


def charter(**scores: int) -> Charter:
    system = load_system(EXAMPLE)
    card = {name: Score(score=score, reason="R", stop_if="S") for name, score in scores.items()}
    value = Value(scorecard=card)
    return msgspec.structs.replace(system.charter, value=value)


def test_a_factor_at_one_stops_and_an_unscored_one_leaves_it_open() -> None:
    full = dict.fromkeys(FACTORS, 3)
    assert use_case(charter(**full), ()).mean == 3
    assert use_case(charter(**{**full, "ethics": 1}), ()).stops == ("ethics",)
    open_one = use_case(charter(business_value=5), ())
    assert open_one.mean is None
    assert "ethics" in open_one.unscored


def test_what_is_not_thought_through_is_found() -> None:
    found = use_case(charter(business_value=5), ()).findings
    assert "value.scorecard.ethics: nobody scored it" in found
    assert "value.success.business: no criterion" in found
    assert "risks.R1-wrong-desk: no test" in found
    assert "never.injury-or-self-harm-routed-alone: no case" in found


def test_the_example_is_thought_through_and_does_not_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(EXAMPLE, other, ignore=shutil.ignore_patterns(".roadworthy"))
    text = (other / "charter.yaml").read_text()
    (other / "charter.yaml").write_text(text.replace("score: 4", "score: 1", 1))
    assert run(VERBS, ["scope", str(EXAMPLE), "--json"]) == 0
    (said,) = msgspec.json.decode(capsys.readouterr().out)
    assert said["unscored"] == []
    assert run(VERBS, ["scope", str(EXAMPLE), str(other), "--json"]) == 3
    both: list[dict[str, Any]] = msgspec.json.decode(capsys.readouterr().out)
    assert [one["stops"] for one in both] == [[], ["business_value"]]
    assert run(VERBS, ["scope", str(EXAMPLE)]) == 0
    assert "stops if" in capsys.readouterr().out
