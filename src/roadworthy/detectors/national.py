"""National numbers of persons, and value-added tax numbers.

Enters: countries. Leaves: shapes. Never happens here: a number whose checksum does not hold. A
checksum that one number in ten passes by chance counts only beside a word that says what it is;
one that comes with a date, a letter code or two check digits stands by itself.

The checks are python-stdnum's; its sources are the issuing offices of each country.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from .context import REACH, inside_number, near
from .extent import extent_of
from .shape import REFUSED, Accept, Shape


class _Number(Struct, frozen=True):
    country: str
    pattern: str
    module: str
    """Module of python-stdnum; empty when the shape is all there is."""
    alone: float
    """Score without a word beside it; 0: needs one."""
    words: tuple[str, ...] = ()
    loose: bool = False
    """Beside its name the shape is enough, also where the check knows it was never issued."""


_ID = (
    "national id",
    "identity*",
    "personal number",
    "id number",
    "id no",
    "identification*",
    "ssn_*",
)
_TAX = ("tax id", "tax number", "taxpayer", "tin")

_CODICE = (
    r"\b[A-Za-z]{6}[0-9LMNP-V]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9LMNP-V]{2}"
    r"[A-Za-z][0-9LMNP-V]{3}[A-Za-z]\b"
)

_NUMBERS = (
    _Number("AT", r"\b[1-9][0-9]{3} ?[0-9]{6}\b", "at.vnr", 0.0,
            ("sozialversicherung*", "svnr", "sv-nr", "vsnr", "social security")),
    _Number("BE", r"\b[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}[\- ]?[0-9]{3}[. ]?[0-9]{2}\b", "be.nn", 0.8,
            ("rijksregister*", "registre national", "insz", "niss")),
    _Number("BG", r"\b[0-9]{10}\b", "bg.egn", 0.0, ("егн", "egn")),
    _Number("CH", r"\b756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}\b", "ch.ssn", 0.95,
            ("ahv", "avs", "sozialversicherung*")),
    _Number("CZ", r"\b[0-9]{6}/[0-9]{3,4}\b", "cz.rc", 0.8, ("rodné číslo", "rodné č*", "r. č.")),
    _Number("DE", r"\b[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b", "de.idnr", 0.0,
            ("steuer-id", "steuer-ident*", "steueridentifikation*", "idnr", "steuernummer")),
    _Number("DK", r"\b[0-3][0-9][01][0-9]{3}[\- ]?[0-9]{4}\b", "dk.cpr", 0.0,
            ("cpr", "personnummer")),
    _Number("EE", r"\b[1-8][0-9]{10}\b", "ee.ik", 0.0, ("isikukood",)),
    _Number("ES", r"\b[0-9]{8}[\- ]?[A-Za-z]\b", "es.dni", 0.7, ("dni", "nif")),
    _Number("ES", r"\b[XYZxyz][\- ]?[0-9]{7}[\- ]?[A-Za-z]\b", "es.nie", 0.9, ("nie",)),
    _Number("FI", r"\b[0-3][0-9][01][0-9]{3}[\-+A-FU-Y][0-9]{3}[0-9A-Y]\b", "fi.hetu", 0.95,
            ("henkilötunnu*", "hetu", "personbeteckning")),
    _Number("FR", r"\b[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
            "fr.nir", 0.95, ("sécurité sociale", "nir", "numéro de sécu")),
    _Number("GB", r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
            "", 0.8, ("national insurance", "nino", "ni number")),
    _Number("GB", r"\b[0-9]{3} ?[0-9]{3} ?[0-9]{4}\b", "gb.nhs", 0.0, ("nhs",)),
    _Number("GR", r"\b[0-3][0-9][01][0-9]{8}\b", "gr.amka", 0.0, ("αμκα", "amka")),
    _Number("HR", r"\b[0-9]{11}\b", "hr.oib", 0.0, ("oib",)),
    _Number("IE", r"\b[0-9]{7}[A-Wa-w][A-IWa-iw]?\b", "ie.pps", 0.8, ("pps", "ppsn")),
    _Number("IT", _CODICE,
            "it.codicefiscale", 0.95, ("codice fiscale", "c.f.")),
    _Number("LT", r"\b[1-6][0-9]{10}\b", "lt.asmens", 0.0, ("asmens kodas", "asmens k")),
    _Number("LV", r"\b[0-3][0-9][01][0-9]{3}[\- ][0-9]{5}\b", "lv.pvn", 0.7, ("personas kods",)),
    _Number("NL", r"\b[0-9]{4}\.?[0-9]{2}\.?[0-9]{3}\b", "nl.bsn", 0.0,
            ("bsn", "burgerservice*", "sofi")),
    _Number("NO", r"\b[0-7][0-9][0-9]{4} ?[0-9]{5}\b", "no.fodselsnummer", 0.0,
            ("fødselsnummer", "fodselsnummer", "personnummer")),
    _Number("PL", r"\b[0-9]{11}\b", "pl.pesel", 0.0, ("pesel",)),
    _Number("PT", r"\b[1235689][0-9]{2} ?[0-9]{3} ?[0-9]{3}\b", "pt.nif", 0.0,
            ("nif", "contribuinte", "número fiscal")),
    _Number("PT", r"\b[0-9]{8} ?[0-9] ?[A-Z0-9]{2}[0-9]\b", "pt.cc", 0.0,
            ("cartão de cidadão", "cartao de cidadao", "cidadão")),
    _Number("RO", r"\b[1-9][0-9]{12}\b", "ro.cnp", 0.75, ("cnp", "cod numeric personal")),
    _Number("SE", r"\b(?:[12][09])?[0-9]{6}[\-+][0-9]{4}\b", "se.personnummer", 0.8,
            ("personnummer", "samordningsnummer")),
    _Number("SI", r"\b[0-9]{13}\b", "si.emso", 0.0, ("emšo", "emso")),
    _Number("SK", r"\b[0-9]{6}/[0-9]{3,4}\b", "sk.rc", 0.8, ("rodné číslo", "rodné č*")),
    _Number("US", r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b", "us.ssn", 0.85,
            ("ssn", "social security", "social sec"), True),
    _Number("US", r"\b[0-9]{9}\b", "us.ssn", 0.0, ("ssn", "social security")),
    _Number("US", r"\b9[0-9]{2}-[0-9]{2}-[0-9]{4}\b", "us.itin", 0.85, ("itin", "taxpayer")),
)  # fmt: skip

COUNTRIES = tuple(sorted({number.country for number in _NUMBERS}))
"""ISO 3166 codes: every EU state that has a checkable personal number, and five neighbours."""

_VAT = (
    r"\b(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)"
    r"[ \-]?[A-Z0-9](?:[ .\-]?[A-Z0-9]){6,12}\b"
)


def numbers(countries: Sequence[str]) -> list[Shape]:
    """The personal numbers of some countries."""
    return [
        Shape(
            kind="NATIONAL_ID",
            pattern=number.pattern,
            extent=extent_of(number.pattern),
            accept=_accept(number),
            left=REACH,
            right=2,
        )
        for number in _NUMBERS
        if number.country in countries
    ]


def vat_number() -> Shape:
    """Value-added tax numbers with their country's letters (Directive 2006/112/EC)."""
    return Shape(
        kind="VAT_NUMBER", pattern=_VAT, extent=extent_of(_VAT), accept=_accept_vat, right=1
    )


