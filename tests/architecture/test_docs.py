"""The documentation cannot rot: generated pages are what the code says, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy.cli import VERBS
from roadworthy.domain import INDICATORS
from roadworthy.manifests import SCHEMA_NAMES, schema_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("verify/*.md")])


def test_the_generated_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_verb_indicator_and_file_has_its_place_in_the_reference() -> None:
    reference = ROOT / "docs" / "reference"
    commands = (reference / "commands.md").read_text(encoding="utf-8")
    indicators = (reference / "indicators.md").read_text(encoding="utf-8")
    files = (reference / "files.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"## {verb}\n" not in commands] == []
    for typed, option in (("people add", "--role"), ("keys tenant limit", "--requests-per-minute"),
                          ("emergency lift", "--reason"), ("drill kill", "--within")):  # fmt: skip
        told = commands.partition(f"\n### {typed}\n")[2].partition("\n##")[0]
        assert option in told, f"{typed} is without its options"
    assert [name for name in INDICATORS if f"| [`{name}`](" not in indicators] == []
    assert [name for name in SCHEMA_NAMES if f"## {name}\n" not in files] == []
    parts = {part for name in SCHEMA_NAMES for part in schema_of(name).get("$defs", {})}
    links = set(re.findall(r"\]\(#(\w+)\)", files))
    assert links - {title.lower() for title in re.findall(r"^##+ (.+)$", files, re.M)} == set()
    assert {"safetyslo", "scorerspec", "rail", "expect"} <= {part.lower() for part in parts} & links
    assert "| `max_rate` | number or null | no | - | For `== 0`: asks for proof" in files


def test_every_variable_of_ours_is_on_the_page_about_the_environment() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    named = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r'"(ROADWORTHY_[A-Z_]*[A-Z])"', path.read_text(encoding="utf-8"))
    }
    assert "ROADWORTHY_PERSON" in named
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []


def test_the_readme_names_only_verbs_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\$ roadworthy ([a-z]+)", text, re.MULTILINE))
    assert named - set(VERBS) == set()


def test_no_page_holds_a_path_of_one_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(root|work|tmp)/", page.read_text(encoding="utf-8")), page


def test_every_page_stands_in_the_navigation_and_every_guide_on_the_first_page() -> None:
    docs = ROOT / "docs"
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    listed = set(re.findall(r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert pages ^ listed == set()
    first = (docs / "index.md").read_text(encoding="utf-8")
    listed_elsewhere = ("decisions/0", "reference/indicators/", "index")
    single = {page for page in pages if not page.startswith(listed_elsewhere)}
    assert [page for page in sorted(single) if f"({page})" not in first] == []
