"""Deliberations as static pages: from a disk, without a network or a script; to print, to publish.

Enters: a book of deliberations. Leaves: HTML by relative name. Never: markup out of a text of
anybody's: Markdown is read without HTML and without pictures, everything else is escaped.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markupsafe import Markup

from roadworthy.compliance import said
from roadworthy.domain import LANGUAGES, Language, parse_instant
from roadworthy.flows.papers.deliberations import Book, Held

from .templates import css, template

OURS = b"<!doctype html>\n<!-- roadworthy deliberations -->"
"""How each page begins, so that it is known again."""
_TITLE = "# Pre-read\n"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Marks that turn a line around, and controls: text that is read otherwise than it is written."""
_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
           "Oktober", "November", "Dezember"),
}  # fmt: skip
_DECISIONS = {
    "ship": "put it on the road", "ship_limited": "put it on the road with limits",
    "hold": "hold it back", "stop": "stop it",
}  # fmt: skip


def pages(book: Book) -> Iterator[tuple[str, bytes]]:
    """Every page: English at the top, German in `de/`; the index and one for each deliberation."""
    style = css("page.css", "deliberations.css")
    index, one = template("deliberations.html.j2"), template("deliberation.html.j2")
    for language in LANGUAGES:
        told = _Told(book, language)
        shared: dict[str, Any] = {
            "it": book, "told": told, "said": told.said, "css": style,
            "language": language, "other": "de" if language == "en" else "en",
            "prefix": "de/" if language == "en" else "../",
        }  # fmt: skip
        folder = "" if language == "en" else f"{language}/"
        yield f"{folder}index.html", index.render(**shared, months=told.months()).encode()
        for at, held in enumerate(book.held):
            around = {
                "newer": book.held[at - 1] if at else None,
                "older": book.held[at + 1] if at + 1 < len(book.held) else None,
            }
            page = one.render(
                **shared, **around, held=held,
                seen=Markup(as_html(held.preread.removeprefix(_TITLE))),  # noqa: S704, made without HTML of the text's
                argued=Markup(as_html(held.said)),  # noqa: S704, the same
            )  # fmt: skip
            yield f"{folder}{told.page(held)}", page.encode()


def as_html(markdown: str) -> str:
    """Markdown of anybody's as HTML: no tag of theirs, no picture; headings from level 3."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.validateLink = _is_plain_link  # type: ignore[method-assign]
    tokens = reader.parse(unturned(_COMMENT.sub("", markdown)))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, max(3, int(token.tag[1]) + 1))}"
    rendered: str = reader.renderer.render(tokens, reader.options, {})
    wrapped = rendered.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    wrapped = wrapped.replace("</table>", "</table></div>").replace("<th>", '<th scope="col">')
    return wrapped.replace("<th style", '<th scope="col" style')


def unturned(text: str) -> str:
    """The same without what makes it look like another text."""
    return _TURNED.sub("\ufffd", text)


def _is_plain_link(url: str) -> bool:
    return url.startswith(("https://", "http://", "mailto:"))


class _Told:
    """How a book is told in one language."""

    def __init__(self, book: Book, language: Language) -> None:
        self._book = book
        self._language = language

    def said(self, text: str) -> str:
        """A word of ours."""
        return said(text, self._language)

    def text(self, words: str) -> str:
        """Words of somebody's."""
        return unturned(words)

    def page(self, held: Held) -> str:
        """The name of a page beside the index."""
        return f"{held.day}-{held.note.removeprefix('sha256:')[:12]}.html"

    def day(self, day: str) -> str:
        """A day as it is written; what is no day stands as it is."""
        try:
            found = dt.date.fromisoformat(day)
        except ValueError:
            return unturned(day)
        point = "." if self._language == "de" else ""
        return f"{found.day}{point} {_MONTHS[self._language][found.month - 1]} {found.year}"

    def moment(self, instant: str) -> str:
        """An instant in the charter's time zone, to the minute."""
        local = parse_instant(instant).astimezone(ZoneInfo(self._book.time_zone))
        return f"{self.day(local.date().isoformat())}, {local:%H:%M} ({self._book.time_zone})"

    def decision(self, held: Held) -> str:
        """What was decided, in words."""
        return self.said(_DECISIONS.get(held.decision, held.decision))

    def question(self, held: Held) -> str:
        """What was asked."""
        asked = (
            "May the system stay on the road as it is?"
            if held.review
            else "May this candidate go on the road?"
        )
        return self.said(asked)

    def role(self, role: str) -> str:
        """What somebody may do, in words."""
        return self.said(role).replace("_", " ")

    def hidden(self) -> str:
        """What was left out, and how often."""
        words = {
            "names": self.said("names of people who did not sign (their voice stands in brackets)"),
            "personal": self.said("pieces of personal data"),
            "secrets": self.said("secrets"),
        }
        found = self._book.hidden
        return ", ".join(f"{found[kind]} {word}" for kind, word in words.items() if found[kind])

    def signers(self, held: Held) -> str:
        """Who signed, with roles."""
        return ", ".join(
            f"{one.name} ({', '.join(self.role(role) for role in one.roles)})"
            if one.roles else one.name
            for one in held.signed
        )  # fmt: skip

    def open_actions(self) -> list[tuple[str, str, str, bool]]:
        """Actions that nobody closed: what, owner, due, whether it is late; the earliest first."""
        standing: dict[tuple[str, str], tuple[str, str, str, bool]] = {}
        today = self._book.made_at[:10]
        for held in reversed(self._book.held):
            for what, owner, due, closed in held.actions:
                late = bool(due) and due < today
                standing[what, owner] = (what, owner, due, late)
                if closed:
                    del standing[what, owner]
        return sorted(standing.values(), key=lambda one: (one[2] or "9999", one[0]))

    def months(self) -> list[tuple[str, list[Held]]]:
        """Every month from the newest to the first, also those in which nobody deliberated."""
        book = self._book
        days = [held.day for held in book.held] + [day for day in (book.began,) if day]
        if not days:
            return []
        newest, first = max((*days, book.made_at[:10])), min(days)
        found = []
        year, month = int(newest[:4]), int(newest[5:7])
        while (year, month) >= (int(first[:4]), int(first[5:7])):
            inside = [held for held in book.held if held.day[:7] == f"{year:04}-{month:02}"]
            found.append((f"{_MONTHS[self._language][month - 1]} {year}", inside))
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        return found
