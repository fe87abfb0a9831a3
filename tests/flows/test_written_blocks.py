"""What people write for documents: place holders are missing, and no text is passed over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import to_markdown
from roadworthy.domain import ManifestError, Paper
from roadworthy.flows.papers.documents import form_of, gather, make_document, written_for
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    return folder


def write(desk: Path, text: str, kind: str = "model-card") -> Path:
    file = desk / "documents" / f"{kind}.en.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def made(desk: Path, kind: str = "model-card") -> Paper:
    system, loop = load_system(desk), open_loop(desk)
    found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
    written = written_for(system, kind, "en")
    return make_document(kind, found, loop, language="en", written=written)


def block(text: str, name: str = "ethics") -> str:
    return f"<!-- block: {name} -->\n{text}\n<!-- /block -->\n"


@pytest.mark.parametrize(
    "text",
    [
        "TODO: fill in", "todo: write me", "<!-- ask the ombudsperson first -->", "&nbsp;", "<br>",
        "<!-- never closed", "Lorem ipsum dolor sit amet", "- [ ] TBD", "noch zu schreiben",
    ],
)  # fmt: skip
def test_a_place_holder_in_a_sentence_or_a_comment_is_missing(desk: Path, text: str) -> None:
    write(desk, block(text))
    assert "ethics" in {gap.block for gap in made(desk).gaps}
    assert text not in to_markdown(made(desk))


@pytest.mark.parametrize(
    "text", ["We asked her. TODO: the second round", "- We asked.\n- tbd: who"]
)
def test_what_is_written_and_not_finished_is_shown_and_missing(desk: Path, text: str) -> None:
    write(desk, block(text))
    (gap,) = (one for one in made(desk).gaps if one.block == "ethics")
    assert "a place holder still stands" in gap.what
    assert "We asked" in to_markdown(made(desk))


@pytest.mark.parametrize("text", ["We keep a todo list, later checked.", "Nothing is out of this."])
def test_a_sentence_with_a_word_of_a_place_holder_is_no_place_holder(desk: Path, text: str) -> None:
    write(desk, block(text))
    assert "ethics" not in {gap.block for gap in made(desk).gaps}


def test_a_form_full_of_place_holders_proves_nothing(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [b.human for s in form_of("user-acceptance").sections for b in s.blocks if b.human]
    write(desk, "".join(block("TODO: fill in", name) for name in asked), "user-acceptance")
    assert run(VERBS, ["document", "user-acceptance", str(desk), "--complete"]) == 4
    assert set(asked) <= {gap.block for gap in made(desk, "user-acceptance").gaps}


@pytest.mark.parametrize(
    "text",
    ["<!--block:ethics-->\nWe asked.\n<!--/block-->",
     "<!-- BLOCK: ethics -->\nWe asked.\n<!-- /Block -->",
     "  <!--  block : ethics -->  \r\nWe asked.\r\n<!-- / block -->"],
)  # fmt: skip
def test_a_mark_is_one_however_it_is_spaced_and_cased(desk: Path, text: str) -> None:
    write(desk, text)
    assert "We asked." in to_markdown(made(desk))


@pytest.mark.parametrize(
    "line",
    ["<!-- block ethics -->", "<!-- block: ethics", "<!-- block: ethics --> We asked.",
     "<!-- blocks: ethics -->", "<!- block: ethics ->"],
)  # fmt: skip
def test_a_line_that_was_meant_as_a_mark_is_a_fault(desk: Path, line: str) -> None:
    write(desk, f"# Card\n{line}\nWe asked.\n<!-- /block -->\n")
    with pytest.raises(ManifestError) as caught:
        made(desk)
    assert caught.value.faults[0].line == 2
    assert "no mark of a block" in caught.value.faults[0].message


def test_a_file_that_lies_elsewhere_is_a_fault_and_not_absent(desk: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.md"
    theirs.write_text(block("We asked her."), "utf-8")
    file = write(desk, "")
    file.unlink()
    file.symlink_to(theirs)
    with pytest.raises(ManifestError) as caught:
        made(desk)
    assert "leads out of the system's folder" in caught.value.faults[0].message
    file.unlink()
    file.symlink_to("nowhere.md")
    with pytest.raises(ManifestError):
        made(desk)
    file.unlink()
    file.mkdir()
    with pytest.raises(ManifestError):
        made(desk)
