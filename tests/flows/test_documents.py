"""Documents are filled from the ledger, say what is missing, and take evidence for text only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import FILLERS, FORMS, to_markdown
from roadworthy.console.paper import to_html
from roadworthy.console.printed import to_pdf, to_typst
from roadworthy.domain import (
    LANGUAGES,
    Draft,
    Gap,
    Language,
    ManifestError,
    Measurement,
    Paper,
    RunSummary,
    read_name,
    sha256,
)
from roadworthy.flows.papers.documents import form_of, gather, make_document, written_for
from roadworthy.manifests import load_form, load_system
from roadworthy.release import pin
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
BLOCKS = "<!-- block: ethics -->\nWe asked the ombudsperson.\n<!-- /block -->\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    return folder


def made(desk: Path, kind: str = "model-card", language: Language = "en") -> Paper:
    system, loop = load_system(desk), open_loop(desk)
    found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
    written = written_for(system, kind, language)
    return make_document(kind, found, loop, language=language, written=written)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_document_has_all_its_sections_in_every_language(
    desk: Path, kind: str, language: Language
) -> None:
    paper = made(desk, kind, language)
    assert [one.id for one in paper.sections] == [one.id for one in form_of(kind).sections]
    assert all(section.blocks for section in paper.sections)
    for page in (to_markdown(paper), to_html(paper), to_typst(paper)):
        assert all(section.heading.split()[0] in page for section in paper.sections)


def test_each_filler_is_used_by_a_form() -> None:
    used = {b.fill for kind in FORMS for s in form_of(kind).sections for b in s.blocks if b.fill}
    assert used == set(FILLERS)


def test_without_evidence_the_figures_are_missing_not_left_away(desk: Path) -> None:
    paper = made(desk)
    results = next(one for one in paper.sections if one.id == "results")
    assert all(isinstance(block, Gap) for block in results.blocks)
    assert "missing: no complete run" in to_markdown(paper)
    assert f"missing: {len(paper.gaps)}" in to_html(paper)


def test_what_a_person_wrote_stands_where_it_belongs(desk: Path) -> None:
    (desk / "documents").mkdir(exist_ok=True)
    (desk / "documents" / "model-card.en.md").write_text(BLOCKS)
    paper = made(desk)
    assert "We asked the ombudsperson." in to_markdown(paper)
    assert "ethics" not in [gap.block for gap in paper.gaps]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- block: gone -->\nx\n<!-- /block -->\n", "has no block `gone`"),
        (BLOCKS + BLOCKS, "stands twice"),
        ("<!-- block: ethics -->\nx\n", "never ends"),
    ],
)
def test_a_block_that_fits_nowhere_is_named_with_its_line(desk: Path, text: str, said: str) -> None:
    (desk / "documents").mkdir(exist_ok=True)
    (desk / "documents" / "model-card.en.md").write_text(text)
    with pytest.raises(ManifestError) as caught:
        made(desk)
    assert said in caught.value.faults[0].message
    assert caught.value.faults[0].line > 0


def test_blank_blocks_keep_what_was_written(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "documents").mkdir(exist_ok=True)
    file = desk / "documents" / "model-card.en.md"
    file.write_text(BLOCKS)
    assert run(VERBS, ["document", "model-card", str(desk), "--blocks"]) == 0
    assert "We asked the ombudsperson." in file.read_text()
    assert "<!-- block: caveats -->" in file.read_text()
    assert run(VERBS, ["document", "model-card", str(desk), "--blocks"]) == 0
    assert made(desk).gaps


HOSTILE = '</style> <script>a()</script> `#eval("1")` [x](javascript:1) | \\" #import "/etc/passwd"'


def test_words_of_evidence_are_never_markup(desk: Path) -> None:
    charter = desk / "charter.yaml"
    lines = charter.read_text().split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("human_goal:"))
    until = next(n for n in range(at + 1, len(lines)) if lines[n] and lines[n][0] not in " #")
    lines[at:until] = [f"human_goal: {msgspec.json.encode(HOSTILE).decode()}"]
    charter.write_text("\n".join(lines))
    paper = made(desk)
    assert "<script>" not in to_html(paper)
    assert "<script>" not in to_markdown(paper)
    assert msgspec.json.encode(HOSTILE).decode() in to_typst(paper)


def test_a_form_with_a_filler_that_nobody_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "document: x\ntitle: {en: X}\nbasis: B\nsections:\n"
        "- {id: a, heading: {en: A, de: A}, blocks: [{fill: nobody}]}\n"
    )
    with pytest.raises(ManifestError) as caught:
        load_form(path, FILLERS)
    said = " ".join(fault.message for fault in caught.value.faults)
    assert "not said in `de`" in said
    assert "nothing fills `nobody`" in said


def test_a_document_with_gaps_is_undecided_and_proves_nothing(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(desk)]) == 0
    capsys.readouterr()
    out = desk.parent / "card.md"
    options = ["--out", str(out), "--record", "--as", "rosa", "--json", "--complete"]
    assert run(VERBS, ["document", "model-card", str(desk), *options]) == 4
    said: dict[str, Any] = msgspec.json.decode(capsys.readouterr().out)
    assert said["missing"]
    entry = open_loop(desk).ledger.entry(said["entry"])
    assert entry.payload["missing"] == len(said["missing"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "# Claims desk\n\nHow we work, written by us.\n"),
        ("about.html", "<!doctype html>\n<title>Ours</title>\n"),
        ("scan.pdf", "%PDF-1.7\nthe signed contract\nstartxref\n9\n%%EOF\n"),
        ("notes.md", "my notes"),
        ("forged.md", "# Ours\n<!-- written by roadworthy document, the rest is sha256:00 -->\n"),
    ],
)
def test_nothing_but_a_document_of_this_command_is_written_over(
    desk: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    theirs = desk / name
    theirs.write_text(text)
    assert run(VERBS, ["document", "model-card", str(desk), "--out", str(theirs)]) == 1
    assert "name another file" in capsys.readouterr().err
    assert theirs.read_text() == text


@pytest.mark.parametrize("suffix", [".md", ".html", ".pdf"])
def test_a_document_is_written_over_until_a_person_changes_it(desk: Path, suffix: str) -> None:
    if suffix == ".pdf":
        pytest.importorskip("typst", reason="pip install 'roadworthy[pdf]'")
    out = desk.parent / f"card{suffix}"
    words = ["document", "model-card", str(desk), "--out", str(out)]
    assert run(VERBS, words) == 0
    assert run(VERBS, [*words, "--language", "de"]) == 0
    kept = out.read_bytes()
    for changed in (kept[:99] + b"!" + kept[100:], kept + b"ours\n", kept[:-1]):
        out.write_bytes(changed)
        assert run(VERBS, words) == 1
        assert out.read_bytes() == changed
    out.write_bytes(kept)
    assert run(VERBS, words) == 0


def test_what_is_printed_is_what_its_recorded_digest_says(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(desk)]) == 0
    capsys.readouterr()
    assert run(VERBS, ["document", "model-card", str(desk), "--record", "--as", "rosa"]) == 0
    (entry,) = open_loop(desk).ledger.entries(kind="document.made")
    assert entry.subject == sha256(capsys.readouterr().out.encode())


@pytest.mark.parametrize(
    ("words", "ignored"),
    [
        (["fria", "DIR", "--blocks", "--out", "q.md", "--record"], "--out, --record"),
        (["fria", "DIR", "--blocks", "--json"], "--json"),
        (["fria", "DIR", "--blocks", "--complete"], "--complete"),
        (["fria", "DIR", "--as", "rosa"], "--as"),
        (["list", "--out", "q.md"], "--out"),
        (["list", "--blocks"], "--blocks"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str], words: list[str], ignored: str
) -> None:
    assert run(VERBS, ["document", *(str(desk) if w == "DIR" else w for w in words)]) == 1
    assert f"not together with {ignored}" in "".join(capsys.readouterr())
    assert not (desk / "documents" / "fria.en.md").exists()


def test_what_makes_a_missing_part_is_told_apart_and_can_be_typed(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = desk.parent / "card.md"
    assert run(VERBS, ["document", "model-card", str(desk), "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert f"  missing: no complete run of this candidate is in the ledger (made by: roadworthy"\
        f" eval {desk})" in said  # fmt: skip
    assert len(set(said)) == len(said), "no line twice"
    for text in (*said, *out.read_text().splitlines()):
        assert " DIR" not in text
    missing = out.read_text().partition("## What is missing")[2].splitlines()
    assert len({line for line in missing if line}) == len([line for line in missing if line])


def test_pdf_is_a_pdf(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("typst", reason="pip install 'roadworthy[pdf]'")
    out = desk.parent / "card.pdf"
    assert run(VERBS, ["document", "model-card", str(desk), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF-")


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_document_can_be_printed(desk: Path, kind: str) -> None:
    pytest.importorskip("typst", reason="pip install 'roadworthy[pdf]'")
    assert to_pdf(made(desk, kind, "de")).startswith(b"%PDF-")


HIDES = """\
We asked her.
<!-- and from here on
```
What is missing
---
[^1]: entry 9, sha256:forged
<style>.gap {display: none}</style>
- one &lt;b&gt;
"""


def test_what_a_person_wrote_hides_and_forges_nothing_in_markdown(desk: Path) -> None:
    folder = desk / "documents"
    folder.mkdir()
    (folder / "model-card.en.md").write_text(
        f"<!-- block: ethics -->\n{HIDES}<!-- /block -->\n", "utf-8"
    )
    page = to_markdown(made(desk))
    lines = page.split("\n")
    assert "We asked her." in lines
    assert "- one &amp;lt;b&amp;gt;" in lines
    assert "\\---" in lines
    assert not [line for line in lines if line.startswith(("<", "```", "---"))]
    assert [line for line in lines if line.startswith("[^1]:")] != []
    assert "[^1]: entry 9" not in page
    assert "<style" not in page.replace("\\<", "")


