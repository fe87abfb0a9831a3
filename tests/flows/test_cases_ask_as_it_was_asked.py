"""The case of an incident asks what was asked: variables, messages and turns, not their words run
together, so that the next candidate can be asked it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.domain import Asked, Call, Deployment, Witness, asked_in, sha256
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.incidents.learning import find_incident, promote
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request.witnessing import witness
from roadworthy.journal import recover
from roadworthy.journal.reading import read_segment, segments
from roadworthy.manifests import check_system
from roadworthy.serving import input_text
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.road import Road

PROMPT = """\
---
id: sort
variables:
  claim: {type: string}
  tone: {type: string}
  sums: {type: list, required: false}
---
# user
{{ claim }} {{ tone }} {{ sums }}
"""
CASE = '{"id": "m1", "input": {"claim": "a bill", "tone": "calm"}, "expect": {"text": "bill"}}\n'
USER, BOT = {"role": "user", "content": "one"}, {"role": "assistant", "content": "yes?"}
TOOL = {"role": "tool", "tool_call_id": "t", "content": "42"}


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    changes: dict[str, str | None] = {
        "charter.yaml": CHARTER, "prompts/sort.md": PROMPT, "suites/cases/main.jsonl": CASE,
    }  # fmt: skip
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    assert errors(tmp_path) == []
    return Answers(loop_of(loop.workspace))


def errors(root: Path) -> list[str]:
    return [fault.message for fault in check_system(root) if fault.severity == "error"]


def a_call(**how: Any) -> Call:
    return Call(id="c", system="letters", **how)


FORMS = [
    (a_call(variables={"input": "hi"}), Asked(input="hi")),
    (a_call(variables={"claim": "a", "n": 5}), Asked(input={"claim": "a", "n": 5})),
    (
        a_call(variables={"input": "two"}, messages=(USER, BOT)),
        Asked(input="two", turns=[USER, BOT]),
    ),
    (
        a_call(variables={"input": "two"}, messages=(USER,), steps=(BOT, TOOL)),
        Asked(input=[{"role": "user", "content": "two"}, BOT, TOOL], turns=[USER]),
    ),
    (a_call(managed=False, messages=(USER,)), Asked(input="one")),
    (a_call(managed=False, messages=(USER, BOT, USER)), Asked(input=[USER, BOT, USER])),
]


@pytest.mark.parametrize(("call", "asked"), FORMS, ids=range(len(FORMS)))
def test_every_form_of_a_call_is_a_form_of_a_case(call: Call, asked: Asked) -> None:
    assert asked_in(call) == asked


async def promoted(answers: Answers, call: Call, witnessed: Witness | None = None) -> Any:
    """The one case that an answer to this call becomes."""
    seen = msgspec.structs.replace(
        await answers.leave("you fool"), id=new_id(), input_digest=sha256(input_text(call).encode())
    )
    reply = Reply(text="you fool", rest="", observation=seen, finish_reason="stop",
                  asked=input_text(call))  # fmt: skip
    spool = answers._spool()
    await spool.close(seen, witnessed or witness(reply, call))
    await spool.aclose()
    loop = answers.loop
    incident = on_violation(answers.violation(seen, answers.says(seen, "insults")), loop)
    road = Road(loop, Deployment())
    event = road.event("letters", seen.release, "insults")
    root = loop.workspace.root.parent
    found = promote(find_incident(loop, incident.id), event, loop, root=root, past=road,
                    signers=[loop.keyring.signer("bob")])  # fmt: skip
    (case,) = found.cases
    return case


async def test_a_case_holds_the_variables_and_can_be_asked(answers: Answers) -> None:
    given = {"claim": "bad one", "tone": "b", "input": ""}
    case = await promoted(answers, a_call(variables=given))
    assert case.input == {"claim": "bad one", "tone": "b"}, "`input` is not declared, nor said"
    assert errors(answers.loop.workspace.root.parent) == []


async def test_what_is_sensitive_is_redacted_wherever_it_stands(answers: Answers) -> None:
    given = {"claim": "mail jo@example.org", "tone": "b", "sums": [4111111111111111, "jo@x.org", 7]}
    case = await promoted(answers, a_call(variables=given))
    assert case.input["claim"] == "mail <EMAIL>"
    assert case.input["sums"][1:] == ["<EMAIL>", 7]
    assert "4111" not in str(case.input)


async def test_a_record_of_an_earlier_version_still_gives_its_text(answers: Answers) -> None:
    call = a_call(variables={"claim": "bad one", "tone": "b"})
    old = Witness(input=input_text(call), output="you fool")
    assert (await promoted(answers, call, old)).input == "bad one\nb"


async def test_a_stream_whose_worker_died_says_how_it_was_asked(answers: Answers) -> None:
    call = a_call(variables={"claim": "bad one", "tone": "b"})
    seen = await answers.leave()
    seen = msgspec.structs.replace(seen, id=new_id(), status="interrupted")
    earlier = segments(answers.loop.workspace.journal)
    spool = answers._spool()
    await spool.open(
        seen,
        witness(
            Reply(text="", rest="", observation=seen, finish_reason="", asked=input_text(call)),
            call,
        ),
    )
    spool.sent(seen.id, seen.tenant, "you fo")
    await spool.aclose()
    cut_end(answers, earlier)
    recover(answers.loop.workspace.journal, vault=answers.vault, clock=answers.loop.clock)
    kept = Road(answers.loop, Deployment()).witness(seen.id)
    assert kept is not None and (kept.output, kept.input) == ("you fo", "bad one\nb")
    assert '"claim":"bad one"' in kept.given


def cut_end(answers: Answers, earlier: list[Path]) -> None:
    """Take the `end` record off the segment that came last, as a killed worker leaves it."""
    (path,) = set(segments(answers.loop.workspace.journal)) - set(earlier)
    *_, before, last = read_segment(path)
    assert last.record.kind == "end"
    with path.open("rb+") as file:
        file.truncate(before.next_offset)
