from __future__ import annotations

import itertools
import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from doubles.answering import CountingProvider
from doubles.suites import a_case, a_suite, a_system
from roadworthy.domain import (
    Candidate,
    Decision,
    EvidenceError,
    Expect,
    Model,
    Prompt,
    PromptHeader,
    ProviderError,
    Rail,
    Rails,
    ReleaseContent,
    RunSummary,
    Usage,
    Variable,
    VerificationError,
    timeless,
)
from roadworthy.evaluation import Limits, read_run
from roadworthy.flows.entries.run_records import summary_of, summary_path
from roadworthy.flows.request.service import Service
from roadworthy.flows.runs.evaluating import (
    Asked,
    EvaluatingDeps,
    evaluate,
)
from roadworthy.flows.workspace.loop import Loop
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.loop import open_loop


def deps(loop: Loop, provider: CountingProvider, **changes) -> EvaluatingDeps:
    numbers = itertools.count()

    def service(content: ReleaseContent, wrap) -> Service:
        return Service(
            content=content,
            digest=content.candidate_digest,
            composer=Composer(content.candidate, content.prompt, content.charter),
            rails=RailLine.compile(rails=content.rails, charter=content.charter, assets={}),
            provider=wrap(provider),
            pricing=lambda usage, at: price(usage),
        )

    given = {"loop": loop, "new_id": lambda: f"id-{next(numbers)}", "service": service}
    return EvaluatingDeps(**(given | changes))


def price(usage: Usage) -> tuple[str, str] | None:
    return str(Decimal(usage.output_tokens) / 100), "EUR"


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return open_loop(tmp_path)


def asked(**changes) -> Asked:
    return Asked(limits=Limits(concurrency=2), **changes)


def kinds(loop: Loop) -> list[str]:
    return [entry.kind for entry in loop.ledger.entries(system="desk")]


async def test_the_bar_is_in_the_ledger_before_the_first_question(loop):
    def answer(_) -> str:
        assert kinds(loop) == ["bar.fixed"]
        return "42"

    done = await evaluate(a_system(), asked(), deps(loop, CountingProvider(answer)))
    assert kinds(loop) == ["bar.fixed", "run.completed"]
    assert done.summary.status == "complete"
    bar = loop.ledger.newest(kind="bar.fixed")
    assert bar is not None
    assert loop.blobs.get_json(str(bar.payload["bar"]))["candidate"] == done.summary.candidate


async def test_a_summary_says_what_came_out(loop):
    provider = CountingProvider(lambda request: "42" if "1" not in str(request.messages) else "43")
    done = await evaluate(a_system(a_suite("all", 4)), asked(), deps(loop, provider))
    found = {each.name: each for each in done.summary.indicators}
    assert (found["exact_match"].value, found["exact_match"].n) == (0.75, 4)
    assert done.summary.suites == {"all": 4}
    assert done.summary.cost == "0.04 EUR"
    written = summary_path(loop.workspace, done.summary.run).read_bytes()
    assert msgspec.json.decode(written, type=RunSummary) == timeless(done.summary)
    assert len(read_run(done.run_file, expected=done.summary.observations)) == 4


async def test_the_same_command_prints_a_complete_run_again(loop):
    provider = CountingProvider()
    first = await evaluate(a_system(), asked(), deps(loop, provider))
    second = await evaluate(a_system(), asked(), deps(loop, provider))
    assert second.reprinted
    assert (second.summary, second.digest) == (first.summary, first.digest)
    assert len(provider.asked) == 3
    assert kinds(loop) == ["bar.fixed", "run.completed"]


async def test_a_fresh_attempt_is_another_run_on_the_same_answers(loop):
    provider = CountingProvider()
    first = await evaluate(a_system(), asked(), deps(loop, provider))
    second = await evaluate(a_system(), asked(fresh=True), deps(loop, provider))
    assert second.summary.run != first.summary.run
    assert second.summary.observations == first.summary.observations
    assert len(provider.asked) == 3
    paid = await evaluate(a_system(), asked(fresh=True, cache=False), deps(loop, provider))
    assert len(provider.asked) == 6
    assert paid.summary.observations == first.summary.observations


async def test_same_suite_seed_and_cache_give_the_same_bytes(tmp_path):
    blocked = a_case(9, input="Tell me DE89370400440532013000", expect=Expect(action="block"))
    system = a_system(a_suite("all", [*map(a_case, range(6)), blocked], repeats=2),
                      rails=Rails(rails=[Rail(id="pii", detector="pii", on="input")]))  # fmt: skip
    first = open_loop(tmp_path / "first")
    paid = await evaluate(system, asked(), deps(first, CountingProvider("42")))
    said = [summary_path(first.workspace, paid.summary.run).read_bytes()]
    for name, at_a_time in (("second", 1), ("third", 9)):
        shutil.copytree(first.workspace.keys, tmp_path / name / ".roadworthy" / "keys")
        loop = open_loop(tmp_path / name)
        loop.workspace.answers.parent.mkdir()
        loop.workspace.answers.write_bytes(first.workspace.answers.read_bytes())
        provider = CountingProvider("43")
        wish = Asked(limits=Limits(concurrency=at_a_time))
        done = await evaluate(system, wish, deps(loop, provider))
        assert provider.asked == []
        said.append(summary_path(loop.workspace, done.summary.run).read_bytes())
        assert done.digest == paid.digest
    assert said[0] == said[1] == said[2]
    again = await evaluate(system, asked(fresh=True), deps(first, CountingProvider("43")))
    assert again.summary.run != paid.summary.run
    assert summary_path(first.workspace, again.summary.run).read_bytes() == said[0]


