"""The exact cache: what it keeps, for whom, how long, and what makes it forget."""

from __future__ import annotations

from msgspec import structs

from doubles.set_clock import SetClock
from roadworthy.domain import AnswerCache, Call, Chunk, ModelRequest, Usage
from roadworthy.serving import ExactCache, replayed

CALL = Call(id="o", system="letters", tenant="acme", facets={"region": "north"})
REQUEST = ModelRequest(model="m", messages=({"role": "user", "content": "x"},))
SAID = [Chunk(text="On its way", usage=Usage(input_tokens=3)), Chunk(finish_reason="stop")]


class Erasures:
    def __init__(self) -> None:
        self.stamp = 0

    def __call__(self) -> object:
        return self.stamp


def a_cache(**settings: float) -> tuple[ExactCache, SetClock, Erasures]:
    clock, erasures = SetClock(), Erasures()
    allowed = AnswerCache(**settings)  # type: ignore[arg-type]
    return ExactCache(allowed, "sha256:r", clock, erased=erasures), clock, erasures


def test_the_same_question_has_the_same_key_whichever_way_it_is_read() -> None:
    cache, _, _ = a_cache()
    key = cache.key(CALL, REQUEST)
    assert cache.key(CALL, structs.replace(REQUEST, stream=True)) == key
    other = structs.replace(CALL, id="p", end_user="eu-2", session="s")
    assert cache.key(other, REQUEST) == key


def test_another_tenant_slice_release_or_word_is_another_question() -> None:
    cache, clock, erasures = a_cache()
    elsewhere = ExactCache(AnswerCache(), "sha256:other", clock, erased=erasures)
    asked = [
        cache.key(CALL, REQUEST),
        cache.key(structs.replace(CALL, tenant="globex"), REQUEST),
        cache.key(structs.replace(CALL, facets={}), REQUEST),
        cache.key(CALL, structs.replace(REQUEST, extra={"tools": []})),
        cache.key(CALL, structs.replace(REQUEST, messages=({"role": "user", "content": "y"},))),
        elsewhere.key(CALL, REQUEST),
    ]
    assert len(set(asked)) == len(asked)


def test_an_answer_is_kept_for_its_time() -> None:
    cache, clock, _ = a_cache(max_age_s=10.0)
    cache.keep(b"k", SAID)
    clock.advance(10.0)
    assert cache.find(b"k") == tuple(SAID)
    clock.advance(0.001)
    assert cache.find(b"k") is None


def test_what_broke_off_is_not_kept() -> None:
    cache, _, _ = a_cache()
    for broken in ([], SAID[:1], [Chunk(text="no", finish_reason="content_filter")]):
        cache.keep(b"k", broken)
    assert cache.find(b"k") is None


def test_an_erasure_forgets_everything() -> None:
    cache, _, erasures = a_cache()
    cache.keep(b"k", SAID)
    erasures.stamp += 1
    assert cache.find(b"k") is None


def test_the_least_asked_for_goes_when_there_is_no_more_room() -> None:
    cache, _, _ = a_cache(max_mb=1)
    large = [Chunk(text="x" * 300_000, finish_reason="stop")]
    for key in (b"a", b"b", b"c"):
        cache.keep(key, large)
    assert cache.find(b"a") is not None
    cache.keep(b"d", large)
    assert [cache.find(key) is None for key in (b"a", b"b", b"c", b"d")] == [
        False,
        True,
        False,
        False,
    ]
    cache.keep(b"e", [Chunk(text="x" * 2_000_000, finish_reason="stop")])
    assert cache.find(b"e") is None and cache.find(b"d") is not None


async def test_tokens_are_counted_once() -> None:
    again = [chunk async for chunk in replayed(tuple(SAID))]
    assert [chunk.text for chunk in again] == ["On its way", ""]
    assert again[0].usage == Usage() and again[1].usage is None
