"""The report's case view of an episode: every turn, every call, what the tools said; as text."""

from __future__ import annotations

from typing import Any

import pytest

from doubles.browser import Watched, a_browser
from doubles.inspected import a_row, an_inspection
from roadworthy.console.report.page import write_report
from roadworthy.domain import Approval, Case, Expect

BOOM = "</script><script>window.__boom=1</script><img src=x onerror='window.__boom=1'>\u202e"


@pytest.fixture(scope="module")
def browser():
    with a_browser() as found:
        yield found


@pytest.fixture
def watched(browser):
    found = Watched(browser)
    yield found
    found.context.close()


def call(name: str, arguments: str) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}


def a_talk(said: str = "", **more: Any) -> dict[str, Any]:
    """The record of: a question, a call, its result, an answer; a second turn."""
    return {
        "messages": [
            {"role": "user", "content": f"Refund A17 {said}"},
            {"role": "assistant", "content": "", "tool_calls": [
                call(f"look_up{said}", '{"order":"A17"}')]},
            {"role": "tool", "tool_call_id": "c", "content": f"20 euro {said}"},
            {"role": "assistant", "content": f"Shall I? {said}"},
            {"role": "user", "content": f"Yes {said}"},
            {"role": "assistant", "content": f"Done {said}", "tool_calls": [
                call("refund", f"{{no json {said}")]},
            {"role": "tool", "tool_call_id": "c", "content": "needs approval"},
        ],
        "calls": [
            {"turn": 0, "tool": f"look_up{said}", "arguments": {"order": "A17"},
             "outcome": "answered"},
            {"turn": 1, "tool": "refund", "arguments": f"{{no json {said}",
             "outcome": "unapproved"},
        ],
        "answers": [{"text": "Shall I?", "action": "answered"},
                    {"text": f"A person {said}", "action": "blocked"}],
        "said": [], "state": {"seen": said}, **more,
    }  # fmt: skip


def shown(watched, tmp_path, *records: Any, case: Case | None = None, **row: Any):
    out = tmp_path / "run.html"
    rows = [
        a_row("c1", repeat=n, attributes={"trajectory": record}, scores={"trajectory": 0.0}, **row)
        for n, record in enumerate(records)
    ]
    with an_inspection(tmp_path, rows, cases=[case] if case else []) as found:
        write_report(found, out)
    page = watched.open(out, suffix="#case-1")
    page.wait_for_selector("dialog[open] .answer")
    return page


def turns(page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.conversation')].map(list => [...list.children].map("
        "turn => [...turn.querySelectorAll('.role, pre')].map(n => n.textContent).join('|')))"
    )
    return found


def test_every_turn_call_and_result_is_there_for_every_repeat(tmp_path, watched):
    page = shown(watched, tmp_path, a_talk(), a_talk(cut="still calling tools"), action="blocked")
    first, second = turns(page)
    assert first == [
        "user|Refund A17 ",
        'assistant|calls look_up|{\n  "order": "A17"\n}',
        "look_up says answered|20 euro ",
        "assistant|Shall I? ",
        "user|Yes ",
        "assistant|Done |calls refund|{no json ",
        "refund says unapproved|needs approval",
        "assistant blocked|A person ",
    ]
    assert second == first
    titles = page.evaluate("[...document.querySelectorAll('.answer h3')].map(n => n.textContent)")
    assert titles == ["Repeat 1", "Repeat 2"]
    assert page.inner_text(".answer:last-of-type .warning") == "Cut: still calling tools"


def test_results_that_came_with_the_case_are_no_calls_of_this_run(tmp_path, watched):
    record = a_talk()
    earlier = [
        {"role": "assistant", "tool_calls": [call("old", "{}")]},
        {"role": "tool", "content": "before"},
    ]
    record["messages"] = [*earlier, *record["messages"]]
    (found,) = turns(shown(watched, tmp_path, record))
    assert found[1] == "a tool says |before"
    assert found[4] == "look_up says answered|20 euro "


def test_hostile_text_in_a_conversation_is_text(tmp_path, watched):
    case = Case(
        id="c1", input="hi", turns=[{"user": BOOM, "expect": {"regex": BOOM}}],
        expect=Expect(text=BOOM), approvals=[Approval(tool=BOOM, when={"x": BOOM}, turn=1)],
    )  # fmt: skip
    page = shown(watched, tmp_path, a_talk(BOOM), case=case, action="blocked")
    assert page.evaluate("window.__boom") is None
    assert (watched.dialogs, watched.said) == ([], [])
    assert len(watched.asked) == 1
    (found,) = turns(page)
    assert sum(BOOM in each for each in found) >= 7
    assert "then the user" in page.inner_text("dialog")
    assert "from the user's turn 2 on" in page.inner_text("dialog")
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.evaluate("document.querySelectorAll('dialog .unseen').length") >= 7


@pytest.mark.parametrize(
    "record",
    [
        {"messages": "x"}, {"messages": [None, 3, {"role": 1}, {"role": "tool"}]}, [], "x", 7,
        {"messages": [{"role": "assistant", "content": {"a": 1}, "tool_calls": [None, {}, 4]}],
         "calls": {"a": 1}, "answers": "x", "state": [1], "cut": {"b": 2}},
    ],
)  # fmt: skip
def test_a_record_of_another_shape_is_shown_as_far_as_it_goes(tmp_path, watched, record):
    page = shown(watched, tmp_path, record, action="blocked")
    assert watched.said == []
    assert page.evaluate("document.querySelectorAll('dialog .answer').length") == 1


def test_without_texts_there_is_no_conversation(tmp_path, watched):
    out = tmp_path / "run.html"
    row = a_row("c1", attributes={"trajectory": a_talk("secret words")})
    with an_inspection(tmp_path, [row]) as found:
        write_report(found, out, texts=False)
    page = watched.open(out, suffix="#case-1")
    page.wait_for_selector("dialog[open] .answer")
    assert page.evaluate("document.querySelectorAll('.conversation').length") == 0
    assert "secret words" not in page.content()
