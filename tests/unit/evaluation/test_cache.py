from __future__ import annotations

import asyncio
import sqlite3
import stat

import pytest

from doubles.answering import CountingProvider
from roadworthy.domain import EvidenceError, ModelRequest, ProviderError, Sampling
from roadworthy.evaluation import (
    Answer,
    AnswerStore,
    CachedProvider,
    PlainProvider,
    SeededProvider,
    new_receipt,
)
from roadworthy.evaluation.seeding import seed_of

SECRET = b"s" * 32


def asking(text: str = "hello", **fields) -> ModelRequest:
    return ModelRequest(model="m", messages=({"role": "user", "content": text},), **fields)


async def text_of(provider, request) -> str:
    return "".join([chunk.text async for chunk in provider.stream(request)])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "answers.db"


async def test_the_same_question_is_paid_once(path):
    model = CountingProvider()
    model.pieces = 2
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    first = [chunk async for chunk in cached.stream(asking())]
    second = [chunk async for chunk in cached.stream(asking())]
    assert first == second
    assert len(first) == 2
    assert len(model.asked) == 1
    await cached.aclose()
    await cached.aclose()


async def test_another_process_finds_it(path):
    model = CountingProvider()
    for _ in range(2):
        cached = CachedProvider(model, path, identity="m", secret=SECRET)
        assert await text_of(cached, asking()) == "42"
        await cached.aclose()
    assert len(model.asked) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "other",
    [
        asking("other"),
        asking(repeat=1),
        asking(sampling=Sampling(temperature=1.0)),
        asking(labels=("a",)),
        asking(extra={"tools": []}),
    ],
)
async def test_every_part_of_the_request_is_in_the_key(path, other):
    model = CountingProvider()
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    await text_of(cached, asking())
    await text_of(cached, other)
    assert len(model.asked) == 2
    await cached.aclose()


async def test_streaming_and_patience_do_not_change_an_answer(path):
    model = CountingProvider()
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    await text_of(cached, asking(stream=True, timeout_s=1.0))
    await text_of(cached, asking(stream=False, timeout_s=9.0))
    assert len(model.asked) == 1
    await cached.aclose()


async def test_another_model_is_asked_itself(path):
    model = CountingProvider()
    for identity in ("m", "m2"):
        cached = CachedProvider(model, path, identity=identity, secret=SECRET)
        await text_of(cached, asking())
        await cached.aclose()
    assert len(model.asked) == 2


async def test_an_error_is_never_stored(path):
    model = CountingProvider()
    model.fault = ProviderError("down", retryable=True)
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    with pytest.raises(ProviderError):
        await text_of(cached, asking())
    model.fault = None
    assert await text_of(cached, asking()) == "42"
    assert len(model.asked) == 2
    await cached.aclose()


async def test_a_truncated_stream_is_never_stored(path):
    model = CountingProvider()
    model.truncated = True
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    assert await text_of(cached, asking()) == "42"
    model.truncated = False
    await text_of(cached, asking())
    await text_of(cached, asking())
    assert len(model.asked) == 2
    await cached.aclose()


async def test_the_same_question_at_the_same_time_is_asked_once(path):
    model = CountingProvider()
    model.gate = asyncio.Event()
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    asked = [asyncio.create_task(text_of(cached, asking())) for _ in range(5)]
    await asyncio.sleep(0)
    asked[1].cancel()
    await asyncio.sleep(0)
    model.gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, str)] == ["42"] * 4
    assert len(model.asked) == 1
    await cached.aclose()


async def test_when_the_first_of_two_fails_the_second_asks_itself(path):
    model = CountingProvider()
    model.gate = asyncio.Event()
    model.fault = ProviderError("down", retryable=True)
    cached = CachedProvider(model, path, identity="m", secret=SECRET)
    asked = [asyncio.create_task(text_of(cached, asking())) for _ in range(2)]
    await asyncio.sleep(0)
    model.gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, ProviderError) for answer in answers)
    assert len(model.asked) == 2
    await cached.aclose()


async def test_an_answer_is_on_disk_before_it_is_handed_on(path):
    cached = CachedProvider(CountingProvider(), path, identity="m", secret=SECRET)
    async for _ in cached.stream(asking()):
        with sqlite3.connect(path) as other:
            assert other.execute("select count(*) from answers").fetchone() == (1,)
        other.close()
    await cached.aclose()


async def test_a_cache_that_cannot_be_written_hands_nothing_on(path):
    def answer_and_break(_: ModelRequest) -> str:
        breaker = sqlite3.connect(path)
        breaker.execute("drop table answers")
        breaker.close()
        return "42"

    cached = CachedProvider(CountingProvider(answer_and_break), path, identity="m", secret=SECRET)
    with pytest.raises(EvidenceError, match="cannot be used") as raised:
        await text_of(cached, asking())
    assert "--no-cache" in raised.value.fix
    with pytest.raises(EvidenceError):
        await text_of(cached, asking())
    await cached.aclose()


def test_a_file_that_is_no_database_is_named(path):
    path.parent.mkdir()
    path.write_text("this is not a database, it is only a text that is long enough")
    with pytest.raises(EvidenceError, match=r"answers\.db"):
        AnswerStore(path, secret=SECRET)


async def test_an_unreadable_answer_counts_as_none(path):
    store = AnswerStore(path, secret=SECRET)
    await store.put(b"k" * 32, Answer((), 1.0))
    assert store.get(b"k" * 32) == Answer((), 1.0)
    store._database.execute("update answers set answer = x'ff'")
    assert store.get(b"k" * 32) is None
    store.close()


async def test_many_answers_share_a_commit(path):
    store = AnswerStore(path, secret=SECRET)
    await asyncio.gather(*(store.put(bytes([n]) * 32, Answer((), n)) for n in range(50)))
    assert store.get(bytes([49]) * 32) == Answer((), 49)
    store.close()


async def test_the_receipt_says_what_was_paid_and_how_long_it_took(path):
    cached = CachedProvider(CountingProvider(), path, identity="m", secret=SECRET)
    receipt = new_receipt()
    await text_of(cached, asking())
    assert (receipt.paid, receipt.found, receipt.cache_hit) == (1, 0, False)
    again = new_receipt()
    await text_of(cached, asking())
    assert (again.paid, again.found, again.cache_hit) == (0, 1, True)
    assert again.latency_ms == receipt.latency_ms
    await cached.aclose()


async def test_without_a_cache_every_question_is_paid():
    model = CountingProvider()
    plain = PlainProvider(model)
    receipt = new_receipt()
    await text_of(plain, asking())
    await text_of(plain, asking())
    assert len(model.asked) == receipt.paid == 2
    await plain.aclose()
    assert model.closed == 1


async def test_repeats_and_seeds_are_distinct_samples():
    model = CountingProvider()
    for run_seed in (0, 1):
        seeded = SeededProvider(model, run_seed)
        for repeat in (0, 1):
            await text_of(seeded, asking(repeat=repeat))
    seeds = [request.sampling.seed for request in model.asked]
    assert len(set(seeds)) == 4
    assert seeds[0] == 0
    assert seed_of(2**31 - 1, 0, 1) == 0


async def test_a_candidate_without_a_seed_is_left_alone():
    model = CountingProvider()
    await text_of(SeededProvider(model, 5), asking(repeat=2, sampling=Sampling(seed=None)))
    assert model.asked[0].sampling.seed is None
