"""A reference of what is in scope, fitted from past texts by the command that people use."""

from __future__ import annotations

import json
from pathlib import Path

from doubles.live_system import CHAT
from doubles.systems import write_system
from doubles.topics import texts_of
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

STRANGE = "hoist axle crane derrick"
"""No past text is about that."""


def fitted(root: Path, upstream: str) -> dict[str, str | None]:
    """The files of a release that names a reference; it is fitted in `root`."""
    write_system(root, {**CHAT, "roadworthy.toml": f'[upstreams.lab]\nurl = "{upstream}"\n'})
    past = root / "past.jsonl"
    texts = [text for topic in (0, 1) for text in texts_of(topic, 80)]
    past.write_text("".join(json.dumps({"input": text}) + "\n" for text in texts))
    assert run(VERBS, ["ood", "fit", str(root), "--from", str(past), "--words-only"]) == 0
    named = f"{CHAT['candidate.yaml']}ood: reference.json\n"
    return {"candidate.yaml": named, "reference.json": (root / "reference.json").read_text()}
