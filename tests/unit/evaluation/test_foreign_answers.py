"""The answer cache gives back what this workspace put in, for the question it was the answer to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.answering import CountingProvider
from roadworthy.domain import Chunk, ModelRequest, ProviderError
from roadworthy.evaluation import Answer, AnswerStore, CachedProvider

SECRET = b"s" * 32


def asking(text: str) -> ModelRequest:
    return ModelRequest(model="m", messages=({"role": "user", "content": text},))


async def said(provider: CachedProvider, text: str) -> str:
    return "".join([chunk.text async for chunk in provider.stream(asking(text))])


def cached(path: Path, model: CountingProvider, secret: bytes = SECRET) -> CachedProvider:
    return CachedProvider(model, path, identity="m", secret=secret)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "answers.db"
    store = cached(path, CountingProvider(lambda request: str(request.messages)[-3:]))
    for text in ("a", "b"):
        await said(store, text)
    await store.aclose()
    return path


def _good() -> bytes:
    return msgspec.msgpack.encode(Answer((Chunk(text="good", finish_reason="stop"),), 1.0))


def _exchange(database: sqlite3.Connection) -> None:
    (one, two) = database.execute("select key, answer from answers order by key").fetchall()
    database.execute("update answers set answer = ? where key = ?", (one[1], two[0]))
    database.execute("update answers set answer = ? where key = ?", (two[1], one[0]))


CHANGES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "another answer": lambda db: db.execute("update answers set answer = ?", (_good(),)),
    "another answer behind the old code": lambda db: db.execute(
        "update answers set answer = substr(answer, 1, 32) || ?", (_good(),)
    ),
    "two answers exchanged": _exchange,
    "no answer": lambda db: db.execute("update answers set answer = x''"),
    "a text": lambda db: db.execute("update answers set answer = 'good'"),
    "another version": lambda db: db.execute(
        "update answers set version = 1, answer = ?", (_good(),)
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_changed_answer_is_not_used_but_counted_and_asked_again(
    path: Path, name: str
) -> None:
    database = sqlite3.connect(path)
    CHANGES[name](database)
    database.commit()
    database.close()
    model = CountingProvider("true")
    store = cached(path, model)
    assert [await said(store, text) for text in ("a", "b")] == ["true", "true"]
    assert (len(model.asked), store.refused) == (2, 2)
    assert [await said(store, text) for text in ("a", "b")] == ["true", "true"]
    assert (len(model.asked), store.refused) == (2, 2)
    await store.aclose()


async def test_the_cache_of_another_workspace_is_not_used(path: Path) -> None:
    model = CountingProvider("true")
    store = cached(path, model, secret=b"t" * 32)
    assert await said(store, "a") == "true"
    assert (len(model.asked), store.refused) == (1, 1)
    await store.aclose()


async def test_what_was_put_in_is_found(path: Path) -> None:
    model = CountingProvider("true")
    store = cached(path, model)
    await said(store, "a")
    assert (len(model.asked), store.refused) == (0, 0)
    await store.aclose()


async def test_the_code_is_over_question_and_answer(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.db", secret=SECRET)
    await store.put(b"k" * 32, Answer((), 1.0))
    assert store.get(b"k" * 32) == Answer((), 1.0)
    assert store.get(b"l" * 32) is None
    assert store.refused == 0
    store.close()


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
async def test_an_unsound_answer_is_never_stored(tmp_path: Path, text: str) -> None:
    model = CountingProvider(text)
    store = cached(tmp_path / "answers.db", model)
    for _ in range(2):
        with pytest.raises(ProviderError, match="half of a character"):
            await said(store, "a")
    assert len(model.asked) == 2
    await store.aclose()


async def test_an_answer_found_in_the_run_that_began_with_an_empty_cache_is_checked_too(
    tmp_path: Path,
) -> None:
    path, model = tmp_path / "answers.db", CountingProvider("true")
    store = cached(path, model)
    await said(store, "a")
    with sqlite3.connect(path) as database:
        database.execute("update answers set answer = ?", (_good(),))
    database.close()
    assert await said(store, "a") == "true"
    assert (len(model.asked), store.refused) == (2, 1)
    await store.aclose()
