"""The demo's whole story, with rules in the place of the language model; and its end by force."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from doubles.demo_example import without_a_model

pytest.importorskip("wordllama", reason="needs the extra `embeddings`: make setup")


async def played(
    example: Path, out: Path, *, until: str = "", ended_by: int = 0
) -> tuple[int, str]:
    """The demo's exit code and output; `ended_by`: a signal once it has said `until`."""
    # Whoever runs in the background of a shell ignores ^C, and hands that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "roadworthy", "demo", str(example), "--out", str(out)),
        env={key: value for key, value in os.environ.items() if key != "ROADWORTHY_HOME"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    said = ""
    async for line in process.stdout:
        said += line.decode()
        if ended_by and until in said:
            process.send_signal(ended_by)
            ended_by = 0
    return await process.wait(), said


def still_running(out: Path) -> list[str]:
    """Command lines of processes that serve or ask in this folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            cwd = os.readlink(folder / "cwd")
            if cwd.startswith(str(out)):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.slow
async def test_the_story_holds_from_the_first_act_to_the_last(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    code, said = await played(without_a_model(tmp_path), out)
    assert code == 0, said[-3000:]
    acts = [int(number) for number in re.findall(r"^(\d+)\. ", said, re.M)]
    assert acts == list(range(1, 11))
    assert said.count("\nNext: ") == 9, "each act but the last names the next"
    assert re.search(r"new_supplier\{supplier=SUP-9417\} .* FAIL +degrade_to_safe_mode", said)
    assert re.search(r"^    rollout-\w+  aborted\n(.*\n){1,3}.*violated a never event", said, re.M)
    assert re.search(r"incident_cases +== 1 +0 .* FAIL", said), "the old candidate is refused"
    assert "step 1 of 3: 10 %" in said and "step 3 of 3: 100 %" in said
    assert re.search(r"post so far: \d+ letters answered, [1-9]\d* of them .*; 0 failed", said)
    assert "is live for claims-desk\n    safe baseline: sha256:" in said
    assert said.count("\n    VERIFIED") == 3
    assert still_running(out) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.extended),
        pytest.param(signal.SIGHUP, marks=pytest.mark.extended),
    ],
)
@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc")
async def test_nothing_of_an_interrupted_demo_goes_on_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "demo"
    code, said = await played(
        without_a_model(tmp_path), out, until="Post begins to come in", ended_by=number
    )
    assert code != 0 and "Post begins to come in" in said
    assert still_running(out) == []


async def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    code, said = await played(without_a_model(tmp_path), out)
    assert code == 1 and "no demo made it" in said
    assert (out / "letter.txt").read_text() == "mine"
