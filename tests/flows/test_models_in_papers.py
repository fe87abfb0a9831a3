"""What the registry knows stands in the papers of systems that ask the model, of no other."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from doubles.registered import HOSTED, TERMS, RegisteredDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import to_markdown
from roadworthy.domain import LANGUAGES, Gap, Language, Paper
from roadworthy.flows.papers.coverage import proofs_of
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.releasing.approved_models import standings_of
from roadworthy.release import pin, registered_bill
from roadworthy_verify.dossier import ENTRIES

FACTS = """\
parameters: 270000000
general_purpose: false
data: {pretraining: Letters of 2019 to 2024, tuning: none, test: unknown}
figures: [{task: routing, metric: accuracy, value: 0.81, low: 0.78, high: 0.84, n: 700, source: its card}]
limits: [reads no poems]
"""  # noqa: E501


@pytest.fixture
def desk(tmp_path: Path) -> RegisteredDesk:
    made = RegisteredDesk(tmp_path / "desk")
    made.register(made.describe(more=FACTS))
    made.approve("words", until="2026-12-31")
    return made


def paper(desk: RegisteredDesk, kind: str, language: Language = "en") -> Paper:
    found = gather(desk.system, desk.loop(), on="2026-11-22", catalogue="eu-ai-act")
    return make_document(kind, found, desk.loop(), language=language, written={})


def gaps(made: Paper, section: str) -> list[str]:
    return [
        block.what
        for one in made.sections
        if one.id == section
        for block in one.blocks
        if isinstance(block, Gap)
    ]


def test_the_model_card_is_filled_from_the_registry(desk: RegisteredDesk) -> None:
    made = paper(desk, "model-card")
    said = to_markdown(made)
    known = ("words@1", "approved", "rosa", "2026-12-31", "Apache-2.0", "270,000,000")
    for words in (*known, "reads no poems", "Letters of 2019", "0.81 (0.78, 0.84)", "a claim"):
        assert words in said, words
    assert gaps(made, "details") == []
    assert gaps(made, "training-data") == [], "what was a person's to write is known"


def test_half_of_the_data_is_a_gap(desk: RegisteredDesk) -> None:
    desk.register(desk.describe(more="data: {pretraining: Letters}\n"))
    desk.approve("words")
    (gap,) = gaps(paper(desk, "model-card"), "training-data")
    assert gap == "words@2: nothing is said of tuning, test data"


def test_without_an_entry_the_papers_say_so(tmp_path: Path) -> None:
    made = paper(RegisteredDesk(tmp_path / "desk"), "model-card")
    assert any("it is not in the registry" in gap for gap in gaps(made, "details"))
    assert gaps(made, "training-data"), "a person is asked, as before"
    genai = paper(RegisteredDesk(tmp_path / "other"), "genaiops-checklist")
    assert any("no vendor terms" in gap for gap in gaps(genai, "challenges"))


def test_a_model_that_is_approved_no_more_is_a_gap(desk: RegisteredDesk) -> None:
    desk.deprecate("words")
    found = gaps(paper(desk, "technical-documentation"), "development")
    assert any("ben deprecated it" in gap for gap in found), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_vendor_terms_stand_in_the_checklist(desk: RegisteredDesk, language: Language) -> None:
    desk.hosted()
    genai = paper(desk, "genaiops-checklist", language)
    assert gaps(genai, "model"), "the hosted one is in no registry"
    terms = TERMS + "  indemnity: up to the yearly fee\nforbidden: {words: [no medicine]}\n"
    desk.register(desk.describe(HOSTED, name="big", more=terms))
    desk.approve("big")
    said = to_markdown(paper(desk, "genaiops-checklist", language))
    for words in ("Example SE", "up to the yearly fee", "no medicine", "Business terms"):
        assert words in said, words
    assert ("nein" if language == "de" else "no") in said


def test_the_bill_of_materials_knows_licence_maker_and_state(desk: RegisteredDesk) -> None:
    content = pin(desk.system)
    bill = registered_bill(content, standings_of(desk.system, content, desk.loop()))
    model = bill["components"][0]
    assert model["licenses"] == [{"license": {"name": "Apache-2.0"}}]
    assert model["supplier"] == {"name": "Ada"}
    (figure,) = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert (figure["value"], figure["confidenceInterval"]["lowerBound"]) == ("0.81", "0.78")
    assert {"name": "roadworthy:registry:state", "value": "approved"} in model["properties"]


async def test_a_dossier_shows_the_models_of_its_system_and_no_other(
    desk: RegisteredDesk, tmp_path: Path
) -> None:
    desk.register(desk.describe(HOSTED, name="big", more=TERMS))
    desk.approve("big", system="claims")
    await desk.inspect()
    out = tmp_path / "d.zip"
    assert run(VERBS, ["dossier", str(desk.root), "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        log = archive.read(ENTRIES).decode()
        bill = json.loads(archive.read("statements/ai-bom.json"))
    assert '"model.registered"' in log
    assert "Sort letters by their words." in log
    assert "Example SE" not in log, "another system's vendor"
    assert "claims" not in log
    assert bill["components"][0]["name"] == "words"


async def test_the_lifecycle_counts_an_approval_while_it_stands(
    desk: RegisteredDesk, tmp_path: Path
) -> None:
    """The duty's evidence is the approval itself; taken back, it proves nothing."""
    loop, charter = desk.loop(), desk.system.charter
    assert "model_record" not in proofs_of(loop, charter)
    await desk.inspect()
    out = tmp_path / "b.tar"
    desk.build(out, "ben")
    desk.sign(out)
    desk.activate(out)
    proof = proofs_of(desk.loop(), charter)["model_record"]
    assert desk.loop().ledger.entry(proof.seq).kind == "model.approved"
    assert "supplier_documentation" not in proofs_of(desk.loop(), charter), "no paper is there"
    desk.deprecate("words")
    assert "model_record" not in proofs_of(desk.loop(), charter)


async def test_an_approval_for_another_system_proves_nothing_of_this_one(tmp_path: Path) -> None:
    """This desk's own approval is over; that of another one goes on."""
    desk = RegisteredDesk(tmp_path / "desk")
    desk.register(desk.describe(more=FACTS))
    desk.approve("words", system="other")
    desk.approve("words", system="desk", until="2026-12-31")
    await desk.inspect()
    out = tmp_path / "b.tar"
    desk.build(out, "ben")
    desk.sign(out)
    desk.activate(out)
    assert "model_record" in proofs_of(desk.loop(), desk.system.charter)
    desk.clock.advance(60 * 24 * 3600)
    assert "model_record" not in proofs_of(desk.loop(), desk.system.charter)


async def test_papers_of_the_maker_are_the_suppliers_documentation(
    desk: RegisteredDesk, tmp_path: Path
) -> None:
    paper = f"documents: [{{title: Annex XII, digest: 'sha256:{'b' * 64}'}}]\n"
    desk.register(desk.describe(more=FACTS + paper))
    desk.approve("words")
    await desk.inspect()
    out = tmp_path / "b.tar"
    desk.build(out, "ben")
    desk.sign(out)
    desk.activate(out)
    assert "supplier_documentation" in proofs_of(desk.loop(), desk.system.charter)