def _accept(number: _Number) -> Accept:
    valid = _check(number.module)
    named = _named(number.words)

    def accept(match: str, before: str, after: str) -> tuple[float, int]:
        if not valid(match):
            return (0.8, len(match)) if number.loose and named(before) else REFUSED
        if named(before):
            return 0.95, len(match)
        inside = inside_number(before) or (
            after[:1] in (".", ",", "-", "/") and after[1:].isdigit()
        )
        return REFUSED if inside or not number.alone else (number.alone, len(match))

    return accept


def _named(words: Iterable[str]) -> Callable[[str], bool]:
    return near((*words, *_ID, *_TAX))


def _check(module: str) -> Callable[[str], bool]:
    """The check of python-stdnum, imported when first asked."""
    if not module:
        return lambda match: True
    loaded: list[Callable[[str], bool]] = []

    def valid(match: str) -> bool:
        if not loaded:
            loaded.append(importlib.import_module(f"stdnum.{module}").is_valid)
        return loaded[0](match)

    return valid


def _accept_vat(match: str, before: str, after: str) -> tuple[float, int]:
    from stdnum.eu import vat

    ends = [len(match)]
    ends += [at for at in range(len(match) - 1, 8, -1) if match[at] in " .-"]
    for end in ends:
        if sum(sign.isdigit() for sign in match[:end]) >= 7 and vat.is_valid(match[:end]):
            return 0.9, end
    return REFUSED
