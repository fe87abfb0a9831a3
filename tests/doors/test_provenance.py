"""A text is known again: whose it was, how much of it, and what is not told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from doubles.dialects import APIS, Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT, a_key
from roadworthy.cli.acting import find_acting
from roadworthy.flows.reviews.reviewing import Word, decide
from roadworthy.manifests import Workspace, load_deployment
from roadworthy.wiring.fingerprinting import Provenance
from roadworthy.wiring.held_answers import HeldAnswers
from roadworthy.wiring.loop import loop_of

CHAT_API = APIS[0]
SENTENCE = "You are talking to an AI system."
LOGS = {
    "charter.yaml": f"{CHAT['charter.yaml']}"
    f"behaviour:\n  identifies_as_ai: {SENTENCE}\n  disclosure: {{language: en}}\n"
}
ANSWER = (
    "Your parcel left our house on Monday and was handed to the carrier in the evening. It should"
    " reach you within four working days; if it does not, write to us again and name the number"
    " that stands on the label, so that we can ask the carrier where it was last seen."
)


async def asked(door: Door, answer: str, *, stream: bool = False) -> None:
    door.upstream.script = [Reply(text=answer)]
    body = {"model": "letters", **CHAT_API.body("Where is my parcel?"), "stream": stream}
    assert (await door.ask(CHAT_API.path, body)).status == 200


def logged(door: Door) -> Provenance:
    provenance = Provenance(Workspace(door.loop.workspace.root), door.gateway.vault)
    assert provenance.round() > 0
    return provenance


async def check(door: Door, text: str, *, key: str = "") -> dict[str, Any]:
    answer = await door.ask("/v1/provenance/check", {"text": text}, key=key or None)
    assert answer.status == 200
    found: dict[str, Any] = msgspec.json.decode(answer.data)
    return found


async def test_an_answer_is_known_again_and_whose_it_was_is_told_to_its_tenant_only(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path, LOGS) as door:
        await asked(door, ANSWER)
        logged(door)
        own = await check(door, ANSWER.upper().replace(",", " --"))
        other = await check(door, ANSWER, key=a_key(door.loop, "globex"))
    assert (own["generated"], own["confidence"]) == (True, 1.0)
    assert own["observation"] and own["release"].startswith("sha256:")
    assert (other["generated"], other["observation"]) == (True, "")


async def test_a_streamed_answer_an_edited_one_and_a_part_in_a_letter_are_known(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path, LOGS) as door:
        await asked(door, ANSWER, stream=True)
        logged(door)
        words = ANSWER.split()
        edited = " ".join("so" if at % 15 == 14 else word for at, word in enumerate(words))
        letter = "Dear reader, what follows I did not write. " * 20 + ANSWER
        changed, within = await check(door, edited), await check(door, letter)
    assert changed["generated"] and changed["share_of_text"] < 1.0
    assert within["generated"] and within["share_of_answer"] == 1.0 > within["share_of_text"]


async def test_what_people_wrote_is_not_called_generated(tmp_path: Path) -> None:
    async with a_door(tmp_path, LOGS) as door:
        await asked(door, ANSWER)
        blocked = {"model": "letters", **CHAT_API.body("xyzzy")}
        await door.ask(CHAT_API.path, blocked)
        logged(door)
        human = await check(door, "I wrote this letter by hand, and nobody helped me with a word.")
        fallback = await check(door, f"{SENTENCE}\n\nA person will read your letter. " * 3)
        short = await check(door, "Your parcel left")
    assert not human["generated"] and "edited" in human["reason"]
    assert not fallback["generated"]
    assert not short["generated"] and "too little" in short["reason"]


async def test_what_was_erased_is_not_known_and_leaves_the_log(tmp_path: Path) -> None:
    async with a_door(tmp_path, LOGS) as door:
        await asked(door, ANSWER)
        provenance = logged(door)
        door.gateway.vault.erase(tenant="acme")
        assert not (await check(door, ANSWER))["generated"]
        assert provenance._rounds is not None and provenance._rounds.forget() == 1


async def test_without_a_charter_that_asks_for_it_no_log_is_kept(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await asked(door, ANSWER)
        logged(door)
        assert not door.loop.workspace.fingerprints.exists()
        assert "no log is kept" in (await check(door, ANSWER))["reason"]


async def test_a_question_that_is_none_is_refused(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for body in (b"{", b'{"text": 1}', b'{"text": "x", "more": 1}', b"[]", b"\xff"):
            assert (await door.ask("/v1/provenance/check", body)).status == 400
        large = msgspec.json.encode({"text": "word " * 250_000})
        assert (await door.ask("/v1/provenance/check", large)).status == 413


async def test_what_people_let_out_is_known_from_then_on_and_what_they_wrote_alone_is_not(
    tmp_path: Path,
) -> None:
    hold = """\
rails:
- {id: ask, detector: deny, on: output, action: hold, options: {words: [parcel]}}
- {id: early, detector: deny, on: input, action: hold, options: {words: [lawyer]}}
"""
    own = "We are sorry to hear that; one of us will call you tomorrow between nine and ten."
    async with a_door(tmp_path, {**LOGS, "rails.yaml": hold}) as door:
        held = {}
        for name, words in (("machine", "Where is my parcel?"), ("people", "my lawyer says")):
            door.upstream.script = [Reply(text=ANSWER)]
            body = {"model": "letters", **CHAT_API.body(words)}
            said = msgspec.json.decode((await door.ask(CHAT_API.path, body)).data)
            held[name] = said["roadworthy"]["observation"]
        provenance = logged(door)
        assert not (await check(door, ANSWER))["generated"], "nobody has it yet"
        loop = loop_of(door.loop.workspace)
        journal = HeldAnswers(loop, load_deployment(tmp_path), root=str(tmp_path))
        bob = find_acting(loop.workspace, "bob")
        assert bob is not None
        for name, word in (
            ("machine", Word(decision="approve")),
            ("people", Word(decision="edit", text=own, reason="no advice")),
        ):
            decide(held[name], loop, journal, word=word, by=bob)
        provenance._reviewed._again_at = 0.0
        provenance.round()
        found = await check(door, ANSWER)
        assert (found["generated"], found["observation"]) == (True, held["machine"])
        assert not (await check(door, own))["generated"], "no model had a part in it"
        door.gateway.vault.erase(tenant="acme")
        assert not (await check(door, ANSWER))["generated"]
