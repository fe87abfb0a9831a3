"""A document says whether this system owes it; what nobody owes lacks nothing in a dossier."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from roadworthy.compliance import FORMS, Gathered, to_markdown
from roadworthy.console.paper import to_html
from roadworthy.console.printed import to_typst
from roadworthy.flows.papers.documents import gather, make_document, owed
from roadworthy.flows.papers.dossier import _gaps
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loop, Gathered]:
    folder = tmp_path_factory.mktemp("owed") / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    loop = open_loop(folder, configured=str(folder / ".roadworthy"))
    return loop, gather(load_system(folder), loop, on="2026-11-22", catalogue="eu-ai-act")


def with_all(found: Gathered, status: str) -> Gathered:
    duties = tuple(msgspec.structs.replace(one, status=status) for one in found.duties)
    return msgspec.structs.replace(found, duties=duties)


def test_whether_it_is_owed_follows_the_duties_that_ask_for_it(desk: tuple[Loop, Gathered]) -> None:
    _, found = desk
    for status, state in (
        ("not_applicable", "not_owed"), ("undecided", "undecided"), ("missing", "owed"),
        ("met", "owed"), ("needs_a_person", "owed"), ("stale", "owed"),
    ):  # fmt: skip
        seen = owed("declaration", with_all(found, status))
        assert (seen.state, bool(seen.duties)) == (state, True)
    assert owed("dora", found).state == "asked_by_none"


def test_one_duty_that_applies_outweighs_those_that_do_not(desk: tuple[Loop, Gathered]) -> None:
    _, found = desk
    none = with_all(found, "not_applicable")
    first = owed("registration", none).duties[0]
    duties = tuple(
        msgspec.structs.replace(one, status="missing") if one.id == first else one
        for one in none.duties
    )
    assert owed("registration", msgspec.structs.replace(none, duties=duties)).duties == (first,)


@pytest.mark.parametrize(("language", "said"), [("en", "no, none of"), ("de", "nein, keine")])
def test_every_page_says_so_at_its_head(
    desk: tuple[Loop, Gathered], language: str, said: str
) -> None:
    loop, found = desk
    paper = make_document(
        "declaration",
        with_all(found, "not_applicable"),
        loop,
        language=language,
        written={},  # type: ignore[arg-type]
    )
    for page in (to_markdown(paper), to_html(paper), to_typst(paper)):
        assert said in page


def test_a_dossier_counts_a_gap_once_and_none_of_what_is_not_owed(
    desk: tuple[Loop, Gathered],
) -> None:
    loop, found = desk
    none = with_all(found, "not_applicable")
    papers = [
        make_document(kind, none, loop, language=language, written={})
        for kind in FORMS
        for language in ("en", "de")
    ]  # fmt: skip
    gaps = _gaps(papers)
    assert not [one for one in gaps if one.startswith(("declaration.", "registration."))]
    assert [one for one in gaps if one.startswith("dora.en")]
    assert not [one for one in gaps if one.startswith(("dora.de", "model-card.de"))]
