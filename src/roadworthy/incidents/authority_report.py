"""An incident as a document for the provider or the authority: what is known, and what is missing.

Enters: an incident and what was counted of it, and what people wrote. Leaves: Markdown, and which
paragraphs nobody wrote. Never here: a paragraph that a person must write filled in by a machine, a
document that looks complete while one is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from roadworthy.domain import (
    Incident,
    Recipient,
    ReportStage,
    SentReport,
    is_unfinished,
    says_something,
)

from .clocks import Running
from .report_paragraphs import Language, asked_of, what_is_asked
from .report_words import TEXT, word

_MARKED = re.compile(r"\[(?:MISSING|FEHLT): ([a-z_]+)\]")


class Reached(Struct, frozen=True, kw_only=True):
    """What was counted, as the report needs it."""

    exposed: int
    showing: int | None
    since: str
    until: str
    first: str
    last: str
    tenants: int
    slices: tuple[str, ...]
    end_users: int
    unnamed: int
    left: int


class Known(Struct, frozen=True, kw_only=True):
    """What a report is made of."""

    incident: Incident
    to: Recipient
    stage: ReportStage = "initial"
    title: str = ""
    """Of the system; empty where its release is gone."""
    version: str = ""
    purpose: str = ""
    roles: tuple[str, ...] = ()
    model: str = ""
    clocks: tuple[Running, ...] = ()
    reached: Reached | None = None
    ledger: str = ""
    written: Mapping[str, str] = {}
    """Paragraph -> what a person wrote, in the language of the report."""


class Document(Struct, frozen=True, kw_only=True):
    """A report, and the paragraphs that nobody wrote."""

    text: str
    missing: tuple[str, ...]


def marked_missing(text: str) -> tuple[str, ...]:
    """The paragraphs that a report, as it was written, marks as missing."""
    return tuple(dict.fromkeys(_MARKED.findall(text)))


def report_document(known: Known, language: Language) -> Document:
    """The whole report."""
    return _Report(known, language).document()


class _Report:
    def __init__(self, known: Known, language: Language) -> None:
        self._known = known
        self._in: Language = language
        self._asked = asked_of(known.to, known.stage)
        self._missing = [name for name in self._asked if not self._is_written(name)]
        if known.incident.legal is None:
            self._missing.insert(0, "classification")

    def document(self) -> Document:
        parts = [
            f"# {self._t('title_' + self._known.to)}",
            *self._head(),
            *self._administrative(),
            *self._system(),
            *self._incident(),
            *self._response(),
            *self._evidence(),
        ]
        if "affirmation" in self._asked:
            parts += [f"## {self._t('affirm')}", self._said("affirmation")]
        text = "\n\n".join(part for part in parts if part) + "\n"
        return Document(text=text, missing=tuple(self._missing))

    def _t(self, name: str) -> str:
        return TEXT[name][self._in]

    def _w(self, value: str) -> str:
        return word(value, self._in)

    def _head(self) -> list[str]:
        if not self._missing:
            return []
        of = len(self._asked) + 1
        head = self._t("draft").format(count=len(self._missing), of=of)
        rows = "\n".join(f"> - {self._named(name)}" for name in self._missing)
        note = self._note()
        return [f"> **{head}**\n>\n{rows}" + (f"\n>\n> {note}" if note else "")]

    def _is_written(self, name: str) -> bool:
        """Whether a person wrote it, and left no place holder in it."""
        written = self._known.written.get(name, "")
        return says_something(written) and not is_unfinished(written)

    def _named(self, name: str) -> str:
        if name not in self._asked:
            return name
        return f"`{name}`: {what_is_asked(name, self._in)}"

    def _note(self) -> str:
        """What may follow later."""
        to, stage = self._known.to, self._known.stage
        if to == "provider" or stage not in ("initial", "follow_up"):
            return ""
        return self._t("initial_note" if to == "authority" else "initial_note_ai_office")

    def _said(self, name: str) -> str:
        """A paragraph as a person wrote it, or that it is missing."""
        if name not in self._asked:
            return ""
        asked = what_is_asked(name, self._in)
        written = self._known.written.get(name, "").strip()
        if not self._is_written(name):
            return f"**{asked}**\n\n**[{self._t('missing')}: {name}]**"
        return f"**{asked}**\n\n{written}"

    def _rows(self, rows: Iterable[tuple[str, str]]) -> str:
        said = [(self._t(name), _line(value)) for name, value in rows if value]
        return "\n".join(f"- {label}: {value}" for label, value in said)

    def _administrative(self) -> list[str]:
        incident, reached = self._known.incident, self._known.reached
        legal = incident.legal
        unsaid = f"**[{self._t('missing')}: classification]**"
        kind = "harms_ai_office" if self._known.to == "ai_office" else "harms"
        happened = ""
        if reached and reached.first:
            begin, end = _at(reached.first), _at(reached.last)
            happened = self._t("from_to").format(begin=begin, end=end)
        return [
            f"## {self._t('administrative')}",
            self._rows(
                [
                    ("number", incident.id),
                    ("stage", self._w(self._known.stage)),
                    ("severity", self._w(incident.severity)),
                    ("state", self._w(incident.state)),
                    (kind, ", ".join(map(self._w, legal.harms)) if legal else unsaid),
                    ("shown", happened),
                    ("detected", _at(incident.aware_at)),
                    ("entered", _at(incident.opened_at)),
                    ("aware", _at(legal.aware_at) if legal else unsaid),
                    ("due", "; ".join(map(self._clock, self._known.clocks))),
                    ("sent", "; ".join(map(self._sent, incident.reports)) or self._t("none")),
                ]
            ),
            *map(
                self._said,
                (
                    "reporter",
                    "submitted",
                    "occurred",
                    "places",
                    "elsewhere",
                    "not_reportable",
                    "next_report",
                ),
            ),
        ]

    def _sent(self, each: SentReport) -> str:
        return f"{self._w(each.stage)}, {self._w(each.to)}, {_at(each.sent_at)}"

    def _clock(self, each: Running) -> str:
        due = _at(each.due) if each.days else self._t("at_once")
        taken = f" ({', '.join(each.assumed)}: {self._t('assumed')})" if each.assumed else ""
        return f"{due}, {each.article}{taken}"

    def _system(self) -> list[str]:
        known = self._known
        named = " ".join(filter(None, (known.incident.system, known.title and f"({known.title})")))
        digest = " ".join(filter(None, (known.version, known.incident.release)))
        return [
            f"## {self._t('system')}",
            self._rows(
                [
                    ("name", named),
                    ("purpose", known.purpose),
                    ("version", digest),
                    ("model", known.model),
                    ("roles", ", ".join(map(self._w, known.roles))),
                ]
            ),
            self._said("database_id"),
            self._said("model_involved"),
        ]

    def _incident(self) -> list[str]:
        incident, reached = self._known.incident, self._known.reached
        slices = ", ".join(reached.slices) if reached else ""
        return [
            f"## {self._t('incident')}",
            self._said("description"),
            self._rows(
                [("found", incident.title), ("reach", self._reach()), ("slices", slices)]
            ),
            *map(self._said, ("harm", "causal_link", "chain_of_events", "material")),
        ]  # fmt: skip

    def _reach(self) -> str:
        reached = self._known.reached
        if reached is None:
            return self._t("uncounted")
        showing = self._t("uncounted") if reached.showing is None else str(reached.showing)
        return self._t("reach_words").format(
            showing=showing,
            exposed=reached.exposed,
            tenants=reached.tenants,
            people=reached.end_users,
            unnamed=reached.unnamed,
            since=_at(reached.since),
            until=_at(reached.until),
            left=reached.left,
        )

    def _response(self) -> list[str]:
        incident = self._known.incident
        causes = [f"{_at(each.at)}: {each.text}" for each in incident.causes]
        actions = [
            f"{each.text} ({each.owner}, {self._t('until')} {each.due}"
            + (f", {self._t('done')} {_at(each.done_at)}" if each.done_at else "")
            + ")"
            for each in incident.actions
        ]
        done = ", ".join((*incident.kills, *incident.mitigations)) or self._t("none")
        lines = [f"{_at(line[0])}: {line[1]}" for line in incident.timeline]
        return [
            f"## {self._t('response')}",
            self._list("causes", causes, "no_cause"),
            self._rows([("mitigated", done)]),
            self._list("actions", actions, "no_action"),
            *map(
                self._said,
                (
                    "response_taken",
                    "recommendation",
                    "root_cause",
                    "near_misses",
                    "risk_assessment",
                    "advice",
                ),
            ),
            self._list("timeline", lines, "none"),
        ]

    def _list(self, name: str, items: Sequence[str], without: str) -> str:
        rows = "\n".join(f"- {_line(item)}" for item in items) or self._t(without)
        return f"**{self._t(name)}**\n\n{rows}"

    def _evidence(self) -> list[str]:
        incident = self._known.incident
        return [
            f"## {self._t('evidence')}",
            self._rows(
                [
                    ("held", str(len(incident.answers))),
                    ("cases", ", ".join(incident.cases) or self._t("none")),
                    ("ledger", self._known.ledger),
                ]
            ),
        ]


def _line(text: str) -> str:
    """One line that is no markup: slices and titles hold words of callers."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("`", "'").replace("](", "] (")


def _at(instant: str) -> str:
    return f"{instant[:10]} {instant[11:16]}" if instant else "-"
