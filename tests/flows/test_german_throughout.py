"""A German document says what is ours and the catalogue's in German; people's words stay theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from roadworthy.compliance import FORMS, Gathered, shipped, to_markdown
from roadworthy.compliance.documents.words import GERMAN, cited, told
from roadworthy.domain import DutyStatus
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


def catalogue() -> dict:  # type: ignore[type-arg]
    (path,) = (one for one in shipped() if one.stem == "eu-ai-act")
    return yaml.safe_load(path.read_text("utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loop, Gathered]:
    folder = tmp_path_factory.mktemp("german") / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    loop = open_loop(folder, configured=str(folder / ".roadworthy"))
    return loop, gather(load_system(folder), loop, on="2026-11-22", catalogue="eu-ai-act")


def test_each_title_of_a_duty_of_the_act_has_its_german() -> None:
    assert not {one["title"] for one in catalogue()["obligations"]} - set(GERMAN)


def test_each_step_to_a_class_and_each_finding_has_its_german() -> None:
    texts = set()
    for step in catalogue()["steps"]:
        texts |= {step["title"], *step["words"].values()}
        texts |= {step[key] for key in ("skipped", "open") if key in step}
    assert not texts - set(GERMAN)


def test_each_status_and_clause_has_its_german() -> None:
    statuses = DutyStatus.__annotations__["status"]
    for status in ("met", "stale", "missing", "needs_a_person", "undecided"):
        assert f"'{status}'" in statuses
        assert told(status, "de") != status
    for clause in ("robustness", "monitoring", "alignment", "system_safety"):
        assert told(clause, "de") != clause


def test_what_nobody_translated_stays_as_its_catalogue_says_it() -> None:
    assert told("A second look each month", "de") == "A second look each month"
    assert told("AI literacy", "en") == "AI literacy"


def test_the_law_is_cited_in_its_own_german() -> None:
    assert cited("EU AI Act, Article 11 and Annex IV", "de") == (
        "KI-Verordnung der EU, Artikel 11 und Anhang IV"
    )
    assert cited("Annex IV 1(b) to (h)", "de") == "Anhang IV 1(b) bis (h)"
    assert cited("Annex IV 1(b) to (h)", "en") == "Annex IV 1(b) to (h)"


def test_no_step_finding_title_or_basis_is_english_in_a_german_document(
    desk: tuple[Loop, Gathered],
) -> None:
    loop, found = desk
    english = {one.title for one in found.obligations}
    english |= {text for one in found.classification.steps for text in (one.title, one.finding)}
    english -= {text for text in english if GERMAN.get(text) == text}
    for kind in FORMS:
        page = to_markdown(make_document(kind, found, loop, language="de", written={}))
        cells = {cell.strip() for line in page.splitlines() for cell in line.split("|")}
        assert not cells & english, kind
        for word in ("Annex ", "Article ", "needs\\_a\\_person", "needs a person"):
            assert word not in page, (kind, word)
