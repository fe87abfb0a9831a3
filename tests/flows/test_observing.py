"""The one table of observations: segments, runs, and what was learned since, each once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import EvidenceError, Observation, Shift, VerificationError
from roadworthy.flows.objectives.live_indicators import entered_outcomes
from roadworthy.flows.table.observing import open_table, refresh
from roadworthy.journal import Wanted, query, segments
from roadworthy.monitoring import with_outcomes
from roadworthy.table import Selection, read_table, write_table
from roadworthy.wiring.loop import loop_of

pytest.importorskip("duckdb", reason="needs duckdb: make setup")


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    loop = write_live_system(
        tmp_path / "system", "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER}
    )
    return Answers(loop_of(loop.workspace))


def rows_of(answers: Answers) -> dict[str, Observation]:
    with open_table(answers.loop) as table:
        found = [seen for seen, _ in table.rows(Selection(), most=1000)]
    assert len({seen.id for seen in found}) == len(found), "each once"
    return {seen.id: seen for seen in found}


def by_the_journal(answers: Answers) -> dict[str, Observation]:
    """The row path: every record read, what was said joined to what was seen."""
    people = entered_outcomes(answers.loop)
    found = {}
    for row in query(answers.loop.workspace.journal, Wanted()):
        if row.closed:
            said = [each.outcome for each in row.learned if each.kind == "outcome"]
            joined = [*(each for each in said if each is not None), *people.get(row.seen.id, [])]
            found[row.seen.id] = with_outcomes(row.seen, joined) if joined else row.seen
    return found


async def test_open_and_sealed_segments_read_as_one_table(answers: Answers) -> None:
    first = await answers.leave("said to Ann", end_user="ann")
    assert rows_of(answers) == by_the_journal(answers), "none of it is sealed yet"
    answers.control().round()
    done = refresh(answers.loop)
    assert (done.segments, done.answers, done.learned) == (1, 1, 0)
    second = await answers.leave("said to Bo", tenant="globex")
    assert rows_of(answers).keys() == {first.id, second.id}
    assert rows_of(answers) == by_the_journal(answers)
    assert refresh(answers.loop).segments == 0, "what is not sealed stays where it is"
    answers.control().round()
    assert refresh(answers.loop).answers == 1
    assert rows_of(answers) == by_the_journal(answers)


async def test_what_is_learned_later_is_joined_to_what_left_however_late(answers: Answers) -> None:
    seen = await answers.leave()
    other = await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    for label, liked, reporter in (("a", "up", "tenant:a"), ("b", "2/5", "tenant:b")):
        said = structs.replace(
            answers.says(seen, label=label, reporter=reporter, note="Ann wrote this"),
            feedback=liked, shift=Shift(reference="r", flagged=liked == "up"),
        )  # fmt: skip
        await answers.learn(said)
        assert rows_of(answers) == by_the_journal(answers), "not sealed yet"
        answers.control().round()
        assert refresh(answers.loop).learned == 1
        assert rows_of(answers) == by_the_journal(answers)
    known = rows_of(answers)
    assert known[seen.id].label == "b" and known[seen.id].scores["satisfied"] == 0.5
    assert known[other.id] == other


async def test_what_people_entered_is_joined_too(answers: Answers, tmp_path: Path) -> None:
    seen = await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    said = [
        "outcome",
        "add",
        seen.id,
        str(tmp_path / "system"),
        "--violation",
        "rude",
        "--as",
        "bob",
    ]
    assert run(VERBS, said) == 0
    assert refresh(answers.loop).learned == 1
    assert [each.event for each in rows_of(answers)[seen.id].never] == ["rude"]
    assert rows_of(answers) == by_the_journal(answers)
    assert refresh(answers.loop).learned == 0, "once"


async def test_a_report_that_nobody_accepted_is_joined_to_nothing(answers: Answers) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "insults"), kind="report")
    answers.control().round()
    refresh(answers.loop)
    assert rows_of(answers)[seen.id].never == ()


async def test_no_text_comes_into_the_table(answers: Answers) -> None:
    seen = await answers.leave("Ann is ill", end_user="ann", asked="how is Ann")
    await answers.learn(answers.says(seen, label="fine", note="Ann wrote this"))
    answers.control().round()
    refresh(answers.loop)
    folder = answers.loop.workspace.observations
    rows = rows_of(answers)
    assert "Ann" not in str(rows) and "ann" not in str(rows)
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"Ann" not in path.read_bytes(), path


async def test_a_damaged_file_of_the_table_is_named_and_nothing_is_read(answers: Answers) -> None:
    await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    folder = answers.loop.workspace.observations
    (path,) = folder.rglob("*.parquet")
    whole = path.read_bytes()
    for data in (whole[:-1], whole[: len(whole) // 2], b"", bytes([whole[0] ^ 1]) + whole[1:]):
        path.write_bytes(data)
        with pytest.raises(EvidenceError, match=path.name):
            open_table(answers.loop)
    path.unlink()
    with pytest.raises(EvidenceError, match=r"is gone"):
        open_table(answers.loop)
    path.write_bytes(whole)
    (folder / "kept.json").write_bytes(b"{")
    with pytest.raises(EvidenceError, match=r"kept\.json is damaged"):
        open_table(answers.loop)


async def test_a_changed_file_is_not_made_whole_by_what_is_learned_next(answers: Answers) -> None:
    seen = await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    (path,) = answers.loop.workspace.observations.rglob("*.parquet")
    table = read_table(path)
    place = table.column_names.index("tenant")
    write_table(path, table.set_column(place, "tenant", [["globex"]]))
    await answers.learn(answers.says(seen, label="fine"))
    answers.control().round()
    for _ in range(2):
        with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
            refresh(answers.loop)


async def test_a_changed_file_takes_no_new_answer_of_its_hour(answers: Answers) -> None:
    await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    (path,) = answers.loop.workspace.observations.rglob("*.parquet")
    write_table(path, read_table(path).slice(0, 0))
    await answers.leave()
    answers.control().round()
    for _ in range(2):
        with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
            refresh(answers.loop)


async def test_the_table_of_another_workspace_is_not_taken_for_this_ones(
    answers: Answers, tmp_path: Path
) -> None:
    await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    other = write_live_system(
        tmp_path / "other", "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER}
    )
    loop = loop_of(other.workspace)
    shutil.copytree(answers.loop.workspace.observations, loop.workspace.observations)
    with pytest.raises(EvidenceError, match="not of this workspace: it holds segment"):
        refresh(loop)
    shutil.rmtree(loop.workspace.observations)
    assert refresh(loop).answers == 0


async def test_a_newer_table_is_not_read_as_far_as_it_goes(answers: Answers) -> None:
    await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    path = answers.loop.workspace.observations / "kept.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "schema": 99}))
    with pytest.raises(EvidenceError, match="version 99"):
        refresh(answers.loop)


async def test_a_segment_that_is_not_as_it_was_sealed_stops_the_table(answers: Answers) -> None:
    await answers.leave()
    answers.control().round()
    (path,) = segments(answers.loop.workspace.journal)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"acme", b"acmf"))
    with pytest.raises(VerificationError, match=path.stem):
        refresh(answers.loop)
    path.unlink()
    with pytest.raises(VerificationError, match="is gone"):
        refresh(answers.loop)
    path.write_bytes(whole)
    assert refresh(answers.loop).answers == 1


async def test_a_writer_that_was_killed_leaves_nothing_that_counts(answers: Answers) -> None:
    seen = await answers.leave()
    answers.control().round()
    refresh(answers.loop)
    folder = answers.loop.workspace.observations
    before = (folder / "kept.json").read_bytes()
    await answers.learn(answers.says(seen, label="fine"))
    answers.control().round()
    refresh(answers.loop)
    (folder / "kept.json").write_bytes(before)  # as if it had died before it said so
    assert len(list(folder.rglob("*.parquet"))) == 2, "the older file is still there"
    assert rows_of(answers) == by_the_journal(answers)
    refresh(answers.loop)
    assert rows_of(answers) == by_the_journal(answers)


async def test_erased_answers_are_counted_and_not_read(answers: Answers, tmp_path: Path) -> None:
    await answers.leave("to Ann", end_user="ann")
    answers.control().round()
    refresh(answers.loop)
    before = rows_of(answers)
    words = ["journal", "erase", str(tmp_path / "system"), "--tenant", "acme", "--subject", "ann"]
    run(VERBS, [*words, "--reason", "asked to", "--as", "bob"])
    refresh(answers.loop)
    assert rows_of(answers) == before


def asked(tmp_path: Path, *words: str) -> list[str]:
    return ["observations", str(tmp_path / "system"), *words]


async def test_the_command_tells_slices_and_writes_the_rows(
    answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for tenant, language in (("acme", "de"), ("acme", "en"), ("globex", "de")):
        await answers.leave(tenant=tenant, facets={"language": language})
    answers.control().round()
    assert run(VERBS, asked(tmp_path, "--by", "tenant,language", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["n"] == 3 and said["added"]["answers"] == 3
    errors = {each["slice"]: each for each in said["indicators"] if each["name"] == "error_rate"}
    assert {part: each["n"] for part, each in errors.items()} == {
        "tenant=acme,language=de": 1, "tenant=acme,language=en": 1, "tenant=globex,language=de": 1,
    }  # fmt: skip
    assert run(VERBS, asked(tmp_path, "--tenant", "globex", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1, "tenants are not mixed"
    assert run(VERBS, asked(tmp_path, "--by", "colour")) == 1
    assert "no answer has a facet 'colour'" in (err := capsys.readouterr().err)
    assert "language" in err
    out = tmp_path / "rows.parquet"
    assert run(VERBS, asked(tmp_path, "--out", str(out))) == 0
    assert "3 rows" in capsys.readouterr().out
    import pyarrow.parquet as parquet

    assert parquet.read_table(out).column("tenant").to_pylist() == ["acme", "acme", "globex"]


async def test_the_command_judges_what_is_live(
    answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await answers.leave()
    code = run(VERBS, asked(tmp_path, "--objectives", "--over", "7d", "--by", "tenant", "--json"))
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {each["slice"] for each in said["objectives"]} <= {"tenant=acme", ""}
    assert code in (0, 3, 4) and said["objectives"]
    assert run(VERBS, asked(tmp_path, "--objectives", "--over", "soon")) == 1
    assert "--over 'soon'" in capsys.readouterr().err
