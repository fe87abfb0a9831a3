"""People rate answers: fixed before, blind, balanced, signed by who rated, and nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from doubles.rated_desk import RatedDesk, knows
from roadworthy.domain import AccessError, ManifestError, UsageError, VerificationError
from roadworthy.evaluation import raters
from roadworthy.flows.gate.rating import find_sheet, find_task, hand_out, submit
from roadworthy.ledger import require_signature
from roadworthy.manifests import load_system


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RatedDesk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = RatedDesk(tmp_path / "desk")
    asyncio.run(desk.both())
    return desk


def test_a_task_is_fixed_once_and_the_same_for_the_same_seed(desk):
    first, again, other = desk.task(), desk.task(), desk.task(seed=4)
    assert first.digest == again.digest != other.digest
    entries = list(desk.loop().ledger.entries(kind="rating.task_fixed"))
    assert [entry.subject for entry in entries] == [first.digest, other.digest]
    assert entries[0].payload["seed"] == 3
    assert len(first.task.items) == 20


def test_a_sheet_is_balanced_and_another_for_every_rater(desk):
    fixed = desk.task()
    sheets = []
    for name in ("Ada", "Bo"):
        desk.rater(name)
        sheets.append(hand_out(desk.loop(), fixed, name))
    for sheet in sheets:
        assert sum(each.swapped for each in sheet.items) == 10
        assert {each.item for each in sheet.items} == {item.id for item in fixed.task.items}
    assert [each.item for each in sheets[0].items] != [each.item for each in sheets[1].items]
    assert hand_out(desk.loop(), fixed, "Ada") == sheets[0]
    assert len(list(desk.loop().ledger.entries(kind="rating.sheet_issued"))) == 2


def test_what_a_rater_is_shown_names_no_candidate(desk):
    fixed = desk.task()
    desk.rater("Ada")
    sheet = hand_out(desk.loop(), fixed, "Ada")
    items = {item.id: item for item in fixed.task.items}
    for placed in sheet.items:
        shown = raters.shown_item(items[placed.item], placed)
        assert set(shown) == {"item", "shown", "input", "matters", "texts"}
        said = msgspec.json.encode(shown).decode()
        for answer in items[placed.item].answers:
            assert answer.run not in said
            assert answer.candidate not in said
        assert f'"{items[placed.item].case}"' not in said


def test_ratings_are_entered_by_the_raters_key(desk):
    fixed = desk.task()
    by = desk.rater("Ada")
    desk.rate(fixed, by, knows)
    loop = desk.loop()
    (entry,) = loop.ledger.entries(kind="rating.submitted")
    assert entry.actor == f"person:{by.key.key_id}"
    assert require_signature(entry, loop.trust, at=entry.time) == by.key.key_id
    assert entry.payload["n"] == 20


def test_nobody_enters_ratings_for_another(desk):
    fixed = desk.task()
    desk.rater("Ada")
    bo = desk.rater("Bo")
    said = desk.submission(fixed, "Ada", knows)
    sheet = hand_out(desk.loop(), fixed, "Ada")
    with pytest.raises(AccessError, match="handed to Ada"):
        submit(desk.loop(), load_system(desk.root), fixed, sheet, said, bo)
    assert not list(desk.loop().ledger.entries(kind="rating.submitted"))


def test_the_same_item_is_not_rated_twice(desk):
    fixed = desk.task()
    by = desk.rater("Ada")
    desk.rate(fixed, by, knows, most=5)
    with pytest.raises(ManifestError, match="entered before") as found:
        desk.rate(fixed, by, knows, most=6)
    assert len(found.value.faults) == 5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"shown": "sha256:" + "0" * 64}, "not what the task shows"),
        ({"item": "q9999"}, "not on the rater's sheet"),
        ({"choice": "both"}, "was not offered"),
        ({"choice": ""}, "needs a choice"),
        ({"skipped": "and a reason"}, "needs a choice"),
        ({"seconds": 10**9}, "seconds"),
    ],
)
def test_a_changed_rating_is_not_entered_and_none_beside_it(desk, change, why):
    fixed = desk.task()
    by = desk.rater("Ada")
    said = desk.submission(fixed, "Ada", knows)
    broken = msgspec.structs.replace(said.ratings[7], **change)
    ratings = (*said.ratings[:7], broken, *said.ratings[8:])
    sheet = hand_out(desk.loop(), fixed, "Ada")
    with pytest.raises(ManifestError, match=why):
        submit(
            desk.loop(), load_system(desk.root), fixed, sheet,
            msgspec.structs.replace(said, ratings=ratings), by,
        )  # fmt: skip
    assert not list(desk.loop().ledger.entries(kind="rating.submitted"))


def test_a_sheet_that_was_never_handed_out_is_no_sheet(desk):
    with pytest.raises(UsageError, match="never handed out"):
        find_sheet(desk.loop(), desk.task(), "sha256:" + "1" * 64)


def test_nobody_rates_of_whom_nothing_is_known(desk):
    desk.acting("Ada")
    with pytest.raises(UsageError, match="nothing is known of Ada"):
        hand_out(desk.loop(), desk.task(), "Ada")


def test_items_in_a_language_that_the_rater_does_not_know_are_not_on_the_sheet(desk):
    fixed = desk.task()
    desk.rater("Ada", languages=("de",))
    with pytest.raises(UsageError, match="language"):
        hand_out(desk.loop(), fixed, "Ada")


def test_a_task_may_ask_for_a_qualification(desk):
    fixed = desk.task(qualifications=("injury", "law", "injury"))
    (entry,) = desk.loop().ledger.entries(kind="rating.task_fixed")
    assert entry.payload["qualifications"] == ["injury", "law"]
    desk.rater("Ada")
    with pytest.raises(UsageError, match="injury and law; the profile of Ada names nothing"):
        hand_out(desk.loop(), fixed, "Ada")
    desk.rater("Ada", qualified_for=("injury",))
    with pytest.raises(UsageError, match="qualified for law; the profile of Ada names injury"):
        hand_out(desk.loop(), fixed, "Ada")
    assert not list(desk.loop().ledger.entries(kind="rating.sheet_issued"))
    desk.rater("Ada", qualified_for=("law", "injury"))
    assert len(hand_out(desk.loop(), fixed, "Ada").items) == 20


def test_another_qualification_is_another_task_and_an_empty_one_is_none(desk):
    asked = ("law",)
    assert desk.task(qualifications=asked).digest != desk.task().digest
    with pytest.raises(UsageError, match="qualification is empty"):
        desk.task(qualifications=(" ",))


def test_equal_texts_are_left_out_and_counted(desk):
    desk.write("same-rules.yaml", (desk.root / "rules.yaml").read_text().replace("3", "4"))
    desk.write(
        "same.yaml", (desk.root / "candidate.yaml").read_text().replace("rules", "same-rules")
    )
    asyncio.run(desk.evaluate(candidate="same.yaml"))
    with pytest.raises(UsageError, match="80 x both answers are the same text"):
        desk.task(against="same.yaml", run=runs(desk)[1])


def runs(desk):
    return [entry.payload["run"] for entry in desk.loop().ledger.entries(kind="run.completed")]


def test_a_lost_task_is_a_fault_and_no_smaller_task(desk):
    fixed = desk.task()
    path = desk.loop().blobs.path(fixed.digest)
    path.write_bytes(path.read_bytes().replace(b"tyre", b"lyre"))
    with pytest.raises(VerificationError):
        find_task(desk.loop(), "desk")
