"""Held answers wait for people: who may decide, what may leave, and what the ledger says of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.held_answers import FALLBACK, SORTER, HeldDesk
from roadworthy.domain import (
    AccessError,
    Deployment,
    Draft,
    EvidenceError,
    HeldAnswer,
    RefusedError,
    TransitionError,
    UndecidedError,
    UsageError,
    VerificationError,
)
from roadworthy.flows.brakes.stopping import recording
from roadworthy.flows.entries.review_entries import DECIDED, JUDGED, OPINION
from roadworthy.flows.reviews.reading import WITHHELD, read
from roadworthy.flows.reviews.reviewing import Word, ask_second, assign, decide, judge
from roadworthy.flows.workspace.people import revoke_person, rotate_key
from roadworthy.journal import unseal
from roadworthy.ledger import require_signature, sign_draft
from roadworthy.serving import RailLine
from roadworthy.wiring.held_answers import HeldAnswers
from roadworthy.wiring.loop import loop_of


def released(desk: HeldDesk, item: HeldAnswer) -> str | None:
    """What a reader is shown as the text that left."""
    found = read(item.id, desk.loop, desk.journal, by=desk.acting("bob"))
    return found.words["released"]


async def test_every_held_answer_of_live_traffic_is_an_item(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    await desk.leave("it left")
    await desk.hold(changes={"stage": "probe"})
    late = await desk.hold(hours_ago=30)
    young = await desk.hold(changes={"stage": "canary"})
    first, second = desk.items()
    assert (first.observation, first.overdue) == (late.id, True)
    assert (second.observation, second.overdue) == (young.id, False)
    assert first.id == f"review-{late.id}"
    assert (first.tenant, first.facets["supplier"], first.state) == ("acme", "S-9", "waiting")
    assert first.why == ("ask-a-person (output): deny",)
    assert first.due > first.since and (first.needs, first.blind) == (1, False)


async def test_an_approved_answer_is_entered_signed_with_its_text_sealed(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold("Your bill is on its way.")
    item = desk.decides(seen, "approve")
    assert item.state == "decided" and item.decided is not None
    assert (item.decided.name, item.decided.overturned) == ("rosa", False)
    (entry,) = desk.loop.ledger.entries(kind=DECIDED)
    require_signature(entry, desk.loop.trust, at=entry.time)
    assert "bill" not in str(entry.payload), "no text stands in the ledger in the clear"
    assert released(desk, item) == "Your bill is on its way."
    with pytest.raises(TransitionError, match="was decided by rosa"):
        desk.decides(seen, "refuse", "ravi")


async def test_an_edited_answer_leaves_in_the_place_of_the_machines(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    item = desk.decides(seen, "edit", text="Your bill was sent on Monday.")
    assert item.decided is not None and item.decided.overturned
    assert released(desk, item) == "Your bill was sent on Monday."
    with pytest.raises(UsageError, match="the machine's answer"):
        desk.decides(await desk.hold("same"), "edit", text="same")


async def test_of_a_refused_answer_nothing_leaves(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    item = desk.decides(await desk.hold(), "refuse")
    assert item.decided is not None and item.decided.overturned
    assert released(desk, item) is None
    with pytest.raises(UsageError, match="--reason is empty"):
        desk.decides(await desk.hold(), "refuse", reason=" ")


async def test_what_was_held_before_the_model_answered_is_not_approved(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    nothing_said = await desk.hold("")
    with pytest.raises(UsageError, match="no answer to approve"):
        desk.decides(nothing_said, "approve")
    only_fallback = await desk.hold(FALLBACK)  # as a notice before it leaves it in the record
    with pytest.raises(UsageError, match="no answer to approve"):
        desk.decides(only_fallback, "approve")
    item = desk.decides(nothing_said, "edit", text="Please call us.")
    assert item.decided is not None
    assert (item.decided.machine, item.decided.overturned) == (False, False)


@pytest.mark.parametrize(
    ("text", "why"),
    [("go away", "never:rude stops"), ("you will get 900 euro", "promises-money would be in")],
)
async def test_a_never_event_is_not_approved_away(tmp_path: Path, text: str, why: str) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold(f"Dear Ann, {text}.")
    with pytest.raises(RefusedError, match=why):
        desk.decides(seen, "approve")
    with pytest.raises(RefusedError, match=why):
        desk.decides(seen, "edit", text=f"Well, {text}!")
    assert desk.entered(DECIDED) == [] and desk.items()[0].state == "waiting"
    assert desk.decides(seen, "refuse").state == "decided"


async def test_what_asks_for_a_person_is_answered_by_one_and_what_redacts_still_does(
    tmp_path: Path,
) -> None:
    rails = """\
