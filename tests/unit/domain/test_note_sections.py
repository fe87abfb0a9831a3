"""Which sections of a deliberation note say something: headings in English and in German."""

from __future__ import annotations

import unicodedata

import pytest

from roadworthy.domain import SECTIONS, unsaid_sections

GERMAN = (
    "Was sich ändert und warum",
    "Fehlerarten, die jede Stimme genannt hat",
    "Geprüfte Alternativen",
    "Wer betroffen sein kann",
    "Welche Rückmeldung den Plan geändert hat",
    "Gesetzte Schwellenwerte",
    "Neue Tests",
    "Einführungsplan",
)


def note(headings: tuple[str, ...], said: str = "Wir haben darüber gesprochen.") -> str:
    return "\n".join(f"## {heading}\n\n{said}\n" for heading in headings)


def test_a_german_note_says_as_much_as_an_english_one() -> None:
    assert unsaid_sections(note(GERMAN)) == []
    assert unsaid_sections(note(tuple(one.title for one in SECTIONS))) == []


@pytest.mark.parametrize("position", range(len(GERMAN)))
def test_each_german_section_is_its_own(position: int) -> None:
    left = (*GERMAN[:position], *GERMAN[position + 1 :])
    (missing,) = unsaid_sections(note(left))
    assert missing.section == SECTIONS[position]
    assert missing.line == 0


@pytest.mark.parametrize(
    "spelt",
    [
        GERMAN[0].upper(),
        unicodedata.normalize("NFD", GERMAN[0]),
        "Was sich aendert",
        "Was ändert sich?",
    ],
)
def test_a_heading_is_known_however_it_is_spelt(spelt: str) -> None:
    assert unsaid_sections(note((spelt, *GERMAN[1:]))) == []


@pytest.mark.parametrize("placeholder", ["", "TODO", "folgt", "Folgt …", "offen", "N/A"])
def test_a_german_placeholder_says_nothing_either(placeholder: str) -> None:
    assert len(unsaid_sections(note(GERMAN, said=placeholder))) == len(SECTIONS)


def test_any_other_heading_is_no_section() -> None:
    assert len(unsaid_sections(note(("Was wir aßen", "Test", "Wer da war")))) == len(SECTIONS)
