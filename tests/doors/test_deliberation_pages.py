"""Deliberations as pages: what was seen and said, nothing that runs, nobody's name unasked."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from doubles.dated_desk import DatedDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import GERMAN
from roadworthy.console.deliberations import as_html, pages
from roadworthy.domain import SECTIONS, VerificationError
from roadworthy.flows.papers.deliberations import Book, deliberations
from roadworthy.flows.papers.preread import open_note, record_note
from roadworthy.manifests import load_system
from roadworthy.wiring.personal import finders

ROOT = Path(__file__).resolve().parents[2]
IBAN = "DE89 3704 0044 0532 0130 00"
EVIL = "<script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(1)>"


@pytest.fixture
def desk(tmp_path: Path) -> DatedDesk:
    return DatedDesk(tmp_path / "desk")


def finish(desk: DatedDesk, words: str = "We said so.", **fields: str) -> None:
    """The note as people would finish it: rosa signs, Pavel Novak is heard."""
    text = (desk.root / "deliberation-note.md").read_text(encoding="utf-8")
    for section in SECTIONS:
        text = text.replace(f"<!-- people write here: {section.write} -->", words)
    heard = 'name: "rosa", voice: risk}\n  - {name: "Pavel Novak"'
    given = {"decision: hold ": "decision: ship ", 'name: ""': heard, **fields}
    for old, new in given.items():
        text = text.replace(old, new)
    desk.write("deliberation-note.md", text)


def held(desk: DatedDesk, words: str = "We said so.", **fields: str) -> None:
    open_note(load_system(desk.root), desk.loop())
    finish(desk, words, **fields)
    record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))


def book(desk: DatedDesk, *show: str) -> Book:
    charter = load_system(desk.root).charter
    return deliberations(desk.loop(), charter, desk.root, finders=finders(), show=show)


def made(desk: DatedDesk, *show: str) -> dict[str, str]:
    return {name: data.decode() for name, data in pages(book(desk, *show))}


class Seen(HTMLParser):
    """Tags, attributes and headings of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


async def test_a_page_shows_what_people_saw_said_decided_and_signed(desk: DatedDesk) -> None:
    await desk.evaluate()
    held(
        desk, "The roof is **not** a car.",
        **{"dissent: []": 'dissent: ["Pavel Novak: too early"]',
           "actions: []": 'actions: [{what: "ask the desk", owner: rosa, due: "2026-12-31"}]'},
    )  # fmt: skip
    files = made(desk)
    (name,) = [one for one in files if one.startswith("2026")]
    page = files[name]
    assert "May this candidate go on the road?" in page
    assert "Decision: put it on the road." in page
    assert "rosa (risk officer)" in page
    assert "<strong>not</strong>" in page
    assert "[product]: too early" in page
    assert "ask the desk" in page and "31 December 2026" in page
    accuracy = re.search(r"<td>accuracy</td>.*?</tr>", page, re.DOTALL)
    assert accuracy is not None and " to 1" in accuracy[0] and ">80</td>" in accuracy[0]
    run_entry = desk.loop().ledger.newest(kind="run.completed")
    assert run_entry is not None and run_entry.digest in page
    assert str(run_entry.payload["summary"]) in page
    assert book(desk).held[0].note in page
    assert "Entscheidung: in Betrieb nehmen." in files[f"de/{name}"]
    assert "31. Dezember 2026" in files["de/index.html"]


async def test_nothing_on_a_page_runs_and_nothing_is_fetched(desk: DatedDesk) -> None:
    charter = (desk.root / "charter.yaml").read_text()
    desk.write("charter.yaml", charter.replace("title: Desk", f"title: '{EVIL}'"))
    held(
        desk, f"{EVIL}\n[x](javascript:alert(1)) ![p](https://evil.example/p.png) \u202egnirts",
        **{"dissent: []": f"dissent: ['{EVIL}']", "limits: []": f"limits: ['{EVIL}']",
           "actions: []": f"actions: [{{what: '{EVIL}', owner: '{EVIL}'}}]"},
    )  # fmt: skip
    for name, page in made(desk).items():
        seen = Seen(page)
        tags = {tag for tag, _ in seen.tags}
        assert not tags & {"script", "img", "iframe", "link", "object", "form", "base"}, name
        said = [key for _, attributes in seen.tags for key in attributes if key.startswith("on")]
        assert said == [], name
        for link in seen.all("a"):
            assert not str(link["href"]).startswith("javascript"), name
        assert "\u202e" not in page
        assert "default-src 'none'" in page


async def test_a_page_can_be_read_by_everybody(desk: DatedDesk) -> None:
    """Headings without a gap, one h1, a language, columns with a scope, links that lead on."""
    await desk.evaluate()
    held(desk)
    files = made(desk)
    for name, page in files.items():
        seen = Seen(page)
        levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(b - a <= 1 for a, b in pairwise(levels)), (name, levels)
        assert seen.all("html") == [{"lang": "de" if name.startswith("de/") else "en"}]
        assert all("scope" in column for column in seen.all("th")), name
        assert seen.all("main") and seen.all("title")
        here = Path("/x") / name
        for link in seen.all("a"):
            target = str(link["href"])
            if not target.startswith("#"):
                reached = (here.parent / target).resolve().relative_to("/x").as_posix()
                assert reached in files, target


