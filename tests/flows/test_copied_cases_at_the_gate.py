"""The gate counts what is asked, not how often it was written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import Verdict

ONE = cases(2)


def copies(dress: str) -> list[dict[str, object]]:
    """Two questions, written down forty times each, dressed up so that no two cases are alike."""
    given = [{**case, "id": f"{case['id']}-{n}"} for n in range(40) for case in ONE]
    for n, case in enumerate(given):
        if dress == "facets":
            case["facets"] = {"language": "en", "nonce": str(n)}
        if dress == "expectation":
            case["expect"] = {**case["expect"], "absent": f"nonce {n}"}  # type: ignore[dict-item]
        if dress == "blanks":
            case["input"] = str(case["input"]).replace(" ", " " * (n + 1))
        if dress == "context":
            case["context"] = {"nonce": n}
        if dress == "unseen":
            case["input"] = f"{case['input']}{chr(0x200B) * n}"
        if dress == "tags":
            case["tags"] = ["golden", f"nonce-{n}"]
    return given


@pytest.mark.parametrize(
    "dress", ["", "facets", "expectation", "blanks", "context", "unseen", "tags"]
)
async def test_two_questions_copied_forty_times_prove_what_two_do(
    tmp_path: Path, dress: str
) -> None:
    desk = Desk(tmp_path / "desk")
    desk.cases(copies(dress))
    decision = await desk.inspect()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert {item.n for item in decision.slos} == {2}
    assert "n counts 2 distinct cases: 78 more ask what one of them asks" in decision.notes


async def test_copies_in_a_suite_of_their_own_are_copies_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.cases(ONE)
    for n in range(40):
        lines = "".join(f'{{"id": "x{n}", "input": "{case["input"]}"}}\n' for case in ONE[:1])
        desk.write(f"suites/s{n}.jsonl", lines)
        desk.write(f"suites/s{n}.yaml", f"name: s{n}\ncases: [s{n}.jsonl]\n")
    decision = await desk.inspect()
    never = next(item for item in decision.slos if item.name == "never_event_violations")
    assert (never.n, never.verdict) == (2, Verdict.INCONCLUSIVE)


async def test_distinct_cases_have_no_such_note(tmp_path: Path) -> None:
    decision = await Desk(tmp_path / "desk").inspect()
    assert decision.decision is Verdict.PASS
    assert not any("n counts" in note for note in decision.notes)