@pytest.mark.parametrize("text", ["TODO", "tbd.", "...", "\u200b", "n/a", "- TODO\n- to be done"])
def test_a_place_holder_is_missing(desk: Path, text: str) -> None:
    folder = desk / "documents"
    folder.mkdir()
    before = {gap.block for gap in made(desk).gaps}
    (folder / "model-card.en.md").write_text(
        f"<!-- block: ethics -->\n{text}\n<!-- /block -->\n", "utf-8"
    )
    assert "ethics" in before
    assert {gap.block for gap in made(desk).gaps} == before


def test_a_folder_that_is_not_what_is_live_is_said_and_proves_nothing(desk: Path) -> None:
    loop, candidate = open_loop(desk), pin(load_system(desk)).candidate_digest

    def activated(of: str) -> None:
        loop.ledger.record(Draft(
            system="claims-desk", kind="release.activated", subject=f"sha256:{'1' * 64}",
            actor=loop.machine, payload={"candidate": of},
        ))  # fmt: skip

    said = "the folder is not what is live: this is of another candidate"
    activated(candidate)
    assert said not in {gap.what for gap in made(desk, "dora").gaps}
    activated(f"sha256:{'2' * 64}")
    assert said in {gap.what for gap in made(desk, "dora").gaps}


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"result": "held", "stopped_in_ms": 63, "within_ms": 200}, "in time: 63 ms (<= 200 ms)"),
        ({"result": "missed", "stopped_in_ms": 999, "within_ms": 200}, "too late: 999 ms"),
        ({"result": "interrupted"}, "cut off"),
        ({}, "cut off"),
    ],
)
def test_a_drill_is_told_with_how_it_went(desk: Path, payload: dict[str, Any], says: str) -> None:
    loop, system = open_loop(desk), load_system(desk).charter.system
    draft = Draft(
        system=system, kind="drill.kill", subject="r", actor=loop.machine, payload=payload
    )
    loop.ledger.record(draft)
    page = to_markdown(made(desk, "deployment-checklist"))
    (row,) = (line for line in page.splitlines() if line.startswith("| drill"))
    assert says in row.replace("&lt;", "<").replace("\\", "")


def test_what_an_objective_asks_and_nobody_measured_is_in_the_results(desk: Path) -> None:
    system, loop = load_system(desk), open_loop(desk)
    found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
    slo = next(one for one in system.slos.slos if "gate" in one.at)
    name = read_name(slo).metric
    measured = Measurement(name=name, value=None, reason="no case has a label")
    summary = RunSummary(
        run="run-1", system="claims-desk", candidate="c", bar="b", status="complete", n=0,
        indicators=(measured, Measurement(name="unasked", value=None, reason="-")),
    )  # fmt: skip
    enter = Draft(system="claims-desk", kind="x.y", subject="s", actor=loop.machine, payload={})
    (entry,) = loop.ledger.record(enter)
    seen = msgspec.structs.replace(found, run=summary, run_entry=entry)
    page = to_markdown(make_document("model-card", seen, loop, language="en", written={}))
    assert "not measured: no case has a label" in page
    assert "unasked" not in page
