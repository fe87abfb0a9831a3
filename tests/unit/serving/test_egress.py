"""What may leave to where: regions, hosts, and what of a text crosses a border."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, structs

from doubles.asked_outside import Outside, Speaks, a_call, a_service, walked
from roadworthy.domain import (
    Address,
    DetectorError,
    Egress,
    Finding,
    ManifestError,
    Rails,
    TextContext,
    Upstream,
    is_host_allowed,
    is_inside,
)
from roadworthy.serving import Border, Pseudonyms, RailLine, Veiled, compile_border

MAIL, CARD = "jane@example.org", "4111 1111 1111 1111"
FAR = Upstream(url="http://far.example", region="US")


def a_border(upstream: Upstream | None = FAR, **given: Any) -> Border | None:
    given.setdefault("regions", ["EU"])
    content = a_service(Speaks()).content
    rails = Rails(egress=Egress(**given))
    return compile_border(structs.replace(content, rails=rails), "lab", upstream)


@pytest.mark.parametrize(
    ("region", "allowed", "inside"),
    [("DE", ["DE"], True), ("de", ["DE"], True), ("DE", ["EU"], True), ("DE", ["EEA"], True),
     ("NO", ["EEA"], True), ("NO", ["EU"], False), ("EU", ["EEA"], True), ("EU", ["DE"], False),
     ("US", ["EU"], False), ("", ["EU"], False), ("", [], False), ("DE", [], False),
     ("eu-central-1", ["EU"], False), ("eu-central-1", ["eu-central-1"], True),
     ("CH", ["EEA"], False), ("GB", ["EU"], False), ("EEA", ["EU"], False)],
)  # fmt: skip
def test_a_region_is_inside_only_where_somebody_named_it(
    region: str, allowed: list[str], inside: bool
) -> None:
    assert is_inside(region, allowed) is inside


@pytest.mark.parametrize(
    ("host", "allowed", "may"),
    [("api.example.eu", ["api.example.eu"], True), ("API.example.eu.", ["api.example.eu"], True),
     ("b.api.example.eu", ["api.example.eu"], False), ("a.example.eu", ["*.example.eu"], True),
     ("example.eu", ["*.example.eu"], False), ("badexample.eu", ["*.example.eu"], False),
     ("a.example.eu.evil.com", ["*.example.eu"], False), ("any", [], True)],
)  # fmt: skip
def test_a_host_is_allowed_only_as_it_is_named(host: str, allowed: list[str], may: bool) -> None:
    assert is_host_allowed(host, allowed) is may


def test_there_is_no_border_where_every_address_lies_inside() -> None:
    assert a_border(Upstream(url="http://x", region="DE")) is None
    assert a_border(None) is None
    two = Upstream(url="http://x", region="DE", also=[Address(url="http://y", region="FR")])
    assert a_border(two) is None


@pytest.mark.parametrize(
    "upstream",
    [
        Upstream(url="http://x"),
        Upstream(url="http://x", region="DE", also=[Address(url="http://y")]),
        Upstream(url="http://x", region="DE", also=[Address(url="http://y", region="US")]),
    ],
)
def test_one_address_that_is_elsewhere_or_nowhere_makes_a_border(upstream: Upstream) -> None:
    assert a_border(upstream) is not None


def test_the_charters_jurisdictions_hold_where_no_region_is_named() -> None:
    assert a_border(Upstream(url="http://x", region="DE"), regions=[]) is not None


def test_without_egress_there_is_no_border() -> None:
    content = a_service(Speaks()).content
    assert content.rails.egress is UNSET
    assert compile_border(content, "lab", FAR) is None


async def test_a_value_has_one_name_in_a_request_and_another_value_another() -> None:
    border = a_border(personal_data="pseudonymise")
    assert border is not None
    names = Pseudonyms([])
    said, kinds = await border.passed([f"{MAIL}, {MAIL}", f"joe@a.org {MAIL} {CARD}"], names)
    assert kinds == {"EMAIL", "PAYMENT_CARD"}
    assert said == ["<EMAIL_1>, <EMAIL_1>", "<EMAIL_2> <EMAIL_1> <PAYMENT_CARD_1>"]
    assert names.feed(said[1]) + names.rest() == f"joe@a.org {MAIL} {CARD}"


def test_a_name_is_none_that_the_request_says_itself() -> None:
    names = Pseudonyms(["<EMAIL_1> is what I write, and <EMAIL_2>"])
    assert names.name("EMAIL", MAIL) == "<EMAIL_3>"
    assert names.feed("<EMAIL_1>") == "<EMAIL_1>"


def test_what_only_looks_like_a_name_is_left_alone() -> None:
    names = Pseudonyms([])
    names.name("EMAIL", MAIL)
    for text in (
        "<EMAIL_2>",
        "<EMAIL_1",
        "EMAIL_1>",
        "< EMAIL_1>",
        "<email_1>",
        "<<<",
        "<EMAIL_11>",
    ):
        assert names.feed(text) + names.rest() == text
    assert names.feed("<<EMAIL_1>>") + names.rest() == f"<{MAIL}>"


def test_many_beginnings_of_names_take_no_longer_than_they_are_long() -> None:
    names = Pseudonyms([])
    names.name("EMAIL", MAIL)
    text = "<" * 300_000 + "EMAIL_1>"
    assert names.feed(text) + names.rest() == "<" * 299_999 + MAIL


def test_a_value_that_holds_a_name_is_not_read_again() -> None:
    names = Pseudonyms([])
    names.name("KEY", "<KEY_2>")
    names.name("KEY", "second")
    assert names.feed("<KEY_1><KEY_2>") == "<KEY_2>second"


def test_values_go_into_json_as_json_writes_them() -> None:
    names = Pseudonyms([], escape=True)
    names.name("KEY", 'a"b\\c\n')
    assert names.feed('{"k": "<KEY_1>"}') == '{"k": "a\\"b\\\\c\\n"}'


def test_names_in_tool_calls_are_taken_back_however_the_brackets_are_written() -> None:
    names = Pseudonyms([])
    names.name("KEY", 'a"b')
    deltas = [
        {
            "tool_calls": [
                {"index": 0, "id": "c", "function": {"name": "f", "arguments": '{"k": "<K'}}
            ]
        },
        {
            "tool_calls": [
                {"index": 0, "function": {"arguments": 'EY_1>", "l": "\\u003cKEY_1\\u003e"}'}}
            ]
        },
    ]
    (whole,) = names.in_calls(deltas)
    (call,) = whole["tool_calls"]
    assert call["function"]["arguments"] == '{"k": "a\\"b", "l": "a\\"b"}'
    assert (call["id"], call["function"]["name"]) == ("c", "f")


async def test_own_patterns_are_personal_data_too() -> None:
    border = a_border(personal_data="redact", patterns={"CUSTOMER": "K-[0-9]{6}"})
    assert border is not None
    left, _ = await border.passed([f"K-123456 of {MAIL}"], None)
    assert left == ["<CUSTOMER> of <EMAIL>"]


class Names(Outside):
    """Finds who says "I am …", as a language model does: by what stands around it."""

    async def inspect(self, text: str, context: TextContext) -> list[Finding]:
        self.asked.append((text, context))
        if self.fault is not None:
            raise self.fault
        at = text.find("I am ")
        if at < 0:
            return []
        end = text.find(",", at) if "," in text else len(text)
        return [Finding(kind="PERSON", start=at + 5, end=end, score=0.85)]


async def test_a_name_is_taken_out_wherever_it_stands_once_it_was_found() -> None:
    border = a_border(personal_data="pseudonymise")
    assert border is not None
    border = structs.replace(border, names=Names())
    names = Pseudonyms([])
    texts = ["Who is Jane Doe?", f"I am Jane Doe, {MAIL}", "Jane Doe's and Jane Doering, PERSON"]
    left, kinds = await border.passed(texts, names)
    assert left == [
        "Who is <PERSON_1>?", "I am <PERSON_1>, <EMAIL_1>", "<PERSON_1>'s and Jane Doering, PERSON",
    ]  # fmt: skip
    assert kinds == {"PERSON", "EMAIL"}
    assert names.feed(left[2]) + names.rest() == texts[2]


async def test_a_name_that_is_a_word_of_a_placeholder_spoils_none() -> None:
    border = a_border(personal_data="pseudonymise")
    assert border is not None
    border = structs.replace(border, names=Names())
    names = Pseudonyms([])
    left, _ = await border.passed(["I am PERSON, or EMAIL", MAIL], names)
    assert left == ["I am <PERSON_1>, or EMAIL", "<EMAIL_1>"]
    assert names.feed(" ".join(left)) + names.rest() == f"I am PERSON, or EMAIL {MAIL}"


async def test_what_finds_names_and_cannot_look_lets_nothing_leave() -> None:
    model = Speaks("fine")
    service = a_service(model)
    border = a_border(personal_data="redact")
    assert border is not None
    outside = Names(fault=DetectorError("presidio: over its budget of 2000 ms"))
    service.border = structs.replace(border, names=outside)
    _, reply = await walked(service, a_call("I am Jane Doe"))
    assert (reply.observation.action, model.asked) == ("blocked", [])
    (found,) = reply.observation.rails
    assert (found.outcome, found.reason) == ("not_checked", "presidio: over its budget of 2000 ms")
    await service.aclose()
    assert outside.closed


async def test_names_come_back_in_the_answer() -> None:
    model = Speaks("Dear <PERS", "ON_1>, your bill is on its way.")
    service = a_service(model)
    border = a_border(personal_data="pseudonymise")
    assert border is not None
    service.border = structs.replace(border, names=Names())
    pieces, reply = await walked(service, a_call("I am Jane Doe", stream=True))
    assert model.asked[0].messages[0]["content"] == "I am <PERSON_1>"
    assert reply.text == "Dear Jane Doe, your bill is on its way."
    assert "".join(pieces) + reply.rest == reply.text


@pytest.mark.parametrize("given", [{"kinds": ["NAMES"]}, {"patterns": {"X": "(?<=a)b"}}])
def test_a_look_that_cannot_be_built_is_a_fault_before_anything_is_served(given: Any) -> None:
    content = a_service(Speaks()).content
    with pytest.raises(ManifestError, match="egress"):
        RailLine.compile(rails=Rails(egress=Egress(**given)), charter=content.charter, assets={})


async def test_a_guard_that_is_elsewhere_sees_no_personal_data() -> None:
    outside = Outside()
    border = a_border(personal_data="pseudonymise")
    assert border is not None
    context = TextContext(
        side="output", input=f"I am {MAIL}", context={"s": [f"card {CARD}"], MAIL: 1}
    )
    (found,) = await Veiled(outside, border).inspect(f"{MAIL} is bad", context)
    assert (found.start, found.end) == (0, len(f"{MAIL} is bad"))
    ((text, told),) = outside.asked
    assert text == "<EMAIL> is bad"
    assert told.input == "I am <EMAIL>"
    assert told.context == {"s": ["card <PAYMENT_CARD>"], "<EMAIL>": 1}


async def test_a_guard_that_is_elsewhere_is_not_asked_where_data_is_blocked() -> None:
    outside = Outside()
    border = a_border(personal_data="block")
    assert border is not None
    with pytest.raises(DetectorError, match="may not go to the upstream lab"):
        await Veiled(outside, border).inspect(MAIL, TextContext(side="input"))
    assert outside.asked == []
