"""LangChain and LlamaIndex, unmodified, each in an environment of its own, against the gateway.

`make outside` makes these environments. Another place is told by
ROADWORTHY_OUTSIDE_PYTHON_LANGCHAIN and _LLAMAINDEX: an interpreter each. No network is needed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway
from roadworthy.journal import read_journal

ROOT = Path(__file__).resolve().parents[2]
SAID = "It is on its way to you"
VECTORS = [[0.5, -1.0], [0.25, 3.0]]

pytestmark = pytest.mark.slow

LANGCHAIN = """\
import asyncio, json, sys
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

base, key = sys.argv[1:]
ASK = "Where is my bill?"


@tool
def look(at: str) -> str:
    "Look for a paper."
    return "found"


class Found(BaseModel):
    at: str


def openai(model, **more):
    return ChatOpenAI(base_url=base + "/v1", api_key=key, model=model, max_retries=0, **more)


def claude(model):
    return ChatAnthropic(
        base_url=base, api_key=key, model=model, max_retries=0, max_tokens=64, thinking=None
    )


def texts(chat):
    return [chat.invoke(ASK).text, "".join(chunk.text for chunk in chat.stream(ASK))]


def round_of(chat):
    asked = [HumanMessage(ASK)]
    chat = chat.bind_tools([look])
    call = chat.invoke(asked)
    found = [ToolMessage("found", tool_call_id=each["id"]) for each in call.tool_calls]
    return [[each["name"], each["args"]] for each in call.tool_calls], chat.invoke(
        [*asked, call, *found]
    ).text


said = {"openai": texts(openai("letters"))}
said["later"] = asyncio.run(openai("letters").ainvoke(ASK)).text
said["openai_tools"] = round_of(openai("small"))
said["structured"] = openai("small").with_structured_output(Found).invoke(ASK).at
said["responses"] = texts(openai("letters", use_responses_api=True))
said["anthropic"] = texts(claude("letters"))
said["anthropic_tools"] = round_of(claude("small"))
vectors = OpenAIEmbeddings(
    base_url=base + "/v1", api_key=key, model="letters", check_embedding_ctx_length=False
)
said["vectors"] = vectors.embed_documents(["a", "b"])
print(json.dumps(said))
"""

LLAMAINDEX = """\
import asyncio, json, sys
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike

base, key = sys.argv[1:]
ASK = [ChatMessage(role="user", content="Where is my bill?")]


def llm(model, **more):
    return OpenAILike(
        model=model, api_base=base + "/v1", api_key=key, max_retries=0, context_window=4000, **more
    )


def look(at: str) -> str:
    "Look for a paper."
    return "found"


chat = llm("letters", is_chat_model=True, is_function_calling_model=True)
said = {"chat": [chat.chat(ASK).message.content]}
said["chat"].append("".join(piece.delta for piece in chat.stream_chat(ASK)))
said["later"] = asyncio.run(chat.achat(ASK)).message.content
small = llm("small", is_chat_model=True, is_function_calling_model=True)
called = small.chat_with_tools([FunctionTool.from_defaults(look)], chat_history=ASK)
said["tools"] = [
    [each.tool_name, each.tool_kwargs] for each in small.get_tool_calls_from_response(called)
]
text = llm("small", is_chat_model=False)
said["text"] = [text.complete("Where is").text]
said["text"].append("".join(piece.delta for piece in text.stream_complete("Where is")))
vectors = OpenAILikeEmbedding(model_name="letters", api_base=base + "/v1", api_key=key)
said["vectors"] = vectors.get_text_embedding_batch(["a", "b"])
print(json.dumps(said))
"""

CALL = Reply(
    text="",
    pieces=[],
    finish_reason="tool_calls",
    message={
        "tool_calls": [
            {"index": 0, "id": "call_a", "type": "function",
             "function": {"name": "look", "arguments": '{"at": "bill"}'}},
        ]
    },
)  # fmt: skip
PLAIN = Reply()
EMBEDDED = Reply(
    body=msgspec.json.encode(
        {
            "data": [{"index": n, "embedding": each} for n, each in enumerate(VECTORS)],
            "usage": {"prompt_tokens": 7},
        }
    ).decode()
)
FOUND = Reply(text='{"at":"the post"}')


def interpreter(name: str, package: str) -> str:
    """Where the framework is; skips with the command that would install it."""
    word = f"ROADWORTHY_OUTSIDE_PYTHON_{name.upper()}"
    python = os.environ.get(word, str(ROOT / "build" / "outside" / name / "bin" / "python"))
    asked = [python, "-c", f"import importlib.metadata as m; m.version({package!r})"]
    there = Path(python).exists() and subprocess.run(asked, capture_output=True).returncode == 0
    if not there:
        pytest.skip(f"{name} is not here: make outside, or {word}=ITS/bin/python")
    return python


async def run(python: str, script: str, root: Path, replies: list[Reply]) -> Any:
    """What the script printed, and the journal's actions."""
    async with FakeUpstream(answer=SAID) as upstream:
        loop = write_live_system(root / "desk", upstream.url)
        key = a_key(loop)
        upstream.script = list(replies)
        file = root / "script.py"
        file.write_text(script)
        async with RunningGateway(root / "desk") as gateway:
            process = await asyncio.create_subprocess_exec(
                python, str(file), gateway.base, key,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        kept = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
        assert len(kept) == len(replies) == len(upstream.requests)
        return msgspec.json.decode(out.splitlines()[-1])


async def test_langchain(tmp_path: Path) -> None:
    python = interpreter("langchain", "langchain-openai")
    replies = [PLAIN] * 3 + [CALL, PLAIN, FOUND] + [PLAIN] * 4 + [CALL, PLAIN, EMBEDDED]
    said = await run(python, LANGCHAIN, tmp_path, replies)
    called = [[["look", {"at": "bill"}]], SAID]
    assert said == {
        "openai": [SAID, SAID],
        "later": SAID,
        "openai_tools": called,
        "structured": "the post",
        "responses": [SAID, SAID],
        "anthropic": [SAID, SAID],
        "anthropic_tools": called,
        "vectors": VECTORS,
    }


async def test_llamaindex(tmp_path: Path) -> None:
    python = interpreter("llamaindex", "llama-index-llms-openai-like")
    replies = [PLAIN] * 3 + [CALL] + [PLAIN] * 2 + [EMBEDDED]
    said = await run(python, LLAMAINDEX, tmp_path, replies)
    assert said == {
        "chat": [SAID, SAID],
        "later": SAID,
        "tools": [["look", {"at": "bill"}]],
        "text": [SAID, SAID],
        "vectors": VECTORS,
    }