rails:
- {id: ask, detector: deny, on: output, action: hold, options: {words: [lawyer]}}
- {id: no-iban, detector: deny, on: output, action: redact, options: {words: [swordfish]}}
"""
    desk = HeldDesk(tmp_path, changes={"rails.yaml": rails})
    item = desk.decides(await desk.hold("Ask your lawyer about swordfish."), "approve")
    left = released(desk, item)
    assert left is not None and "lawyer" in left and "swordfish" not in left


GUARD = """\
rails:
- id: guard
  detector: http
  on: output
  action: block
  budget_ms: 5000
  options: {upstream: lab, path: /check}
"""


async def test_a_rail_that_asks_outside_is_asked_and_without_a_word_nothing_leaves(
    tmp_path: Path,
) -> None:
    def says(body: dict[str, Any]) -> Reply:
        return Reply(body=msgspec.json.encode({"score": float("bad" in body["text"])}).decode())

    async with FakeUpstream() as upstream:
        upstream.standing = says
        desk = HeldDesk(tmp_path, changes={"rails.yaml": GUARD}, upstream=upstream.url)
        seen = await desk.hold("a bad answer")
        journal, bob = desk.journal, desk.acting("bob")

        def tries(how: str, text: str = "") -> HeldAnswer:
            word = Word(decision=how, text=text, reason="r")  # type: ignore[arg-type]
            return decide(seen.id, desk.loop, journal, word=word, by=bob)

        with pytest.raises(RefusedError, match="guard stops this text"):
            await asyncio.to_thread(tries, "approve")
        assert (await asyncio.to_thread(tries, "edit", "a good answer")).state == "decided"
    with pytest.raises(RefusedError, match="guard stops this text"):
        desk.decides(await desk.hold("a good one"), "approve")


async def test_only_who_may_decides(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    for who in ("cleo",):  # an operator
        with pytest.raises(AccessError, match="this needs reviewer"):
            desk.decides(seen, "approve", who)
        with pytest.raises(AccessError, match="this needs reviewer"):
            read(seen.id, desk.loop, desk.journal, by=desk.acting(who))
    assert desk.entered("journal.texts_read") == []


async def test_a_key_that_ended_decides_nothing(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    rosa = desk.acting("rosa")
    now = desk.now()
    ended = [
        structs.replace(key, valid_until=now) if key.name == "rosa" else key
        for key in desk.loop.trust.keys
    ]
    loop = structs.replace(desk.loop, trust=structs.replace(desk.loop.trust, keys=ended))
    with pytest.raises(AccessError, match="was not valid"):
        decide(seen.id, loop, desk.journal, word=Word(decision="approve"), by=rosa)


async def test_reading_is_entered_before_a_word_is_shown(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold("the answer", asked="the question")
    found = read(seen.id, desk.loop, desk.journal, by=desk.acting("rosa"))
    assert (found.words["input"], found.words["answer"]) == ("the question", "the answer")
    (entry,) = desk.loop.ledger.entries(kind="journal.texts_read")
    assert entry.payload["asked"] == {"review": f"review-{seen.id}"}


async def test_somebody_is_assigned_who_may_review(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    by = desk.acting("bob")
    assert assign(seen.id, desk.loop, desk.journal, to="ravi", by=by).assigned == "ravi"
    with pytest.raises(AccessError, match="operator"):
        assign(seen.id, desk.loop, desk.journal, to="cleo", by=by)
    with pytest.raises(UsageError, match="no key"):
        assign(seen.id, desk.loop, desk.journal, to="nobody", by=by)
    assert desk.items()[0].assigned == "ravi"


async def test_where_a_mistake_weighs_two_people_agree(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    seen = await desk.hold()
    first = desk.decides(seen, "approve", "rosa")
    assert (first.state, first.heard, first.needs) == ("waiting", ("rosa",), 2)
    assert desk.entered(OPINION) == [seen.id] and desk.entered(DECIDED) == []
    with pytest.raises(AccessError, match="rosa has decided already"):
        desk.decides(seen, "approve", "rosa")
    second = desk.decides(seen, "approve", "ravi")
    assert second.state == "decided" and second.heard == ("rosa", "ravi")


async def test_who_disagrees_leaves_it_to_an_arbiter(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    desk.add("remo", "reviewer")
    seen = await desk.hold()
    ask_second(seen.id, desk.loop, desk.journal, reason="a hard one", by=desk.acting("rosa"))
    desk.decides(seen, "approve", "rosa")
    assert desk.decides(seen, "refuse", "ravi").state == "disputed"
    with pytest.raises(AccessError, match="risk_officer or admin decides"):
        desk.decides(seen, "approve", "remo")
    done = desk.decides(seen, "refuse", "bob")
    assert done.decided is not None and done.decided.name == "bob"
    assert done.decided.decision == "refuse"


async def test_two_edits_that_differ_are_a_dispute_and_equal_ones_are_not(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    for texts, state in ((("One.", "Two."), "disputed"), (("One.", "One."), "decided")):
        seen = await desk.hold()
        ask_second(seen.id, desk.loop, desk.journal, reason="hard", by=desk.acting("bob"))
        desk.decides(seen, "edit", "rosa", text=texts[0])
        assert desk.decides(seen, "edit", "ravi", text=texts[1]).state == state


async def test_no_author_decides_where_the_charter_asks_for_others(tmp_path: Path) -> None:
    charter = {"charter.yaml": _approvals("review: 1")}
    desk = HeldDesk(tmp_path, changes=charter)
    seen = await desk.hold()
    with pytest.raises(AccessError, match="ann built the release"):
        desk.decides(seen, "approve", "ann")
    assert desk.decides(seen, "approve", "rosa").state == "decided"


async def test_a_blind_reviewer_judges_before_seeing_the_machines_answer(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, review="blind: true, ", changes=SORTER)
    seen = await desk.hold("motor", decision="motor")
    shown = read(seen.id, desk.loop, desk.journal, by=desk.acting("rosa"))
    assert (shown.words["answer"], shown.words["input"]) == (WITHHELD, "dear desk")
    assert desk.items()[0].why == ("decision",) and "motor" not in str(desk.items())
    with pytest.raises(UndecidedError, match="your own judgement"):
        desk.decides(seen, "approve")
    with pytest.raises(UsageError, match="no label"):
        judge(seen.id, desk.loop, desk.journal, label="boat", by=desk.acting("rosa"))
    judge(seen.id, desk.loop, desk.journal, label="home", by=desk.acting("rosa"))
    with pytest.raises(TransitionError, match="judged"):
        judge(seen.id, desk.loop, desk.journal, label="motor", by=desk.acting("rosa"))
    shown = read(seen.id, desk.loop, desk.journal, by=desk.acting("rosa"))
    assert shown.words["answer"] == "motor"
    other = read(seen.id, desk.loop, desk.journal, by=desk.acting("ravi"))
    assert other.words["answer"] == WITHHELD, "another's judgement shows nobody else the answer"
    item = desk.decides(seen, "approve")
    assert item.decided is not None and item.decided.blind
    assert item.decided.overturned, "by the blind label, though the machine persuaded her"
    assert desk.entered(JUDGED) == [seen.id]


async def test_a_blind_judgement_in_words_is_sealed(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, review="blind: true, ")
    seen = await desk.hold()
    with pytest.raises(UsageError, match="--text is empty"):
        judge(seen.id, desk.loop, desk.journal, by=desk.acting("rosa"))
    judge(seen.id, desk.loop, desk.journal, text="I would ask Ann.", by=desk.acting("rosa"))
    (entry,) = desk.loop.ledger.entries(kind=JUDGED)
    assert "Ann" not in str(entry.payload)
    own = read(seen.id, desk.loop, desk.journal, by=desk.acting("rosa"))
    assert own.words["judgement of rosa"] == "I would ask Ann."
    other = read(seen.id, desk.loop, desk.journal, by=desk.acting("ravi"))
    assert "judgement of rosa" not in other.words, "before it is decided it would lead him"
    item = desk.decides(seen, "approve")
    assert item.decided is not None
    assert (item.decided.blind, item.decided.overturned) == (False, False)
    other = read(seen.id, desk.loop, desk.journal, by=desk.acting("ravi"))
    assert other.words["judgement of rosa"] == "I would ask Ann."


async def test_a_label_is_decided_in_the_systems_words(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, changes=SORTER)
    seen = await desk.hold("home", decision="home")
    with pytest.raises(UsageError, match="no label"):
        desk.decides(seen, "edit", text="boat")
    item = desk.decides(seen, "edit", text="fraud")
    assert item.decided is not None and item.decided.label == "fraud"
    assert released(desk, item) == "fraud"
    refused = desk.decides(await desk.hold("home", decision="home"), "refuse", label="motor")
    assert refused.decided is not None and refused.decided.label == "motor"


async def test_erased_texts_can_be_refused_and_nothing_else(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, review="blind: true, ")
    seen = await desk.hold()
    desk.vault.erase(tenant="acme")
    assert desk.items()[0].erased
    for how, text in (("approve", ""), ("edit", "Another answer.")):
        with pytest.raises(RefusedError, match="erased"):
            desk.decides(seen, how, text=text)
    assert desk.decides(seen, "refuse").state == "decided"


async def test_what_was_released_is_erased_with_its_exchange(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    hers = await desk.hold(end_user="ann@example.org")
    his = await desk.hold(end_user="bert@example.org")
    items = [desk.decides(each, "edit", text="Come by.") for each in (hers, his)]
    desk.vault.erase(tenant="acme", subject=hers.end_user)
    assert [released(desk, each) for each in items] == [None, "Come by."]


async def test_of_two_who_decide_at_once_one_wins(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    said: list[object] = []

    def decides(who: str, how: str) -> None:
        loop = loop_of(desk.loop.workspace)
        word = Word(decision=how, reason="mine")  # type: ignore[arg-type]
        try:
            said.append(decide(seen.id, loop, desk.journal, word=word, by=desk.acting(who)).state)
        except TransitionError as error:
            said.append(error.message)

    both = [
        threading.Thread(target=decides, args=each)
        for each in (("rosa", "approve"), ("ravi", "refuse"))
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert "decided" in said and any("was decided by" in str(each) for each in said)
    assert desk.entered(DECIDED) == [seen.id]


async def test_an_entry_that_nobody_who_may_has_signed_decides_nothing(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    payload = {"review": f"review-{seen.id}", "decision": "approve"}
    for actor in (desk.loop.machine, f"person:{desk.acting('cleo').key.key_id}"):
        draft = Draft(system="letters", kind=DECIDED, subject=seen.id, actor=actor, payload=payload)
        signer = desk.acting("cleo").signer if actor.startswith("person") else None
        desk.loop.ledger.record(sign_draft(draft, signer) if signer else draft)
        with pytest.raises(VerificationError, match="counts for nothing"):
            desk.items()


async def test_one_reviewer_cannot_enter_what_two_must_agree_on(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    seen = await desk.hold()
    rosa = desk.acting("rosa")
    draft = Draft(
        system="letters", kind=DECIDED, subject=seen.id, actor=f"person:{rosa.key.key_id}",
        payload={"decision": "refuse"},
    )  # fmt: skip
    desk.loop.ledger.record(sign_draft(draft, rosa.signer))
    with pytest.raises(VerificationError, match="2 people have not agreed"):
        desk.items()


async def test_an_item_whose_release_is_gone_is_listed_and_hides_no_other(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    lost = await desk.hold(changes={"release": "sha256:" + "0" * 64})
    why = {each.observation: each.why for each in desk.items()}
    assert "release is gone" in why[lost.id][0] and "ask-a-person" in why[seen.id][0]
    with pytest.raises(UsageError):
        desk.decides(lost, "approve")
    assert desk.decides(seen, "approve").state == "decided"


async def test_the_time_limit_is_the_charters(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, review="within_hours: 2, ")
    await desk.hold(hours_ago=1)
    await desk.hold(hours_ago=3)
    assert [each.overdue for each in desk.items()] == [True, False]
    seen = desk.items()[0]
    assert dt.datetime.fromisoformat(seen.due) - dt.datetime.fromisoformat(seen.since) == (
        dt.timedelta(hours=2)
    )


async def test_words_that_are_no_text_are_refused(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    for how, said in (
        ("edit", {"text": "half \ud800"}),
        ("edit", {"text": "x" * (64 * 1024 + 1)}),
        ("refuse", {"reason": "half \udc80"}),
        ("refuse", {"reason": "x" * 4001}),
    ):
        with pytest.raises(UsageError):
            desk.decides(seen, how, **said)
    assert desk.entered(DECIDED) == []


async def test_the_record_itself_is_never_rewritten(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold("what it said")
    desk.decides(seen, "edit", text="what she wrote")
    record = desk.journal.one(seen.id)
    assert record is not None and record.observation is not None
    assert record.observation.action == "held"
    texts = unseal(record, desk.vault)
    assert texts is not None and (texts.output, texts.raw_output) == (FALLBACK, "what it said")


def _approvals(more: str) -> str:
    from doubles.held_answers import charter

    return charter().replace("approvals: {", f"approvals: {{{more}, ")


async def test_who_leaves_later_has_still_decided_and_decides_no_more(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    first, second = await desk.hold(), await desk.hold()
    desk.decides(first, "approve")
    rosa, ann = desk.acting("rosa"), desk.acting("ann")
    revoke_person(desk.loop, name="rosa", reason="left", by=ann)
    desk.loop = loop_of(desk.loop.workspace)
    states = {each.observation: each.state for each in desk.items()}
    assert states == {first.id: "decided", second.id: "waiting"}
    with pytest.raises(AccessError, match="was not valid"):
        decide(second.id, desk.loop, desk.journal, word=Word(decision="approve"), by=rosa)


async def test_a_new_key_makes_nobody_two_people(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    seen = await desk.hold()
    desk.decides(seen, "approve", "rosa")
    rotate_key(desk.loop, name="rosa")
    desk.loop = loop_of(desk.loop.workspace)
    with pytest.raises(AccessError, match="rosa has decided already"):
        desk.decides(seen, "approve", "rosa")


async def test_a_lock_that_somebody_holds_decides_nothing_and_is_named(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    loop = structs.replace(desk.loop, patience_s=0.05)
    with (
        recording(desk.loop),
        pytest.raises(EvidenceError, match="is held by"),
    ):
        decide(seen.id, loop, desk.journal, word=Word(decision="approve"), by=desk.acting("rosa"))
    assert desk.entered(DECIDED) == [] and desk.items()[0].state == "waiting"


async def test_what_is_erased_while_somebody_decides_is_not_let_out(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()

    class ErasedMeanwhile(HeldAnswers):
        """Its texts go once the rails have been asked."""

        def rails(self, release: str) -> RailLine:
            line = super().rails(release)
            desk.vault.erase(tenant="acme")
            return line

    journal = ErasedMeanwhile(desk.loop, Deployment(), root=str(tmp_path))
    with pytest.raises(RefusedError, match="erased"):
        decide(seen.id, desk.loop, journal, word=Word(decision="approve"), by=desk.acting("rosa"))
    assert desk.entered(DECIDED) == []
