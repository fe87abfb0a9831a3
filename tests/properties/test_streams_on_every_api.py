"""However an upstream cuts its stream, on every API: the plain answer's text and verdicts.

And nothing forbidden is ever partly sent: what left before a block is harmless, and what is
redacted is redacted whole. Of tool calls nothing leaves before all of it was looked at.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Api, Door, Spoken, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from roadworthy.domain import Observation
from roadworthy.gateway.app import DIALECTS
from roadworthy.journal import read_journal

IBAN = "DE89370400440532013000"
FALLBACK = "A person will read your letter."
RAILS = {"rails.yaml": """\
rails:
- id: no-magic
  detector: deny
  on: output
  action: block
  options: {words: [xyzzy]}
- id: no-names
  detector: deny
  on: output
  action: redact
  replacement: "<name>"
  options: {words: [Zaphod Beeblebrox]}
- id: shouting
  detector: deny
  on: output
  action: flag
  options: {words: [URGENT]}
"""}  # fmt: skip
HARMLESS = [
    "hello", "xyz", "zzy", "Zaphod", "Beeblebrox", "DE8937040044", "URGENT", "caf\u00e9",
    "\U0001f600", "12345678901234567890", "line\nline", "", "Zaphod Beeblebrox",
]  # fmt: skip
FORBIDDEN = ["xyzzy", IBAN]


def a_text(draw: random.Random) -> str:
    words = draw.choices(HARMLESS, k=draw.randint(1, 9))
    if draw.random() < 0.4:
        words.insert(draw.randint(0, len(words)), draw.choice(FORBIDDEN))
    return " ".join(words)


def cut(text: str, draw: random.Random) -> list[str]:
    """In up to eight pieces, at any place."""
    places = sorted(draw.choices(range(len(text) + 1), k=draw.randint(1, 7)))
    ends = [0, *places, len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(ends)]
    return [piece for piece in pieces if piece]


def may_leave(text: str) -> str:
    """All that may leave of a text, names redacted: what stands before the first forbidden word."""
    ends = [text.index(word) for word in FORBIDDEN if word in text]
    return text[: min(ends, default=len(text))].replace("Zaphod Beeblebrox", "<name>")


def newest(door: Door) -> Observation:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None][-1]


def verdicts(seen: Observation) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(one.rail, one.side, one.outcome, one.kinds) for one in seen.rails]


async def asked(
    door: Door, api: Api, reply: Reply, *, stream: bool, model: str = "letters"
) -> tuple[Spoken, bytes, Observation]:
    door.upstream.script = [reply]
    body = {"model": model, **api.body("Where is my bill?"), "stream": stream}
    answer = await door.ask(api.path, body)
    assert answer.status == 200 and answer.ended, answer.data
    said = (api.streamed if stream else api.whole)(answer.data)
    return said, bytes(answer.data), newest(door)


def test_no_api_that_says_text_is_left_out() -> None:
    assert {api.path for api in APIS} == set(DIALECTS) - {"/v1/embeddings"}


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
async def test_a_stream_cut_anywhere_says_what_the_plain_answer_says(
    tmp_path: Path, api: Api
) -> None:
    draw = random.Random(api.path)
    async with a_door(tmp_path, {**CHAT, **RAILS}) as door:  # type: ignore[dict-item]
        actions = set()
        for _ in range(40):
            text = a_text(draw)
            plain, _, record = await asked(door, api, Reply(text=text), stream=False)
            actions.add(record.action)
            free = may_leave(text)
            assert plain.text == (free if record.action == "answered" else FALLBACK)
            assert (record.action == "answered") is not any(word in text for word in FORBIDDEN)
            for pieces in ([text[at] for at in range(len(text))], cut(text, draw), cut(text, draw)):
                reply = Reply(text=text, pieces=pieces)
                streamed, data, seen = await asked(door, api, reply, stream=True)
                assert (seen.action, streamed.reason) == (record.action, plain.reason), pieces
                assert seen.output_digest and streamed.about["action"] == plain.about["action"]
                if record.action == "answered":
                    assert streamed.text == plain.text, pieces
                    assert streamed.usage == plain.usage
                    assert verdicts(seen) == verdicts(record), pieces
                    continue
                assert streamed.text.endswith(FALLBACK)
                left = streamed.text.removesuffix(FALLBACK)
                assert free.startswith(left), pieces
                stopped = {one for one in verdicts(seen) if one[2] in ("block", "hold")}
                assert stopped == {one for one in verdicts(record) if one[2] in ("block", "hold")}
                for word in FORBIDDEN:
                    assert word.encode() not in data
        assert actions == {"answered", "blocked"}


@pytest.mark.parametrize("api", [api for api in APIS if api.tools], ids=lambda api: api.path)
@pytest.mark.parametrize("word", ["bill", "xyzzy", IBAN])
async def test_a_tool_call_cut_anywhere_leaves_whole_or_not_at_all(
    tmp_path: Path, api: Api, word: str
) -> None:
    arguments = msgspec.json.encode({"to": "Ann", "text": f"it is {word}!"}).decode()
    whole = {"tool_calls": [_called(arguments)]}
    async with a_door(tmp_path, {**CHAT, **RAILS}) as door:  # type: ignore[dict-item]
        reply = Reply(text="", message=whole, finish_reason="tool_calls")
        plain, _, record = await asked(door, api, reply, stream=False, model="small")
        assert record.action == ("answered" if word == "bill" else "blocked")
        for at in range(len(arguments) + 1):
            deltas = [
                {"tool_calls": [_called(arguments[:at])]},
                {"tool_calls": [{"index": 0, "function": {"arguments": arguments[at:]}}]},
            ]
            reply = Reply(text="", deltas=deltas, finish_reason="tool_calls", pieces=[])
            streamed, data, seen = await asked(door, api, reply, stream=True, model="small")
            assert (streamed.calls, streamed.text) == (plain.calls, plain.text)
            assert verdicts(seen) == verdicts(record)
            if word != "bill":
                assert b"it is" not in data and word[:4].encode() not in data
            else:
                assert streamed.calls[0][2] == {"to": "Ann", "text": "it is bill!"}


def _called(arguments: str) -> dict[str, Any]:
    function = {"name": "send", "arguments": arguments}
    return {"index": 0, "id": "c1", "type": "function", "function": function}
