"""Personal data: checksums decide, words say what a number is."""

from __future__ import annotations

import pytest

from roadworthy.detectors import make_detector
from roadworthy.domain import ManifestError, TextContext

PII = make_detector("pii", {}, {})


def found(text: str) -> list[tuple[str, str]]:
    return [(f.kind, text[f.start : f.end]) for f in PII.detect(text, TextContext(side="input"))]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("to GB82WEST12345698765432 now", "IBAN", "GB82WEST12345698765432"),
        ("auf AT61 1904 3002 3457 3201 und so", "IBAN", "AT61 1904 3002 3457 3201"),
        ("card 4111 1111 1111 1111,", "PAYMENT_CARD", "4111 1111 1111 1111"),
        ("5500-0055-5555-5559", "PAYMENT_CARD", "5500-0055-5555-5559"),
        ("amex 378282246310005", "PAYMENT_CARD", "378282246310005"),
        ("jane.roe+x@mail.example.co.uk.", "EMAIL", "jane.roe+x@mail.example.co.uk"),
        ("jörg@müller.de", "EMAIL", "jörg@müller.de"),
        ("邮箱 wang@example.cn 谢谢", "EMAIL", "wang@example.cn"),
        ("call +49 30 901820 today", "PHONE", "+49 30 901820"),
        ("(212) 555-0187", "PHONE", "(212) 555-0187"),
        ("Telefon: 030 / 901820", "PHONE", "030 / 901820"),
        ("mon portable: 06 12 34 56 78.", "PHONE", "06 12 34 56 78"),
        ("SSN 536-90-4399", "NATIONAL_ID", "536-90-4399"),
        ("Steuer-ID: 36 574 261 809", "NATIONAL_ID", "36 574 261 809"),
        ("codice fiscale RCCMNL83S18D969H", "NATIONAL_ID", "RCCMNL83S18D969H"),
        ("NIR 2 95 10 99 126 111 93", "NATIONAL_ID", "2 95 10 99 126 111 93"),
        ("DNI 54362315K", "NATIONAL_ID", "54362315K"),
        ("BSN 111222333", "NATIONAL_ID", "111222333"),
        ("PESEL: 44051401359", "NATIONAL_ID", "44051401359"),
        ("hetu 131052-308T", "NATIONAL_ID", "131052-308T"),
        ("personnummer 880320-0016", "NATIONAL_ID", "880320-0016"),
        ("CPR: 211062-5629", "NATIONAL_ID", "211062-5629"),
        ("NISS 85.07.30 033 28", "NATIONAL_ID", "85.07.30 033 28"),
        ("AHV 756.9217.0769.85", "NATIONAL_ID", "756.9217.0769.85"),
        ("CNP 1630615123457", "NATIONAL_ID", "1630615123457"),
        ("VAT no. DE136695976", "VAT_NUMBER", "DE136695976"),
        ("ATU13585627 is ours", "VAT_NUMBER", "ATU13585627"),
    ],
)
def test_found(text: str, kind: str, span: str) -> None:
    assert (kind, span) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "IBAN DE89 3704 0044 0532 0130 01",  # one digit off
        "card 4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "order 44051401359 shipped",  # a PESEL by shape only
        "part number 111222333",
        "on 14 March 2026 at 10:30",
        "2026-03-14",
        "call me on 14.03.2026",
        "case 2026-118834 over 432.50 EUR",
        "version 1.2.3.4",
        "call http://169.254.169.254/latest",
        "&#1041204; is a letter",
        "a@b",
        "user@localhost",
        "pi is 3.14159265358979",
        "Tell Belle: 975 3968",  # neither `tel` nor `bel`
        "01100110 01101001 01101100",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_card_behind_another_number_is_found() -> None:
    assert ("PAYMENT_CARD", "4111 1111 1111 1111") in found("1 4111 1111 1111 1111")


def test_numbers_in_disguise_are_found() -> None:
    assert found("card \uff14111\u20111111\u20111111\u20111111")[0][0] == "PAYMENT_CARD"
    assert found("j\u0430ne@ex\u200bample.org")[0][0] == "EMAIL"


def test_kinds_can_be_chosen() -> None:
    chosen = make_detector("pii", {"kinds": ["IP_ADDRESS", "EMAIL"]}, {})
    text = "10.1.2.3 a@example.org +49 30 901820 1.2.3.4.5 300.1.1.1"
    kinds = [f.kind for f in chosen.detect(text, TextContext(side="input"))]
    assert kinds == ["IP_ADDRESS", "EMAIL"]


def test_countries_can_be_chosen() -> None:
    polish = make_detector("pii", {"kinds": ["NATIONAL_ID"], "countries": ["PL"]}, {})
    context = TextContext(side="input")
    assert len(polish.detect("PESEL 44051401359", context)) == 1
    assert polish.detect("SSN 536-90-4399", context) == []


@pytest.mark.parametrize("options", [{"kinds": ["IBANS"]}, {"countries": ["XX"]}, {"kind": []}])
def test_unknown_choices_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ManifestError) as caught:
        make_detector("pii", options, {})
    assert caught.value.fix


def test_needs_a_window() -> None:
    assert isinstance(PII.needs, int)
    assert PII.needs < 200