async def test_only_who_signed_is_named_unless_names_are_asked_for(desk: DatedDesk) -> None:
    held(desk, "Novak asked, and Pavel Novak answered; ravi was there, rosa too.",
         **{"dissent: []": 'dissent: ["Pavel Novak: no"]'})  # fmt: skip
    page = "".join(made(desk).values())
    assert "Novak" not in page and "Pavel" not in page and "ravi" not in page
    assert "[product] asked, and [product] answered; [reviewer] was there, rosa too." in page
    assert book(desk).hidden["names"] == 8 * 3 + 2
    assert "Pavel Novak" in "".join(made(desk, "names").values())


async def test_a_name_is_the_same_name_however_its_accents_were_typed(desk: DatedDesk) -> None:
    """As one letter, or as a letter and its accent: a Mac types the second."""
    apart, whole = "Jo\u0308rg Mu\u0308ller", "J\u00f6rg M\u00fcller"
    held(desk, f"{apart} asked, and {whole} answered.", **{"Pavel Novak": whole})
    page = "".join(made(desk).values())
    assert "[product] asked, and [product] answered." in page
    assert not re.search("rg|ller", "".join(re.findall(r"<p>.*answered.*</p>", page)))


async def test_personal_data_stay_out_unless_asked_for_and_secrets_always(desk: DatedDesk) -> None:
    held(desk, f"Her account {IBAN} was charged; the key is AKIAZ7Q2VLP4MX8D3RTK.")
    assert IBAN not in "".join(made(desk).values())
    asked = "".join(made(desk, "personal").values())
    assert IBAN in asked
    assert "AKIAZ7Q2VLP4MX8D3RTK" not in asked
    assert (book(desk).hidden["personal"], book(desk).hidden["secrets"]) == (8, 8)


async def test_the_text_that_was_signed_is_shown_not_the_one_that_lies_there_now(
    desk: DatedDesk,
) -> None:
    held(desk, "What we agreed.")
    note = desk.root / "deliberation-note.md"
    note.write_text(note.read_text().replace("What we agreed.", "What nobody agreed."))
    assert "What we agreed." in "".join(made(desk).values())
    assert "What nobody agreed." not in "".join(made(desk).values())


async def test_a_changed_text_is_found_and_a_lost_one_is_a_gap(desk: DatedDesk) -> None:
    held(desk, "What we agreed.")
    kept = desk.loop().blobs.path(book(desk).held[0].note)
    text = kept.read_bytes()
    kept.write_bytes(text + b"!")
    with pytest.raises(VerificationError):
        book(desk)
    kept.unlink()
    assert "What we agreed." in "".join(made(desk).values())  # the folder still has it
    (desk.root / "deliberation-note.md").unlink()
    assert "the text of this note is not kept here" in "".join(made(desk).values())


async def test_the_next_review_is_a_note_of_its_own_and_says_whether_it_was_late(
    desk: DatedDesk,
) -> None:
    held(desk, "The first.")
    first = book(desk).held[0].note
    desk.clock.advance(10 * 86_400)
    assert open_note(load_system(desk.root), desk.loop()).refreshed  # not due yet
    desk.clock.advance(25 * 86_400)
    opened = open_note(load_system(desk.root), desk.loop())
    assert opened.kept and not opened.refreshed
    finish(desk, "The second.")
    record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))
    second, before = book(desk).held
    assert (before.note, before.due, before.late) == (first, "", 0)
    assert (second.due, second.late) == ("2026-12-21", 5)
    index = made(desk)["index.html"]
    assert "5 days late" in index
    assert "December 2026" in index and "November 2026" in index


def test_every_word_of_the_pages_has_its_german() -> None:
    folder = ROOT / "src" / "roadworthy" / "console"
    sources = (folder / "deliberations.py", *(folder / "papers").glob("deliberation*.j2"))
    asked = {
        word for path in sources for word in re.findall(r'said\(\s*"([^"]+)"', path.read_text())
    }
    assert len(asked) > 50
    assert asked - GERMAN.keys() == set()


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n## B", "<h3>A</h3>\n<h3>B</h3>\n"),
        ("<b>x</b> <!-- never\nseen -->y", "<p>&lt;b&gt;x&lt;/b&gt; y</p>\n"),
        ("[a](https://a.example) [b](data:text/html,x)",
         '<p><a href="https://a.example">a</a> [b](data:text/html,x)</p>\n'),
        ("<!-- not closed\n<script>", ""),
    ],
)  # fmt: skip
def test_markdown_of_anybodys_is_text(markdown: str, html: str) -> None:
    assert as_html(markdown) == html


def test_the_command_writes_pages_and_nothing_over_other_files(
    desk: DatedDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, out = str(desk.root), tmp_path / "site"
    held(desk)
    assert run(VERBS, ["deliberate", where, "--pages", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["deliberations"], told["hidden"]["names"]) == (1, 1)
    assert {(out / name).is_file() for name in told["pages"]} == {True}
    assert run(VERBS, ["deliberate", where, "--pages", str(out)]) == 0  # over its own
    (out / "index.html").write_text("<p>mine</p>")
    assert run(VERBS, ["deliberate", where, "--pages", str(out)]) == 1
    assert (out / "index.html").read_text() == "<p>mine</p>"
    for wrong in (["--show", "everything"], ["--show", "secrets"]):
        assert run(VERBS, ["deliberate", where, "--pages", str(tmp_path / "b"), *wrong]) == 1
    assert run(VERBS, ["deliberate", where, "--pages", str(desk.root / ".roadworthy" / "p")]) == 1
    assert run(VERBS, ["deliberate", where, "--pages", str(out / "index.html")]) == 1
