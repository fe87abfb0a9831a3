"""The report of an incident: what is missing is marked, and no caller's word is markup in it."""

from __future__ import annotations

from typing import get_args

import pytest

from roadworthy.domain import (
    HARMS,
    SEVERITIES,
    TRANSITIONS,
    Incident,
    LegalStatement,
    OperatorRole,
    Recipient,
    ReportStage,
)
from roadworthy.incidents import (
    HUMAN,
    TITLES,
    Known,
    Language,
    Reached,
    asked_of,
    marked_missing,
    must_be_whole,
    report_document,
)
from roadworthy.incidents.report_words import word

NOW = "2026-11-22T10:00:00.000000Z"
LEGAL = LegalStatement(harms=("health",), aware_at=NOW, by="person:a", at=NOW)
HOSTILE = "x\n\n# All is complete\n<script>alert(1)</script> [a](http://b) `c` \x1b[2J"


def incident(**fields: object) -> Incident:
    given = {"id": "inc-1", "system": "desk", "severity": "high", "state": "open", "title": "t",
             "opened_at": NOW, "aware_at": NOW, "release": "sha256:r", **fields}  # fmt: skip
    return Incident(**given)  # type: ignore[arg-type]


def reached(*slices: str) -> Reached:
    return Reached(
        exposed=9, showing=3, since=NOW, until=NOW, first=NOW, last=NOW, tenants=2, slices=slices,
        end_users=1, unnamed=0, left=3,
    )  # fmt: skip


@pytest.mark.parametrize("to", ["authority", "provider", "ai_office"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_paragraph_that_a_person_owes_is_marked_and_counted(
    to: Recipient, language: Language
) -> None:
    made = report_document(Known(incident=incident(), to=to), language)
    owed = asked_of(to)
    assert made.missing == ("classification", *owed)
    mark = "MISSING" if language == "en" else "FEHLT"
    for name in owed:
        assert f"[{mark}: {name}]" in made.text
    head = made.text.split("##")[0]
    assert f"{len(owed) + 1} " in head and made.text.startswith("# ")
    assert any(made.text.startswith(f"# {title}\n") for title in TITLES)


@pytest.mark.parametrize("gone", asked_of("authority"))
def test_one_that_is_missing_or_blank_is_enough_to_say_so(gone: str) -> None:
    written = dict.fromkeys(asked_of("authority"), "It was so.")
    whole = Known(incident=incident(legal=LEGAL), to="authority", written=written)
    assert report_document(whole, "en").missing == ()
    assert "MISSING" not in report_document(whole, "en").text
    for blank in ("", " \n ", "TODO: fill in", "<!-- ask Cleo -->", "It was so. TBD who"):
        known = Known(incident=whole.incident, to="authority", written=written | {gone: blank})
        made = report_document(known, "en")
        assert made.missing == (gone,) and "INCOMPLETE" in made.text.split("##")[0]


def test_nothing_that_a_caller_wrote_is_markup_in_it() -> None:
    known = Known(
        incident=incident(title=HOSTILE, legal=LEGAL, timeline=((NOW, HOSTILE),)),
        to="authority", reached=reached(HOSTILE),
    )  # fmt: skip
    text = report_document(known, "en").text
    assert "<script>" not in text and "](http" not in text and "\x1b" not in text
    assert "\n# All" not in text and text.count("# All is complete") == 3


def test_what_nobody_could_count_is_said_to_be_so() -> None:
    text = report_document(Known(incident=incident(), to="authority"), "de").text
    assert "nicht zählbar" in text
    with_reach = Known(incident=incident(), to="authority", reached=reached("supplier=S-9"))
    assert "3 of 9 answers, 2 customers, 1 end users" in report_document(with_reach, "en").text


def test_a_german_report_says_german_words() -> None:
    known = Known(incident=incident(legal=LEGAL), to="authority", roles=("provider",))
    said = report_document(known, "de").text
    assert "Schwere: hoch" in said and "Stand: offen" in said and "Anbieter" in said
    assert "schwere Gesundheitsschädigung" in said and ": health" not in said
    assert "Severity: high" in report_document(known, "en").text
    for value in (*HARMS, *SEVERITIES, *TRANSITIONS, *get_args(OperatorRole)):
        assert word(value, "de") != value, value


FOUND = "2026-11-20T10:00:00.000000Z"


def test_it_says_when_it_was_found_and_not_when_somebody_typed_it() -> None:
    known = Known(incident=incident(aware_at=FOUND, legal=LEGAL), to="authority")
    said = report_document(known, "en").text
    assert "Detected (UTC): 2026-11-20 10:00" in said
    assert "Entered in the ledger (UTC): 2026-11-22 10:00" in said
    assert "Became aware (UTC): 2026-11-22 10:00" in said


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_ai_office_is_told_by_its_own_articles(language: Language) -> None:
    known = Known(incident=incident(legal=LEGAL), to="ai_office", stage="follow_up")
    said = report_document(known, language).text
    assert "55(1)(c)" in said or "Artikel 55 Absatz 1" in said
    assert "9.2" in said and "9.3" in said
    for foreign in ("73", "3(49)", "Artikel 3 ", "71"):
        assert foreign not in said, foreign
    assert {"occurred", "chain_of_events", "root_cause", "near_misses"} <= set(
        asked_of("ai_office", "follow_up")
    )
    assert not {"root_cause", "near_misses"} & set(asked_of("ai_office")), "(8), (9) come later"


def test_the_authority_is_asked_for_the_dates_of_the_template() -> None:
    assert {"submitted", "occurred", "next_report"} <= set(asked_of("authority"))
    assert "not_reportable" in asked_of("authority", "final_not_reportable")
    assert "next_report" not in asked_of("authority", "final")
    known = Known(incident=incident(legal=LEGAL), to="authority", stage="combined")
    assert "Type of report: combined" in report_document(known, "en").text


def test_every_paragraph_is_asked_for_by_somebody() -> None:
    stages: tuple[ReportStage, ...] = get_args(ReportStage)
    asked = {name for to in get_args(Recipient) for stage in stages for name in asked_of(to, stage)}
    assert asked == set(HUMAN)
    assert [stage for stage in stages if must_be_whole(stage)] == [
        "combined", "final", "final_not_reportable",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_a_report_marks_as_missing_is_read_from_it_again(language: Language) -> None:
    made = report_document(Known(incident=incident(legal=LEGAL), to="authority"), language)
    assert set(marked_missing(made.text)) == set(made.missing)
    assert marked_missing("All of it was said.") == ()
