"""Whatever a function beside the candidate does, it fails its call and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from roadworthy.domain import Chunk, Model, ModelRequest, ProviderError, UsageError, sha256
from roadworthy.providers.python_function import make_python

SOURCE = """
import asyncio, sys

class Odd(BaseException):
    def __str__(self):
        raise RuntimeError

def leaves(request):
    sys.exit(3)

def interrupts(request):
    raise KeyboardInterrupt

def cancels(request):
    raise asyncio.CancelledError

def odd(request):
    raise Odd

def ends(request):
    raise StopIteration

def speaks_in_halves(request):
    raise ValueError("\\ud800")

async def leaves_later(request):
    sys.exit()

async def cancels_later(request):
    raise asyncio.CancelledError

async def waits(request):
    await asyncio.sleep(60)

def answers(request):
    return {"text": "a", "label_logprobs": {"a": ANSWER}}

def half(request):
    return "a\\ud800"

def objects(request):
    return {"text": "a", "delta": {"f": sys}}

def huge(request):
    return {"text": "a", "usage": {"input_tokens": 10**400}}
"""


def provider(folder: Path, name: str, source: str = SOURCE) -> Any:
    (folder / "model.py").write_text(source)
    digest = sha256(source.encode())
    model = Model(
        provider="python", name=name, file="model.py", digest=digest, options={"trusted": True}
    )
    return make_python(model, str(folder), {})


async def ask(folder: Path, name: str, source: str = SOURCE) -> Chunk:
    request = ModelRequest(model=name, prompt="hello", labels=("a", "b"))
    (chunk,) = [chunk async for chunk in provider(folder, name, source).stream(request)]
    return chunk


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("leaves", "raised SystemExit: 3"),
        ("interrupts", "raised KeyboardInterrupt"),
        ("cancels", "raised CancelledError"),
        ("odd", "raised Odd"),
        ("ends", "raised StopIteration"),
        ("speaks_in_halves", r"raised ValueError: \?"),
        ("leaves_later", "raised SystemExit"),
        ("cancels_later", "raised CancelledError"),
        ("half", "half of a character"),
        ("objects", "must return a text or a dict"),
        ("huge", "impossible number of tokens"),
    ],
)
async def test_it_is_a_failed_call(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as raised:
        await ask(tmp_path, name)
    assert raised.value.message.startswith(f"model.py:{name}")
    raised.value.message.encode()


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
async def test_numbers_without_an_end_are_a_failed_call(tmp_path: Path, number: str) -> None:
    with pytest.raises(ProviderError, match=f"gave {number} as a log-probability") as raised:
        await ask(tmp_path, "answers", SOURCE.replace("ANSWER", f'float("{number}")'))
    assert "-60" in raised.value.fix


async def test_a_call_that_is_given_up_is_still_given_up(tmp_path: Path) -> None:
    task = asyncio.create_task(ask(tmp_path, "waits"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("line", ["raise SystemExit(3)", "import sys; sys.exit()", "1 / 0"])
def test_source_that_ends_while_it_is_read_is_the_users_mistake(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"model\.py: (SystemExit|ZeroDivisionError)"):
        provider(tmp_path, "leaves", line)
