"""What the files of Inspect AI, lm-eval and garak tell, in the forms that they write today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roadworthy.domain import EvidenceError, RoadworthyError
from roadworthy.evaluation.foreign import TOOLS, Told, Visit

ASKED = (("user", "What is 1+1?"),)


def visit(folder: Path, **more: Any) -> Visit:
    return Visit(
        task="sums",
        folder=folder,
        url="http://127.0.0.1:1/v1",
        key="secret-key",
        model="desk",
        **more,
    )


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_the_key_is_in_the_environment_and_never_on_the_command_line(name, tmp_path):
    tool = TOOLS[name]
    asked = visit(tmp_path, limit=3, more=("--own", "word"))
    command = tool.command(asked)
    assert not any("secret-key" in word for word in command)
    assert "secret-key" in tool.environment(asked).values()
    assert command[-2:] == ["--own", "word"]
    assert any("sums" in word for word in command)
    assert any(str(tmp_path) in word for word in command)
    assert "http://127.0.0.1:1/v1" in " ".join([*command, *tool.environment(asked).values()])


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_folder_without_its_file_gives_no_result(name, tmp_path):
    (tmp_path / "other.txt").write_text("x")
    with pytest.raises(EvidenceError, match="left no"):
        TOOLS[name].results(tmp_path)


def written(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lm_row(doc: int = 0, name: str = "none", **more: Any) -> dict:
    prompt = json.dumps([{"role": "user", "content": "What is 1+1?"}])
    return {
        "doc_id": doc, "filter": name, "resps": [["2", "two"]],
        "arguments": {"gen_args_0": {"arg_0": [prompt], "arg_1": {"until": ["\n"]}}}, **more,
    }  # fmt: skip


def lm_told(tmp_path: Path, *rows: dict) -> list[Told]:
    written(tmp_path / "samples_sums_2026.jsonl", *rows)
    return TOOLS["lm-eval"].told(tmp_path / "results_2026.json")


def test_lm_eval_tells_every_repeat_and_each_filter_once(tmp_path):
    told = lm_told(tmp_path, lm_row(), lm_row(name="strict"), lm_row(1))
    assert [(each.question, each.answer) for each in told] == [(ASKED, "2"), (ASKED, "two")] * 2


@pytest.mark.parametrize(
    "more",
    [{"resps": []}, {"resps": None}, {"arguments": {}}, {"arguments": None},
     {"arguments": {"gen_args_0": {"arg_0": "no chat"}}},
     {"arguments": {"gen_args_0": {"arg_0": ["[" * 5000]}}}],
)  # fmt: skip
def test_samples_of_lm_eval_that_tell_no_exchange_are_refused(tmp_path, more):
    with pytest.raises(RoadworthyError):
        lm_told(tmp_path, lm_row(**more))


def attempt(status: int = 2, **more: Any) -> dict:
    prompt = {"turns": [{"role": "user", "content": {"text": "What is 1+1?", "lang": "en"}}]}
    return {
        "entry_type": "attempt", "uuid": "u", "status": status, "probe_classname": "test.Test",
        "prompt": prompt, "outputs": [{"text": "2"}, None], **more,
    }  # fmt: skip


def test_garak_tells_what_was_judged_and_no_generation_that_failed(tmp_path):
    path = written(tmp_path / "x.report.jsonl", {"entry_type": "init"}, attempt(1), attempt())
    assert [(each.question, each.answer) for each in TOOLS["garak"].told(path)] == [(ASKED, "2")]


def test_garak_tells_nothing_of_what_it_cannot_word(tmp_path):
    path = written(tmp_path / "x.report.jsonl", attempt(prompt="text", outputs=[{"text": None}]))
    assert [(each.question, each.answer) for each in TOOLS["garak"].told(path)] == [((), "")]


def event(**more: Any) -> dict:
    return {
        "event": "model", "model": "openai-api/candidate/desk", "input": [],
        "output": {"response_id": "chatcmpl-1", "choices": [{"message": {"content": [
            {"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "2"}]}}]}, **more,
    }  # fmt: skip


def inspect_told(tmp_path: Path, *samples: dict) -> list[Told]:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"version": 2, "samples": list(samples)}))
    return TOOLS["inspect"].told(path)


def test_inspect_tells_the_id_of_every_answer_those_of_thrown_away_tries_too(tmp_path):
    sample = {
        "id": "a", "epoch": 1,
        "events": [event(), {"event": "info"}, event(model="openai/judge"), event(error="x")],
        "error_retries": [{"events": [event()]}],
    }  # fmt: skip
    assert [(each.id, each.answer) for each in inspect_told(tmp_path, sample)] == [
        ("chatcmpl-1", "2"), ("chatcmpl-1", "2"),
    ]  # fmt: skip


def test_an_answer_that_inspect_kept_from_before_is_refused(tmp_path):
    for kept in (event(cache="read"), event(output={"choices": [{"message": {}}]})):
        with pytest.raises(EvidenceError, match="not given now"):
            inspect_told(tmp_path, {"id": "a", "epoch": 1, "events": [kept]})


def test_a_sample_that_another_model_answered_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="not asked of the candidate"):
        inspect_told(tmp_path, {"id": "a", "epoch": 1, "events": [event(model="openai/other")]})


def test_a_sample_that_failed_before_it_asked_is_told_by_nothing(tmp_path):
    assert inspect_told(tmp_path, {"id": "a", "epoch": 1, "events": [], "error": {}}) == []
