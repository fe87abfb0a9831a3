"""An exchange as a span: what it says, and what it never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import NeverRecord, Observation, RailVerdict, Usage
from roadworthy.journal import span_of

ID = "01936f2e-7b1c-7000-8000-0123456789ab"


def seen(**more: object) -> Observation:
    return Observation(  # type: ignore[arg-type]
        id=ID, time="2026-11-22T10:00:01.500000Z", system="desk", release="sha256:r", stage="live",
        **more,
    )  # fmt: skip


def test_a_span_ends_when_the_answer_was_kept_and_lasts_as_long_as_it_took() -> None:
    span = span_of(seen(latency_ms=1500.0, model="small"))
    assert (span.name, span.end_ns - span.begin_ns) == ("chat small", 1_500_000_000)
    assert span.end_ns == 1_795_341_601_500_000_000
    assert span.trace_id == 0x01936F2E7B1C700080000123456789AB and 0 < span.span_id < 2**64


def test_it_speaks_the_conventions_words() -> None:
    usage = Usage(input_tokens=9, output_tokens=4, cached_input_tokens=3)
    said = span_of(seen(usage=usage, finish_reason="stop", cost="0.002", currency="EUR")).attributes
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.usage.input_tokens"] == 9 and said["gen_ai.usage.output_tokens"] == 4
    assert said["gen_ai.response.finish_reasons"] == ["stop"]
    assert (said["roadworthy.cost"], said["roadworthy.currency"]) == (0.002, "EUR")


def test_what_is_not_known_is_not_said() -> None:
    said = span_of(seen()).attributes
    assert None not in said.values()
    assert not {"gen_ai.usage.input_tokens", "roadworthy.cost", "error.type"} & set(said)


@pytest.mark.parametrize("status", ["error", "interrupted", "refused"])
def test_a_failure_is_one(status: str) -> None:
    span = span_of(seen(status=status, error="it said: my secret", quoted="my secret"))
    assert (span.failed, span.why, span.attributes["error.type"]) == (True, status, status)


def test_what_acted_is_named() -> None:
    verdicts = (
        RailVerdict(rail="words", side="input", outcome="block", reason="kill myself"),
        RailVerdict(rail="pii", side="output", outcome="passed"),
    )
    never = (NeverRecord(event="reveals-iban", kind="attempt", found_by="rail"),)
    said = span_of(seen(rails=verdicts, never=never, action="blocked")).attributes
    assert said["roadworthy.rails.acted"] == ["words"]
    assert said["roadworthy.never_events"] == ["reveals-iban"]


@given(st.text(min_size=4), st.text(min_size=4), st.text(min_size=4))
def test_no_text_of_anybody_is_in_a_span(output: str, error: str, user: str) -> None:
    marked = {name: f"<<{text}>>" for name, text in
              {"output": output, "raw_output": output, "error": error, "quoted": error,
               "end_user": user}.items()}  # fmt: skip
    span = span_of(seen(**marked, status="error"))
    told = repr((span.name, span.why, span.attributes))
    assert "<<" not in told
