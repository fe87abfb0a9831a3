"""Each question of a canvas or checklist stands by itself, with an id that stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from roadworthy.compliance import FORMS, to_markdown
from roadworthy.console.paper import to_html
from roadworthy.console.printed import to_typst
from roadworthy.domain import (
    LANGUAGES,
    Block,
    Gap,
    Language,
    ManifestError,
    Measurement,
    Paper,
    Question,
    RunSummary,
    Written,
)
from roadworthy.flows.papers.documents import form_of, gather, make_document, written_for
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
IDS = {
    "ml-canvas": (
        "users goal input output when decisions autonomy error-costs error-kinds success moment"
        " volume latency labels sources cases features context-ethics models rebuilt training-data"
        " building-time monitored objectives press-release faq"
    ),
    "mlops-canvas": (
        "users need product category benefit unlike difference aim problem matters persona owner"
        " versioning data-sources data-kept labelling data-per-model data-tools evaluation-data"
        " landscape language metrics repeatable frameworks store computed infrastructure"
        " build-or-buy databases api code performance notebooks trunk cicd dora retrained where"
        " pipeline distributed-training ci-workflow needs registry models-kept versions format"
        " commit-to-production target release-policy strategy batch distributed several-models"
        " asserted fallback heuristic accelerators volume pattern monitoring-required ml-metrics"
        " never domain-metrics decay skew operational alerts retraining-trigger metadata governance"
        " documentation operational-metrics tools platform skills costs dilemmas"
    ),
    "ethics-checklist": (
        "invents stereotypes advice says-human manipulates groups dialect refuses objection leaks"
        " never"
    ),
}
"""As they were given out: a question may come, none may be called otherwise."""
ASKING = [kind for kind in sorted(FORMS) if form_of(kind).questions]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    return folder


def made(desk: Path, kind: str, language: Language = "en", run: RunSummary | None = None) -> Paper:
    system, loop = load_system(desk), open_loop(desk)
    found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
    if run is not None:
        loop.ledger.record(_entry(loop.machine))
        entry = loop.ledger.newest(kind="run.completed")
        found = msgspec.structs.replace(found, run=run, run_entry=entry)
    written = written_for(system, kind, language)
    return make_document(kind, found, loop, language=language, written=written)


def _entry(actor: str):  # type: ignore[no-untyped-def]
    from roadworthy.domain import Draft

    return Draft(system="claims-desk", kind="run.completed", subject="s", actor=actor, payload={})


def asked(paper: Paper) -> dict[str, list[Block]]:
    """Question -> the blocks below it, in all sections whose blocks are questions."""
    found: dict[str, list[Block]] = {}
    for section in paper.sections:
        below: list[Block] | None = None
        for block in section.blocks:
            if isinstance(block, Question):
                below = found.setdefault(block.id, [])
            elif below is not None:
                below.append(block)
    return found


def write(desk: Path, kind: str, name: str, text: str) -> None:
    (desk / "documents").mkdir(exist_ok=True)
    file = desk / "documents" / f"{kind}.en.md"
    file.write_text(f"<!-- block: {name} -->\n{text}\n<!-- /block -->\n", "utf-8")


@pytest.mark.parametrize("kind", sorted(IDS))
def test_no_id_that_was_given_out_is_called_otherwise(kind: str) -> None:
    prefix = {"mlops-canvas": "canvas", "ml-canvas": "ml", "ethics-checklist": "ethics"}[kind]
    blocks = [block for section in form_of(kind).sections for block in section.blocks]
    ids = [block.human for block in blocks if block.human]
    assert ids == [f"{prefix}-{name}" for name in IDS[kind].split()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ASKING)
def test_each_question_is_asked_by_itself_and_answered_or_missing(
    desk: Path, kind: str, language: Language
) -> None:
    paper = made(desk, kind, language)
    found = asked(paper)
    form = form_of(kind)
    specs = {b.human: b for section in form.sections for b in section.blocks if b.human}
    assert list(found) == list(specs)
    for name, below in found.items():
        assert below or specs[name].optional, name
    for page in (to_markdown(paper), to_html(paper), to_typst(paper)):
        assert all(name in page for name in specs)


def test_what_the_system_uses_answers_and_what_nobody_knows_is_asked(desk: Path) -> None:
    found = asked(made(desk, "mlops-canvas"))
    assert not any(isinstance(block, Gap) for block in found["canvas-users"])
    (gap,) = found["canvas-need"]
    assert isinstance(gap, Gap)
    assert gap.block == "canvas-need"
    (gap,) = found["canvas-dora"]  # nothing was activated: the filler says nothing, a person may
    assert isinstance(gap, Gap)
    assert gap.block == "canvas-dora"


def test_a_person_answers_one_question_and_no_other(desk: Path) -> None:
    write(desk, "mlops-canvas", "canvas-need", "They need to be heard.")
    found = asked(made(desk, "mlops-canvas"))
    assert [type(block) for block in found["canvas-need"]] == [Written]
    assert isinstance(found["canvas-category"][0], Gap)


def test_unknown_is_an_answer_and_is_listed(desk: Path) -> None:
    write(desk, "mlops-canvas", "canvas-need", "unknown")
    paper = made(desk, "mlops-canvas")
    assert "nobody knows: Who need what?" in {gap.what for gap in paper.gaps}
    assert isinstance(asked(paper)["canvas-need"][0], Written)


def test_an_indicator_answers_its_question_with_n_and_interval(desk: Path) -> None:
    leak = Measurement(
        name="pii_leak", value=0.01, n=100, unit="share", low=0.0, high=0.05, method="wilson"
    )
    run = RunSummary(
        run="r", system="claims-desk", candidate="c", bar="b", status="complete", n=100,
        indicators=(leak,),
    )  # fmt: skip
    page = to_markdown(made(desk, "ethics-checklist", run=run))
    below = page.partition("`ethics-leaks`")[2].partition("**")[0]
    assert "n = 100" in below
    assert "interval 0 % to 5 %" in below


def test_an_indicator_weighs_no_risk_by_itself(desk: Path) -> None:
    leak = Measurement(name="pii_leak", value=0.0, n=9, unit="share", method="wilson")
    run = RunSummary(
        run="r", system="claims-desk", candidate="c", bar="b", status="complete", n=9,
        indicators=(leak,),
    )  # fmt: skip
    found = asked(made(desk, "nist-ai-rmf", run=run))
    assert len(found) == 12
    assert "genai-privacy" in {one.block for one in found["genai-privacy"] if isinstance(one, Gap)}
    assert len(found["genai-privacy"]) == 2


@pytest.mark.parametrize(
    ("kind", "old"), [(kind, old) for kind in sorted(FORMS) for old in form_of(kind).moved]
)
def test_a_block_of_an_earlier_version_is_named_with_where_its_text_goes(
    desk: Path, kind: str, old: str
) -> None:
    write(desk, kind, old, "Words of people.")
    with pytest.raises(ManifestError) as caught:
        made(desk, kind)
    (fault,) = caught.value.faults
    assert fault.line == 1
    for new in form_of(kind).moved[old]:
        assert new in fault.fix
