"""What is erased is gone and said; what is held stays, whoever asks."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.domain import (
    AccessError,
    Draft,
    Observation,
    RefusedError,
    TextScope,
    UsageError,
    VerificationError,
    Witness,
)
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.journals.check import check_rest
from roadworthy.flows.journals.erasing import erase_texts, refused_erasures, retain
from roadworthy.flows.journals.holding import (
    place_hold,
    release_hold,
    scope_of_answer,
    standing_holds,
)
from roadworthy.journal import find, open_master_key, seal_segment, segments, unseal
from roadworthy.wiring.loop import loop_of

ACME = TextScope(tenant="acme")


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER})
    return Answers(loop_of(loop.workspace))


def texts_of(answers: Answers, seen: Observation) -> Witness | None:
    record = find(answers.loop.workspace.journal, seen.id)
    assert record is not None
    return unseal(record, answers.vault)


def erased(answers: Answers, scope: TextScope, *, by: str = "bob") -> int | None:
    done = erase_texts(scope, answers.loop, answers.vault, answers.acting(by), reason="she asked")
    return done.exchanges


async def violated(answers: Answers, seen: Observation) -> str:
    """An incident about an answer, as the control process opens it."""
    await answers.learn(answers.says(seen, "rude"))
    answers.control().round()
    (incident,) = incidents_of(answers.loop)
    return incident


async def test_one_person_is_erased_and_every_seal_still_fits(answers: Answers) -> None:
    ann = [await answers.leave(end_user="ann"), await answers.leave(end_user="ann", days_ago=2)]
    bea, other = (
        await answers.leave(end_user="bea"),
        await answers.leave(tenant="b", end_user="ann"),
    )
    folder = answers.loop.workspace.journal
    before = [seal_segment(path) for path in segments(folder)]
    scope = TextScope(tenant="acme", subject=answers.vault.pseudonym("acme", "ann"))
    assert erased(answers, scope) == 2
    assert [texts_of(answers, each) for each in ann] == [None, None]
    assert texts_of(answers, bea) and texts_of(answers, other)
    assert [seal_segment(path) for path in segments(folder)] == before
    (entry,) = answers.loop.ledger.entries(kind="journal.erased")
    assert entry.actor == f"person:{answers.acting('bob').key.key_id}"
    assert (entry.payload["exchanges"], entry.payload["reason"]) == (2, "she asked")
    assert len(entry.payload["keys"]) == 3
    assert "signature" in entry.payload


async def test_a_tenant_or_a_day_is_erased(answers: Answers) -> None:
    today, before = await answers.leave(), await answers.leave(days_ago=3)
    other = await answers.leave(tenant="other", days_ago=3)
    assert erased(answers, TextScope(tenant="acme", day=before.time[:10])) == 1
    assert texts_of(answers, before) is None
    assert texts_of(answers, today) and texts_of(answers, other)
    assert erased(answers, TextScope(day=other.time[:10])) == 2
    assert texts_of(answers, other) is None
    assert erased(answers, ACME) == 2
    assert texts_of(answers, today) is None


async def test_texts_under_a_key_that_is_left_are_not_told_as_erased(answers: Answers) -> None:
    """A key of version 1 has no end users: what it seals is there as it was."""
    await answers.leave(end_user="ann", days_ago=2)
    await answers.leave(end_user="ann")
    old, _ = answers.vault.kept(tenant="acme")
    wrap, nonce = AESGCM(open_master_key(answers.loop.workspace.keys)), bytes(12)
    wrapped = base64.b64encode(nonce + wrap.encrypt(nonce, bytes(32), old.name.encode())).decode()
    path = answers.loop.workspace.journal / "keys" / f"{old.name}.json"
    path.write_bytes(msgspec.json.encode(structs.replace(old, version=1, wrapped=wrapped)))
    ann = TextScope(tenant="acme", subject=answers.vault.pseudonym("acme", "ann"))
    done = erase_texts(ann, answers.loop, answers.vault, answers.acting("bob"), reason="asked")
    assert (done.exchanges, len(done.keys), done.left) == (1, 1, (old.name,))
    (entry,) = answers.loop.ledger.entries(kind="journal.erased")
    assert entry.payload["exchanges"] == 1


async def test_nothing_is_erased_without_a_person_who_may_a_reason_and_a_scope(
    answers: Answers,
) -> None:
    seen = await answers.leave()
    with pytest.raises(AccessError, match="this needs"):
        erased(answers, ACME, by="cleo")
    for scope in (TextScope(), TextScope(subject="eu-x")):
        with pytest.raises(UsageError):
            erased(answers, scope)
    with pytest.raises(UsageError, match="reason"):
        erase_texts(ACME, answers.loop, answers.vault, answers.acting("bob"), reason=" ")
    assert texts_of(answers, seen)
    assert answers.entered("journal.erased") == []


@pytest.mark.parametrize(
    "scope", [TextScope(tenant="acme"), TextScope(day="2026-01-01"), TextScope()]
)
async def test_a_hold_beats_erasure_and_two_people_release_it(
    answers: Answers, scope: TextScope
) -> None:
    seen = await answers.leave()
    if scope.day:
        scope = TextScope(day=seen.time[:10])
    held = place_hold(scope, answers.loop, answers.acting("cleo"), reason="a court asked")
    assert standing_holds(answers.loop) == [held]
    with pytest.raises(RefusedError, match=held.id):
        erased(answers, ACME)
    assert texts_of(answers, seen)
    (waiting,) = refused_erasures(answers.loop)
    assert waiting.payload["holds"] == [held.id]
    bob, ann = answers.acting("bob"), answers.acting("ann")
    for people in ([bob], [bob, bob], [bob, answers.acting("cleo")]):
        with pytest.raises(AccessError):
            release_hold(held.id, answers.loop, people=people, reason="it is over")
    release_hold(held.id, answers.loop, people=[bob, ann], reason="it is over")
    assert standing_holds(answers.loop) == []
    assert erased(answers, ACME) == 1
    assert refused_erasures(answers.loop) == []
    with pytest.raises(UsageError, match="no hold"):
        release_hold(held.id, answers.loop, people=[bob, ann], reason="again")


async def test_a_hold_on_others_holds_nobody_else(answers: Answers) -> None:
    await answers.leave(end_user="ann")
    bea = await answers.leave(end_user="bea")
    place_hold(
        scope_of_answer(bea.id, answers.loop), answers.loop, answers.acting("cleo"), reason="court"
    )
    ann = TextScope(tenant="acme", subject=answers.vault.pseudonym("acme", "ann"))
    assert erased(answers, ann) == 1
    with pytest.raises(RefusedError):
        erased(answers, ACME)


async def test_the_evidence_of_an_open_incident_is_not_erased(answers: Answers) -> None:
    seen = await answers.leave(end_user="ann")
    incident = await violated(answers, seen)
    with pytest.raises(RefusedError, match=incident):
        erased(answers, TextScope(tenant="acme", subject=seen.end_user))
    people = [answers.acting("bob"), answers.acting("ann")]
    with pytest.raises(UsageError, match="closed or dismissed"):
        release_hold(incident, answers.loop, people=people, reason="x")
    assert texts_of(answers, seen)


async def test_retention_erases_what_is_older_and_says_so_once(answers: Answers) -> None:
    old, kept = await answers.leave(days_ago=12), await answers.leave(days_ago=10)
    done = retain(answers.loop, answers.vault, days=10)
    assert (len(done.keys), done.left) == (1, ())
    assert texts_of(answers, old) is None
    assert texts_of(answers, kept)
    (entry,) = answers.loop.ledger.entries(kind="journal.erased")
    assert (entry.actor, entry.payload["keys"]) == (answers.loop.machine, list(done.keys))
    assert retain(answers.loop, answers.vault, days=10).entry is None


async def test_retention_keeps_what_is_held_and_nothing_else_of_that_key(answers: Answers) -> None:
    ann = await answers.leave(end_user="ann", days_ago=12)
    await violated(answers, ann)
    bea = await answers.leave(end_user="bea", days_ago=12)
    place_hold(
        scope_of_answer(ann.id, answers.loop), answers.loop, answers.acting("cleo"), reason="court"
    )
    done = retain(answers.loop, answers.vault, days=10)
    assert (len(done.keys), len(done.narrowed)) == (0, 1)
    assert texts_of(answers, ann)
    assert texts_of(answers, bea) is None
    assert retain(answers.loop, answers.vault, days=10).entry is None


async def test_retention_leaves_a_day_that_is_held_whole(answers: Answers) -> None:
    old = await answers.leave(days_ago=12)
    place_hold(ACME, answers.loop, answers.acting("cleo"), reason="court")
    done = retain(answers.loop, answers.vault, days=10)
    assert (done.entry, len(done.left)) == (None, 1)
    assert texts_of(answers, old)


async def test_nothing_is_erased_while_nobody_can_say_what_is_held(answers: Answers) -> None:
    """A journal that cannot be read closes: evidence of an incident may lie in it."""
    seen = await answers.leave(days_ago=12)
    await violated(answers, seen)
    path = segments(answers.loop.workspace.journal)[0]
    data = bytearray(path.read_bytes())
    data[data.index(seen.id.encode()) - 20] ^= 1
    path.write_bytes(data)
    keys = answers.vault.kept()
    with pytest.raises(VerificationError):
        retain(answers.loop, answers.vault, days=10)
    with pytest.raises(VerificationError):
        erased(answers, ACME)
    assert answers.vault.kept() == keys


async def test_a_key_that_came_back_is_named_and_erased_again(answers: Answers) -> None:
    seen = await answers.leave()
    folder = answers.loop.workspace.journal / "keys"
    backup = {path: path.read_bytes() for path in folder.glob("*.json")}
    erased(answers, ACME)
    for path, data in backup.items():
        path.write_bytes(data)
    assert texts_of(answers, seen)
    found = check_rest(answers.loop).keys
    assert found is not None and found.returned == tuple(path.stem for path in backup)
    retain(answers.loop, answers.vault, days=183)
    assert texts_of(answers, seen) is None
    found = check_rest(answers.loop).keys
    assert found is not None and (found.returned, found.erased, found.lost) == ((), 1, ())


async def test_the_control_process_keeps_retention(answers: Answers) -> None:
    old, kept = await answers.leave(days_ago=200), await answers.leave(days_ago=100)
    control = answers.control()
    control.round()
    assert texts_of(answers, old) is None
    assert texts_of(answers, kept)
    assert len(answers.entered("journal.erased")) == 1
    control.round()
    assert len(answers.entered("journal.erased")) == 1


async def test_retention_that_fails_holds_up_no_round(answers: Answers) -> None:
    """What must stop at once is stopped, also while nobody can say what is held."""
    old = await answers.leave(days_ago=200)
    folder = answers.loop.workspace.journal / "keys"
    (folder / "2025-01-01.0.0.json").write_text("{}")  # past its days, and no key
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "rude"))
    answers.control().round()
    assert answers.kills()
    assert texts_of(answers, old)
    assert answers.entered("journal.erased") == []


async def test_one_person_of_a_backup_is_erased_again_when_serving_starts(answers: Answers) -> None:
    ann, bea = await answers.leave(end_user="ann"), await answers.leave(end_user="bea")
    folder = answers.loop.workspace.journal / "keys"
    backup = {path: path.read_bytes() for path in folder.glob("*.json")}
    erased(answers, TextScope(tenant="acme", subject=ann.end_user))
    for path, data in backup.items():
        path.write_bytes(data)
    assert texts_of(answers, ann)
    answers.control().round()
    assert texts_of(answers, ann) is None
    assert texts_of(answers, bea)


@pytest.mark.parametrize("subject", [False, True])
async def test_a_key_that_came_back_stays_while_somebody_holds_it(
    answers: Answers, *, subject: bool
) -> None:
    """Of a key that goes whole only what is held stays; an end user who is held stays."""
    ann, bea = await answers.leave(end_user="ann"), await answers.leave(end_user="bea")
    folder = answers.loop.workspace.journal / "keys"
    backup = {path: path.read_bytes() for path in folder.glob("*.json")}
    of_ann = TextScope(tenant="acme", subject=ann.end_user)
    erased(answers, of_ann if subject else ACME)
    for path, data in backup.items():
        path.write_bytes(data)
    hold = place_hold(of_ann, answers.loop, answers.acting("cleo"), reason="court")
    retain(answers.loop, answers.vault, days=183)
    assert texts_of(answers, ann)
    assert (texts_of(answers, bea) is not None) == subject
    both = [answers.acting("bob"), answers.acting("ann")]
    release_hold(hold.id, answers.loop, people=both, reason="over")
    retain(answers.loop, answers.vault, days=183)
    assert texts_of(answers, ann) is None


async def test_a_key_that_came_back_is_not_erased_while_nobody_can_say_what_is_held(
    answers: Answers,
) -> None:
    """Nor forgotten: the control process tries again until it could."""
    seen = await answers.leave(end_user="ann")
    folder = answers.loop.workspace.journal / "keys"
    backup = {path: path.read_bytes() for path in folder.glob("*.json")}
    erased(answers, ACME)
    for path, data in backup.items():
        path.write_bytes(data)
    held = Draft(
        system="", kind="journal.held", subject="hold-x", actor=answers.loop.machine, payload={}
    )
    answers.loop.ledger.record(held)
    control = answers.control()
    control.round()
    assert texts_of(answers, seen)
    released = Draft(
        system="",
        kind="journal.hold_released",
        subject="hold-x",
        actor=answers.loop.machine,
        payload={},
    )
    answers.loop.ledger.record(released)
    control._retain_at = float("-inf")  # an hour later
    control.round()
    assert texts_of(answers, seen) is None
