"""The architecture is drawn from what the candidate has; no unseen sign gets into a document."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from roadworthy.compliance import Gathered, to_markdown
from roadworthy.console.paper import to_html
from roadworthy.console.printed import to_typst
from roadworthy.domain import Drawing, Paper, Source, Written
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
UNSEEN = "\x1b[31m\x07 red \u202e turned \u2066 \x9b \U000e0041"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loop, Gathered]:
    folder = tmp_path_factory.mktemp("drawn") / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    loop = open_loop(folder, configured=str(folder / ".roadworthy"))
    return loop, gather(load_system(folder), loop, on="2026-11-22", catalogue="eu-ai-act")


def drawing(paper: Paper) -> Drawing:
    blocks = (block for section in paper.sections for block in section.blocks)
    return next(block for block in blocks if isinstance(block, Drawing))


def test_the_architecture_has_the_parts_of_the_candidate_in_their_order(
    desk: tuple[Loop, Gathered],
) -> None:
    loop, found = desk
    drawn = drawing(
        make_document("technical-documentation", found, loop, language="en", written={})
    )
    titles = [part.partition(":")[0] for part in drawn.words.split(" → ")]
    assert titles[0] == "request"
    assert titles[-1] == "answer"
    assert titles.index("prompt") < titles.index("model") < titles.index("decision")
    assert found.system.candidate.model.name in drawn.words
    assert all(one.id in drawn.words for one in found.charter.never if one.is_inline)
    assert "knowledge" not in titles, "the candidate has none"
    ElementTree.fromstring(drawn.svg)


def test_a_text_in_a_picture_is_no_markup(desk: tuple[Loop, Gathered]) -> None:
    loop, found = desk
    model = msgspec.structs.replace(found.system.candidate.model, name="</text><script>a()")
    candidate = msgspec.structs.replace(found.system.candidate, model=model)
    changed = msgspec.structs.replace(
        found, system=msgspec.structs.replace(found.system, candidate=candidate)
    )
    drawn = drawing(make_document("design-history", changed, loop, language="de", written={}))
    assert "<script>" not in drawn.svg
    ElementTree.fromstring(drawn.svg)


def test_no_sign_that_nobody_sees_gets_into_a_document(desk: tuple[Loop, Gathered]) -> None:
    loop, found = desk
    charter = msgspec.structs.replace(found.charter, human_goal=f"It helps.{UNSEEN}")
    changed = msgspec.structs.replace(
        found, system=msgspec.structs.replace(found.system, charter=charter)
    )
    wrote = Written(id="ethics", text=f"We asked.{UNSEEN}\n\tAgain.", source=Source(what="x"))
    paper = make_document("model-card", changed, loop, language="en", written={"ethics": wrote})
    for page in (to_markdown(paper), to_html(paper), to_typst(paper)):
        assert not set(page) & {"\x1b", "\x07", "\u202e", "\u2066", "\x9b", "\U000e0041"}
    assert "U+001B" in to_markdown(paper)
    assert "U+202E" in to_html(paper)
