"""Live answers are held against their release's reference after they left, and are measured."""

from __future__ import annotations

import json
from importlib import util
from pathlib import Path

import pytest
from msgspec import structs

from doubles.answers_that_left import Answers
from doubles.live_system import CHAT, write_live_system
from doubles.systems import write_system
from doubles.topics import texts_of
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Observation, Shift, Witness
from roadworthy.flows.objectives.live_indicators import measured
from roadworthy.journal import Wanted
from roadworthy.wiring.after_looking import MAKERS, AfterLook
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of

REFERRED = f"{CHAT['candidate.yaml']}ood: reference.json\n"
UPSTREAM = "http://127.0.0.1:9"


@pytest.fixture
def answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Answers:
    """A live system whose release names a reference of two topics and two suppliers."""
    write_system(tmp_path, {**CHAT, "roadworthy.toml": f'[upstreams.lab]\nurl = "{UPSTREAM}"\n'})
    lines = [
        {"input": text, "output": text, "facets": {"supplier": f"S-{number % 2}"}}
        for topic in (0, 1)
        for number, text in enumerate(texts_of(topic, 80))
    ]
    past = tmp_path.parent / f"{tmp_path.name}.jsonl"
    past.write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = ["ood", "fit", str(tmp_path), "--from", str(past), "--words-only"]
    assert run(VERBS, asked) == 0, capsys.readouterr()
    reference = (tmp_path / "reference.json").read_text()
    changes = {"candidate.yaml": REFERRED, "reference.json": reference}
    return Answers(loop_of(write_live_system(tmp_path, UPSTREAM, changes).workspace))


async def leave(answers: Answers, asked: str, output: str, supplier: str) -> Observation:
    spool = answers._spool()
    blank = await answers.leave(output)
    seen = structs.replace(blank, id=new_id(), facets={"supplier": supplier})
    await spool.close(seen, Witness(input=asked, output=output))
    await spool.aclose()
    return seen


def look(answers: Answers) -> AfterLook:
    after = AfterLook(answers.loop.workspace, answers.vault, segment_mb=64, makers=MAKERS)
    after.round()
    after.close()
    assert not after.fault
    return after


async def test_what_is_asked_live_is_looked_at_and_measured(answers: Answers) -> None:
    for number in range(6):
        await leave(answers, texts_of(0, 10, seed=5)[number], texts_of(1, 1)[0], "S-1")
    for number in range(3):
        await leave(answers, f"hoist axle crane derrick number {number}", "no", "Q-77")
    look(answers)
    found = measured(answers.loop.workspace, Wanted(facets={"supplier": "Q-77"}), answers.loop)
    told = {each.name: each for each in found.indicators}
    assert (told["ood_rate"].value, told["facet_novelty"].value) == (1.0, 1.0)
    assert told["ood_repeats"].value == 2.0
    own = measured(answers.loop.workspace, Wanted(facets={"supplier": "S-1"}), answers.loop)
    told = {each.name: each for each in own.indicators}
    assert told["facet_novelty"].value == 0.0
    assert told["ood_rate"].value is not None and told["ood_rate"].value < 0.5
    assert "input_drift" in told


async def test_a_reference_that_cannot_be_used_is_said_of_every_answer(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails closed: the answers say that nobody looked, and count as flagged."""
    seen = await leave(answers, texts_of(0, 1)[0], "fine", "S-1")
    there = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "numpy" else there(name))
    after = AfterLook(answers.loop.workspace, answers.vault, segment_mb=64, makers=MAKERS)
    after.round()
    after.close()
    assert "needs numpy" in after.fault
    found = measured(answers.loop.workspace, Wanted(observation=seen.id), None).indicators
    assert {each.name: each.value for each in found}["ood_rate"] == 1.0


def test_a_shift_holds_no_words() -> None:
    assert {name for name in Shift.__struct_fields__} == {
        "reference", "score", "flagged", "topic", "output_topic", "new_words", "new_facets",
        "sketch", "model_written", "rephrased", "unseen",
    }  # fmt: skip
