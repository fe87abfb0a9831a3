"""Presidio, NeMo Guardrails and Guardrails AI themselves, where they are installed; else skipped.

What holds without them is tested without them: what is missing is said, with what would be right.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from typing import Any

import pytest

from doubles.asked_outside import a_deep_rail
from doubles.set_clock import SetClock
from roadworthy.domain import Deployment, DetectorError, Finding, Inspector, TextContext, UsageError
from roadworthy.providers import make_inspector
from roadworthy.providers.breaker import Breaker
from roadworthy.providers.inspectors.careful import Careful
from roadworthy.providers.inspectors.in_thread import InThread
from roadworthy.serving import Border, Pseudonyms

INPUT = TextContext(side="input")
OUTPUT = TextContext(side="output", input="the question")
COLANG = """\
define bot refuse to respond
  "I cannot."

define subflow no bad words
  if "bad" in $user_message
    bot refuse to respond
    stop

define subflow no bad answers
  if "bad" in $bot_message
    bot refuse to respond
    stop
"""
CONFIG: dict[str, Any] = {
    "models": [],
    "rails": {"input": {"flows": ["no bad words"]}, "output": {"flows": ["no bad answers"]}},
}


def asking(detector: str, assets: dict[str, Any] | None = None, **options: Any) -> Inspector:
    rail = a_deep_rail(detector=detector, options=options, budget_ms=60_000)
    return make_inspector(
        rail, deployment=Deployment(), root=".", assets=assets or {}, clock=SetClock()
    )


def a_nemo(**changed: Any) -> Inspector:
    assets = {"nemo.yaml": {**CONFIG, **changed}, "nemo.co": COLANG}
    return asking("nemo", assets, config="nemo.yaml", colang="nemo.co")


HOW = {
    "presidio_analyzer": "pip install 'roadworthy[presidio]'; make outside runs it apart",
    "nemoguardrails": "pip install 'roadworthy[nemo]'; make outside runs it apart",
    "guardrails": "guardrails-ai 0.11 wants an older typer than our commands",
    "guardrails_ai": "guardrails-ai-ban-list goes with guardrails-ai",
}


def needs(module: str) -> Any:
    there = importlib.util.find_spec(module) is not None
    return pytest.mark.skipif(not there, reason=f"{module} is not installed: {HOW[module]}")


def missing(module: str) -> Any:
    there = importlib.util.find_spec(module) is not None
    return pytest.mark.skipif(there, reason=f"{module} is installed")


def english_model() -> str:
    """A spaCy model that is installed; empty where none is."""
    if importlib.util.find_spec("spacy") is None:
        return ""
    import spacy

    return next((name for name in spacy.util.get_installed_models() if name.startswith("en_")), "")


foreign = pytest.mark.filterwarnings("default")
"""Their warnings are theirs."""


@pytest.mark.parametrize(
    ("detector", "options", "fix"),
    [
        pytest.param(
            "presidio", {}, "pip install 'roadworthy[presidio]'",
            marks=missing("presidio_analyzer"),
        ),
        pytest.param(
            "nemo", {"config": "nemo.yaml"}, "pip install 'roadworthy[nemo]'",
            marks=missing("nemoguardrails"),
        ),
        pytest.param(
            "guardrails_ai", {"validator": "guardrails/ban_list"}, "ask it over `detector: http`",
            marks=missing("guardrails"),
        ),
    ],
)  # fmt: skip
def test_a_tool_that_is_not_installed_is_said_before_anything_is_served(
    detector: str, options: dict[str, Any], fix: str
) -> None:
    with pytest.raises(UsageError, match="not installed") as caught:
        asking(detector, {"nemo.yaml": CONFIG}, **options)
    assert (caught.value.fix or "").startswith(fix)


@pytest.mark.parametrize("key", ["import_paths", "docs", "actions_server_url"])
def test_a_nemo_configuration_cannot_reach_beyond_the_release(key: str) -> None:
    with pytest.raises(UsageError, match=f"`{key}` reaches"):
        a_nemo(**{key: ["somewhere"]})


def test_a_nemo_configuration_that_is_none_is_said() -> None:
    with pytest.raises(UsageError, match="no NeMo configuration"):
        asking("nemo", {"nemo.yaml": ["x"]}, config="nemo.yaml")


@foreign
@needs("presidio_analyzer")
async def test_presidio_finds_personal_data_where_it_stands() -> None:
    inspector = asking("presidio", entities=["EMAIL_ADDRESS", "CREDIT_CARD"])
    text = "Mail jane@example.org, card 4111 1111 1111 1111, at 10:30 in Paris"
    found = await inspector.inspect(text, INPUT)
    said = {each.kind: text[each.start : each.end] for each in found}
    assert said == {"EMAIL_ADDRESS": "jane@example.org", "CREDIT_CARD": "4111 1111 1111 1111"}
    assert all(0 < each.score <= 1 for each in found)
    assert await inspector.inspect("nothing here", INPUT) == []
    await inspector.aclose()


@foreign
@needs("presidio_analyzer")
@pytest.mark.parametrize(
    ("options", "fault"),
    [({"entities": ["PERSON"]}, "finds no PERSON in 'en' without a spaCy model"),
     ({"entities": ["WEATHER"]}, "finds no WEATHER"),
     ({"spacy": "en_core_web_nowhere"}, "is not installed"),
     ({"language": "xxx"}, "spaCy has nothing")],
)  # fmt: skip
def test_presidio_is_asked_for_nothing_that_it_cannot_find(
    options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(UsageError, match=fault):
        asking("presidio", **options)


@foreign
@needs("presidio_analyzer")
@pytest.mark.skipif(
    not english_model(),
    reason="no spaCy model of English is installed: python -m spacy download en_core_web_sm",
)
async def test_presidio_with_a_model_finds_names_that_then_leave_under_others() -> None:
    border = Border((), "pseudonymise", frozenset(), "the upstream lab (US)", names=asking(
        "presidio", spacy=english_model(), entities=["PERSON", "LOCATION"]
    ))  # fmt: skip
    names = Pseudonyms([])
    text = "My name is Jane Miller and I live in Berlin. Jane Miller wants a refund."
    left, kinds = await border.passed([text], names)
    assert kinds == {"PERSON", "LOCATION"}
    assert "Jane" not in left[0] and "Berlin" not in left[0]
    assert names.feed(left[0]) + names.rest() == text
    await border.aclose()


@foreign
@needs("nemoguardrails")
async def test_nemos_rails_block_what_they_look_for_on_their_side() -> None:
    inspector = a_nemo()
    assert await inspector.inspect("a good day", INPUT) == []
    (found,) = await inspector.inspect("a bad day", INPUT)
    assert found == Finding(kind="NEMO", start=0, end=9)
    assert await inspector.inspect("fine", OUTPUT) == []
    assert len(await inspector.inspect("bad", OUTPUT)) == 1
    await inspector.aclose()


@foreign
@needs("nemoguardrails")
async def test_a_side_without_rails_is_not_checked_and_no_pass() -> None:
    inspector = a_nemo(rails={"input": {"flows": ["no bad words"]}})
    with pytest.raises(Exception, match="no configured rails"):
        await inspector.inspect("fine", OUTPUT)
    await inspector.aclose()


@foreign
@needs("guardrails")
@needs("guardrails_ai")
async def test_a_validator_of_guardrails_fails_what_it_looks_for() -> None:
    name, words = "guardrails/ban_list", {"banned_words": ["fool"]}
    inspector = asking("guardrails_ai", validator=name, arguments=words)
    (found,) = await inspector.inspect("you fool", OUTPUT)
    assert found == Finding(kind="INVALID", start=0, end=8)
    assert await inspector.inspect("hello", OUTPUT) == []
    await inspector.aclose()
    with pytest.raises(UsageError, match="takes no such arguments"):
        asking("guardrails_ai", validator=name, arguments={"wrong": 1})
    with pytest.raises(UsageError, match="no validator 'guardrails/nowhere'"):
        asking("guardrails_ai", validator="guardrails/nowhere")


async def test_a_look_that_hangs_keeps_one_thread_and_closes_the_rail() -> None:
    hangs = threading.Event()
    looks: list[str] = []

    def look(text: str, context: TextContext) -> list[Finding]:
        looks.append(threading.current_thread().name)
        hangs.wait(20)
        return []

    inner = InThread(look, at_once=1)
    inspector = Careful(inner, name="tool", breaker=Breaker(SetClock()), budget_s=0.02, at_once=1)
    for _ in range(4):
        with pytest.raises(DetectorError, match="over its budget"):
            await inspector.inspect("a text", INPUT)
    assert len(looks) == 1
    hangs.set()
    await inspector.aclose()


async def test_a_look_that_takes_its_time_keeps_nobody_else_from_the_loop() -> None:
    goes_on = threading.Event()

    def look(text: str, context: TextContext) -> list[Finding]:
        return [Finding(kind="SLOW", start=0, end=1)] if goes_on.wait(20) else []

    inspector = InThread(look, at_once=1)
    looking = asyncio.ensure_future(inspector.inspect("a text", INPUT))
    await asyncio.sleep(0)  # the loop runs while it looks
    goes_on.set()
    assert len(await looking) == 1
    await inspector.aclose()
