"""Golden cases, asked again: a model that changed behind its name is found, another is not."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.desk import Desk
from doubles.fake_upstream import FakeUpstream, Reply
from roadworthy.domain import (
    AccessError,
    Chunk,
    EvidenceError,
    ModelRequest,
    Provider,
    ReleaseContent,
    UndecidedError,
    UsageError,
    Verdict,
    VerificationError,
)
from roadworthy.flows.entries.model_moved import LOOKED, RECORDED
from roadworthy.flows.request.service import Service
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.flows.runs.sentinel import Watched, Watching, watch
from roadworthy.flows.workspace.people import Acting, add_person
from roadworthy.manifests import load_system

CHAT = """\
task: chat
model: {provider: openai_compatible, name: big-model, upstream: lab}
sampling: {temperature: 0.7, max_tokens: 32}
"""


def hosted(root: Path, url: str, *, count: int = 40) -> Desk:
    desk = Desk(root)
    desk.write("candidate.yaml", CHAT)
    desk.write("roadworthy.toml", f'[upstreams.lab]\nurl = "{url}"\nretries = 0\n')
    desk.cases(
        [{"id": f"c{at}", "input": f"Question {at}?", "expect": {"text": "x"}, "tags": ["golden"]}
         for at in range(count)]
    )  # fmt: skip
    return desk


async def look(desk: Desk, **given: Any) -> Watched:
    return await watch(load_system(desk.root), Watching(**given), desk.deps())


def asked(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def one_model(body: dict[str, Any]) -> str:
    return f"An answer to {asked(body)}"


def another(share: float) -> Callable[[dict[str, Any]], str]:
    """A model that says something else to some of the questions."""

    def answer(body: dict[str, Any]) -> str:
        place = int(hashlib.sha256(asked(body).encode()).hexdigest(), 16) % 100
        return "Something else." if place < share * 100 else one_model(body)

    return answer


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(one_model) as found:
        yield found


async def test_a_model_that_answers_as_before_is_the_same(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    first = await look(desk)
    assert (first.verdict, first.asked, first.wavered, first.wavered_of) == ("recorded", 40, 0, 80)
    assert upstream.served == 120
    for at in range(1, 4):
        found = await look(desk)
        assert (found.verdict, found.looks, found.asked, found.differ) == ("same", at, 40, 0)
    assert upstream.served == 240, "a cache would always say the same"
    assert {each.body["temperature"] for each in upstream.requests} == {0.0}
    kinds = [entry.kind for entry in desk.loop().ledger.entries()]
    assert (kinds.count(RECORDED), kinds.count(LOOKED)) == (1, 3)


async def test_a_swapped_model_is_found_at_the_first_look_and_stays_found(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    assert (await look(desk)).verdict == "same"
    upstream.answer = another(0.4)
    found = await look(desk)
    assert found.verdict == "changed"
    assert found.signs == {"answer": found.differ}
    assert 8 < found.differ < 28
    assert len(found.cases) == found.differ
    assert found.cases[0].startswith("main/c")
    assert found.evidence > found.needed == 200
    assert "roadworthy eval --fresh --no-cache" in found.reason
    upstream.answer = one_model
    assert (await look(desk)).verdict == "changed", "whoever swaps back has swapped"


async def test_other_token_counts_are_another_model_whatever_it_says(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    upstream.standing = lambda body: Reply(
        usage={"prompt_tokens": 77, "completion_tokens": 5, "total_tokens": 82}
    )
    found = await look(desk)
    assert (found.verdict, found.signs) == ("changed", {"tokens": 40})


async def test_a_model_that_wavers_is_not_called_changed_for_it(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    source = random.Random(8)

    def wavering(body: dict[str, Any]) -> str:
        return one_model(body) + (" Indeed." if source.random() < 0.15 else "")

    upstream.answer = wavering
    desk = hosted(tmp_path / "desk", upstream.url)
    first = await look(desk)
    assert first.wavered > 5
    for _ in range(12):
        assert (await look(desk)).verdict != "changed"
    upstream.answer = another(1.0)
    assert (await look(desk)).verdict == "changed"


async def test_nobody_reached_is_not_the_same(upstream: FakeUpstream, tmp_path: Path) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    upstream.standing = lambda body: Reply(status=500, body="down")
    found = await look(desk)
    assert (found.verdict, found.asked, found.failed) == ("undecided", 0, 40)
    upstream.standing = lambda body: (
        Reply(status=500, body="down") if "1" in asked(body) else Reply()
    )
    found = await look(desk)
    assert found.asked < 29
    assert found.verdict == "undecided"
    assert "29 would do" in found.reason


async def test_a_model_that_says_nothing_has_no_baseline(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    upstream.standing = lambda body: Reply(status=500, body="down")
    with pytest.raises(UndecidedError, match="no baseline"):
        await look(desk)
    assert list(desk.loop().ledger.entries(kind=RECORDED)) == []


async def test_answers_that_were_cut_off_are_none(upstream: FakeUpstream, tmp_path: Path) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    upstream.standing = lambda body: Reply(finish_reason="")
    assert (await look(desk)).asked == 0


async def test_another_question_has_another_baseline(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    desk.write("candidate.yaml", CHAT.replace("max_tokens: 32", "max_tokens: 31"))
    assert (await look(desk)).verdict == "recorded"
    desk.write("candidate.yaml", CHAT)
    assert (await look(desk)).verdict == "same"


SLOS = """\
slos:
- {name: availability, target: ">= 0.5"}
- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}
"""
EGRESS = "rails: []\negress: {personal_data: block, regions: [EU]}\n"


async def test_personal_data_in_a_case_reaches_no_upstream_that_is_elsewhere(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    desk.write("candidate.yaml", f"{CHAT}rails: rails.yaml\n")
    desk.write("rails.yaml", EGRESS)
    desk.cases(
        [{"id": f"c{at}", "input": f"I am jane{at}@example.org" if at < 3 else f"Question {at}?",
          "expect": {"text": "x"}, "tags": ["golden"]} for at in range(40)]
    )  # fmt: skip
    found = await look(desk)
    assert (found.verdict, found.asked, found.withheld) == ("recorded", 37, 3)
    assert b"example.org" not in upstream.received
    assert (await look(desk)).withheld == 3
    desk.cases([{"id": "c", "input": "I am jane@example.org", "expect": {"text": "x"},
                 "tags": ["golden"]}])  # fmt: skip
    with pytest.raises(UsageError, match="personal data"):
        await look(desk)
    assert b"example.org" not in upstream.received


async def test_a_baseline_that_was_changed_is_no_baseline(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    loop = desk.loop()
    (entry,) = loop.ledger.entries(kind=RECORDED)
    path = loop.blobs.path(str(entry.payload["answers"]))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"sha256:", b"sha256:", 1) + b" ")
    with pytest.raises(VerificationError):
        await look(desk)
    path.unlink()
    with pytest.raises(EvidenceError):
        await look(desk)
    assert list(desk.loop().ledger.entries(kind=LOOKED)) == []


async def test_the_gate_judges_no_answers_of_the_model_that_is_gone(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url, count=80)
    desk.write("safety-slos.yaml", SLOS)
    first = await desk.inspect()
    assert first.decision is Verdict.PASS, first.reasons
    await look(desk)
    assert desk.gate().decision is Verdict.PASS
    upstream.answer = another(1.0)
    assert (await look(desk)).verdict == "changed"
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "changed behind its name" in " ".join(decision.reasons)
    assert "this run is older" in " ".join(decision.reasons)
    await desk.evaluate(Asked(fresh=True))
    assert "80 of its answers are from the cache" in " ".join(desk.gate().reasons)
    await desk.evaluate(Asked(fresh=True, cache=False))
    assert desk.gate().decision is Verdict.PASS
    desk.write("candidate.yaml", CHAT.replace("big-model", "other-model"))
    assert (await desk.inspect()).decision is Verdict.PASS, "another model has not changed"


async def test_only_a_person_renews(upstream: FakeUpstream, tmp_path: Path) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    upstream.answer = another(1.0)
    assert (await look(desk)).verdict == "changed"
    with pytest.raises(AccessError, match="renewed by a person"):
        await look(desk, renew="the new model is wanted")
    add_person(desk.loop(), name="ann", roles=["admin"])
    by = acting(desk, "ann")
    renewed = await look(desk, renew="the new model is wanted", by=by)
    assert renewed.verdict == "recorded"
    (entry,) = [each for each in desk.loop().ledger.entries(kind=RECORDED) if each.seq ==
                renewed.entry]  # fmt: skip
    assert entry.actor == f"person:{by.key.key_id}"
    assert entry.payload["reason"] == "the new model is wanted"
    found = await look(desk)
    assert (found.verdict, found.looks, found.baseline) == ("same", 1, renewed.entry)


def acting(desk: Desk, name: str) -> Acting:
    from roadworthy.cli.acting import find_acting

    found = find_acting(desk.loop().workspace, name)
    assert found is not None
    return found


async def test_a_level_is_chosen_before_the_looks(upstream: FakeUpstream, tmp_path: Path) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    assert (await look(desk, alpha=0.05)).needed == 40
    with pytest.raises(UsageError, match="before the looks"):
        await look(desk, alpha=0.2)
    assert (await look(desk)).needed == 40


async def test_no_word_of_an_answer_is_kept(upstream: FakeUpstream, tmp_path: Path) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    await look(desk)
    await look(desk)
    kept = b"".join(
        path.read_bytes() for path in (desk.root / ".roadworthy").rglob("*") if path.is_file()
    )
    assert b"An answer to" not in kept


@pytest.mark.parametrize(
    ("given", "said"),
    [({"suite": "none"}, "no suite"), ({"repeats": 1}, "wavering"), ({"within": 1.0}, "--within"),
     ({"alpha": 0.0}, "--alpha")],
)  # fmt: skip
async def test_what_cannot_be_asked_is_said(
    upstream: FakeUpstream, tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    with pytest.raises(UsageError, match=said):
        await look(desk, **given)
    desk.cases([{"id": "c", "input": "Hello", "expect": {"text": "x"}}])
    with pytest.raises(UsageError, match="no golden case"):
        await look(desk)


class Labelling:
    """A model that says how likely each label is, a little or much more of one than before."""

    name = "labelling"

    def __init__(self) -> None:
        self.motor = 0.8

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        yield Chunk(
            text="motor", finish_reason="stop",
            label_logprobs={"motor": math.log(self.motor), "home": math.log(1 - self.motor)},
        )  # fmt: skip

    async def aclose(self) -> None:
        pass


async def test_probabilities_that_move_are_a_sign_before_any_answer_is_another(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path / "desk")
    model = Labelling()

    async def looked() -> Watched:
        deps = desk.deps()
        built = deps.service

        def service(content: ReleaseContent, wrap: Callable[[Provider], Provider]) -> Service:
            found = built(content, wrap)
            found.provider = model  # type: ignore[assignment]
            return found

        asked = Watching()
        return await watch(load_system(desk.root), asked, structs.replace(deps, service=service))

    assert (await looked()).verdict == "recorded"
    model.motor = 0.82
    assert (await looked()).verdict == "same", "half a hair is no other model"
    model.motor = 0.9
    found = await looked()
    assert (found.verdict, found.signs) == ("changed", {"probabilities": 80})