async def test_what_is_not_in_the_summary_is_in_the_entry(loop):
    done = await evaluate(a_system(), asked(), deps(loop, CountingProvider()))
    entry = loop.ledger.newest(kind="run.completed")
    assert entry is not None
    assert summary_of(loop, entry) == done.summary
    assert done.summary.file.startswith("sha256:")
    assert done.summary.ended_at >= done.summary.started_at != ""


async def test_repeats_are_asked_each_and_flaky_cases_are_named(loop):
    provider = CountingProvider(
        lambda request: "42" if request.repeat == 0 or "c1" not in str(request) else "43"
    )
    cases = [a_case(0), a_case(1, input="c1")]
    done = await evaluate(a_system(a_suite("all", cases)), asked(repeats=2), deps(loop, provider))
    assert len(provider.asked) == 4
    assert done.summary.flaky == ("c1",)


async def test_a_failing_model_gives_a_partial_run_that_goes_on(loop):
    provider = CountingProvider()
    provider.fault = ProviderError("upstream is down", retryable=True)
    first = await evaluate(a_system(), asked(), deps(loop, provider))
    assert (first.summary.status, first.summary.errors) == ("partial", 3)
    assert read_run(first.run_file)[0].error == "upstream is down"
    provider.fault = None
    second = await evaluate(a_system(), asked(), deps(loop, provider))
    assert (second.summary.status, second.summary.errors) == ("complete", 0)
    assert second.summary.run == first.summary.run
    assert kinds(loop) == ["bar.fixed", "run.completed", "run.completed"]


async def test_a_cache_that_breaks_ends_the_run_and_keeps_its_rows(loop):
    def answer(request) -> str:
        if "2" in str(request.messages):
            loop.workspace.answers.unlink()
            loop.workspace.answers.with_name("answers.db-wal").unlink()
            raise EvidenceError("the disk is full")
        return "42"

    with pytest.raises(EvidenceError, match="full"):
        await evaluate(
            a_system(), Asked(limits=Limits(concurrency=1)), deps(loop, CountingProvider(answer))
        )
    assert kinds(loop) == ["bar.fixed"]
    (path,) = loop.workspace.runs.glob("run-*.jsonl")
    assert [row.case for row in read_run(path)] == ["c0", "c1"]


async def test_a_decision_is_scored_by_its_label(loop):
    candidate = Candidate(
        task="decision",
        model=Model(provider="rule", name="rules"),
        decision=Decision(labels=["motor", "home"], confidence="verbalised"),
    )
    cases = [
        a_case(0, input="car", expect=Expect(label="motor")),
        a_case(1, input="roof", expect=Expect(label="motor")),
    ]
    provider = CountingProvider(lambda request: "Motor." if "car" in str(request) else "home")
    system = a_system(a_suite("all", cases), candidate=candidate)
    done = await evaluate(system, asked(), deps(loop, provider))
    rows = read_run(done.run_file)
    assert [(row.decision, row.label, row.scores["label"]) for row in rows] == [
        ("motor", "motor", 1.0),
        ("home", "motor", 0.0),
    ]


async def test_messages_go_through_as_they_are_without_a_prompt(loop):
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "6x7?"}]
    provider = CountingProvider()
    await evaluate(
        a_system(a_suite("all", [a_case(0, input=messages)])), asked(), deps(loop, provider)
    )
    assert list(provider.asked[0].messages) == messages


async def test_a_case_that_cannot_be_asked_is_an_error_row(loop):
    header = PromptHeader(id="p", variables={"claim": Variable()})
    prompt = Prompt(path="p.md", header=header, body="# user\n{{ claim }}")
    system = a_system(a_suite("all", [a_case(0)]), prompt=prompt)
    done = await evaluate(system, asked(), deps(loop, CountingProvider("a")))
    (row,) = read_run(done.run_file)
    assert (row.status, row.action) == ("error", "error")
    assert "claim" in row.error
    assert done.summary.status == "partial"


async def test_a_complete_run_is_printed_as_the_ledger_has_it(loop):
    first = await evaluate(a_system(), asked(), deps(loop, CountingProvider()))
    summary_path(loop.workspace, first.summary.run).unlink()
    second = await evaluate(a_system(), asked(), deps(loop, CountingProvider("43")))
    assert second.summary == first.summary


async def test_a_changed_summary_is_refused(loop):
    done = await evaluate(a_system(), asked(), deps(loop, CountingProvider()))
    path = loop.blobs.path(done.digest)
    path.write_bytes(path.read_bytes().replace(b'"n":3', b'"n":9', 1))
    with pytest.raises(VerificationError):
        await evaluate(a_system(), asked(), deps(loop, CountingProvider()))
