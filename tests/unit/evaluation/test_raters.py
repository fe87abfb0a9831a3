"""What ratings are worth: position, length, severity and attention, each found where planted."""

from __future__ import annotations

import pytest

from doubles.rating_sheets import a_sheet, a_task
from roadworthy.domain import Rating, Rubric, Submission
from roadworthy.evaluation.raters import (
    Ballot,
    dpo_rows,
    kto_rows,
    overall,
    shown_item,
    votes_in,
    worth_of,
)

LEVELS = Rubric(question="How good?", levels=["bad", "fair", "good"])


def ballot(task, **sayings):
    """Each rater's `choose(number, texts)` over the task's items."""
    votes = []
    items = {item.id: item for item in task.items}
    for number, (name, choose) in enumerate(sayings.items()):
        sheet = a_sheet(task, name=name, key_id=f"{number:016x}")
        ratings = tuple(
            Rating(item=placed.item, shown="", choice=choose(
                int(placed.item[1:]), shown_item(items[placed.item], placed)["texts"]))
            for placed in sheet.items
        )  # fmt: skip
        said = Submission(task="t", sheet="s", rater=name, key_id="k", via="page", ratings=ratings)
        votes += votes_in(task, sheet, said)
    return Ballot(task=task, digest="sha256:t", votes=tuple(votes))


def pairs(n):
    return a_task([("a" * (5 + i % 3), "b" * 40) for i in range(n)])


def test_a_rater_who_always_says_left_is_seen_and_moves_no_rate():
    found = ballot(pairs(100), Ada=lambda i, texts: "left")
    (ada,) = worth_of(found)
    assert (ada.left.value, ada.left.n) == (1.0, 100)
    assert ada.left.low > 0.95
    assert overall(found).value == 0.5


def test_a_rater_who_likes_the_longer_answer_is_seen():
    found = ballot(pairs(60), Ada=lambda i, texts: "left" if len(texts[0]) > 20 else "right")
    (ada,) = worth_of(found)
    assert ada.longer.value == 1.0
    assert ada.left.low < 0.5 < ada.left.high


def test_a_strict_rater_is_seen_against_the_others():
    task = a_task([(f"answer {i}",) for i in range(40)], rubric=LEVELS)
    found = ballot(
        task,
        Ada=lambda i, texts: ("fair", "good")[i % 2],
        Bo=lambda i, texts: ("fair", "good")[i % 2],
        Strict=lambda i, texts: ("bad", "fair")[i % 2 if i else 1],
    )
    worth = {each.rater: each for each in worth_of(found)}
    assert worth["Strict"].severity.high < -0.4
    assert worth["Ada"].severity.value > 0
    assert worth["Ada"].left is None


def test_attention_items_show_who_reads():
    import msgspec

    task = pairs(20)
    items = [msgspec.structs.replace(item, gold="first") for item in task.items[:5]]
    task = msgspec.structs.replace(task, items=(*items, *task.items[5:]))
    found = ballot(task, Ada=lambda i, texts: "tie",
                   Bo=lambda i, texts: "left" if texts[0].startswith("a") else "right")  # fmt: skip
    ada, bo = worth_of(found)
    assert (ada.gold.value, ada.gold.n) == (0.0, 5)
    assert bo.gold.value == 1.0
    assert overall(found).n == 15


def test_without_votes_there_is_no_rate():
    empty = Ballot(task=pairs(3), digest="sha256:t")
    assert overall(empty) is None
    assert worth_of(empty) == []
    assert list(dpo_rows(empty)) == list(kto_rows(empty)) == []


def test_the_interval_covers_what_a_population_of_cases_would_say():
    """Drawn 400 times from cases of which 0.7 are preferred: covered in at least 95 %."""
    from roadworthy.evaluation.draw import Draw

    covered = 0
    for seed in range(400):
        draw = Draw("coverage", seed)
        likes = [draw.chance(0.7) for _ in range(40)]
        found = ballot(
            pairs(40),
            Ada=lambda i, texts, likes=likes: "left"
            if texts[0].startswith("a") == likes[i] else "right",
        )  # fmt: skip
        mean = overall(found)
        covered += mean.low <= 0.7 <= mean.high
    assert covered / 400 >= 0.93


def test_most_raters_decide_what_is_exported_and_ties_give_nothing():
    task = a_task([("one", "two"), ("three", "four"), ("five", "six")])

    def side(of):
        def choose(i, texts):
            return {"1": "left", "2": "right"}.get(
                "1" if texts[0] == of[i] else "2" if texts[1] == of[i] else "", "neither"
            )

        return choose

    found = ballot(task, A=side(["one", "three", ""]), B=side(["one", "four", ""]),
                   C=side(["two", "", ""]))  # fmt: skip
    assert list(dpo_rows(found)) == [
        {"prompt": "question 0", "chosen": "one", "rejected": "two"},
    ]
    kto = [(row["completion"], row["label"]) for row in kto_rows(found)]
    assert kto == [("one", True), ("two", False), ("five", False), ("six", False)]


def test_a_conversation_is_exported_as_messages():
    turns = [{"role": "user", "content": "hello"}]
    task = a_task([("one", "two")], inputs=[turns])
    found = ballot(task, A=lambda i, texts: "left" if texts[0] == "one" else "right")
    assert list(dpo_rows(found)) == [
        {
            "prompt": turns,
            "chosen": [{"role": "assistant", "content": "one"}],
            "rejected": [{"role": "assistant", "content": "two"}],
        }
    ]


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_each_answer_stands_left_in_half_of_the_items(n):
    lefts = []
    for rater in range(60):
        sheet = a_sheet(pairs(n), key_id=f"{rater:016x}")
        lefts.append(sum(each.swapped for each in sheet.items))
    assert {abs(2 * left - n) for left in lefts} <= {0, 1}
    assert n % 2 == 0 or {min(lefts), max(lefts)} == {n // 2, n // 2 + 1}
