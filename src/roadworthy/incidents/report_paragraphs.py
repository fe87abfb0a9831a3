"""What a person must say in a report of an incident, by whom it is for and which report it is.

Enters: a recipient, a stage. Leaves: paragraphs by name, with what each asks for, in English and
German. Sources: the Commission's draft template for Article 73 (26 September 2025); the GPAI Code
of Practice, Safety and Security, Measure 9.2 (1) to (9), and the template of 4 November 2025, with
the dates of submission and of awareness added. No legal advice.
"""

from __future__ import annotations

from typing import Literal

from roadworthy.domain import Recipient, ReportStage

Language = Literal["en", "de"]

Words = dict[Language, str]

HUMAN: dict[str, Words] = {
    "reporter": {
        "en": "Who reports: name, address and contact of the organisation",
        "de": "Wer meldet: Name, Anschrift und Kontakt der Organisation",
    },
    "submitted": {
        "en": "Date on which this report is submitted",
        "de": "Datum, an dem diese Meldung abgegeben wird",
    },
    "occurred": {
        "en": "When the incident itself began and ended, as far as is known",
        "de": "Wann der Vorfall selbst begann und endete, soweit bekannt",
    },
    "places": {
        "en": "Member States in which it occurred, and the authority that is told",
        "de": "Mitgliedstaaten, in denen es geschah, und die Behörde, der gemeldet wird",
    },
    "elsewhere": {
        "en": "Where else it was or will be reported (data protection, cybersecurity, sector)",
        "de": "Wo es sonst gemeldet wurde oder wird (Datenschutz, Cybersicherheit, Fachaufsicht)",
    },
    "database_id": {
        "en": "Number of the system in the EU database (Article 71), or why it has none",
        "de": "Nummer des Systems in der EU-Datenbank (Artikel 71), oder warum es keine hat",
    },
    "description": {
        "en": "What happened, in plain words",
        "de": "Was geschah, in klaren Worten",
    },
    "harm": {
        "en": "What harm came of it, to whom and to how many, and how it is with them now",
        "de": "Welcher Schaden entstand, wem und wie vielen, und wie es ihnen jetzt geht",
    },
    "causal_link": {
        "en": "Causal link between the system and the harm: established, likely, or why not",
        "de": "Ursächlicher Zusammenhang zwischen System und Schaden: gesichert, wahrscheinlich,"
        " oder warum nicht",
    },
    "chain_of_events": {
        "en": "The chain of events that led to it, directly or indirectly",
        "de": "Die Kette von Ereignissen, die unmittelbar oder mittelbar dazu führte",
    },
    "model_involved": {
        "en": "The model that is involved: name, version, how it is made available",
        "de": "Das beteiligte Modell: Name, Version, wie es bereitgestellt wird",
    },
    "material": {
        "en": "What material shows the model's involvement, and where it is kept",
        "de": "Welche Unterlagen die Beteiligung des Modells zeigen und wo sie liegen",
    },
    "response_taken": {
        "en": "What was done or will be done in response, beside what stands above",
        "de": "Was als Reaktion getan wurde oder wird, über das oben Stehende hinaus",
    },
    "recommendation": {
        "en": "What the AI Office and national authorities are recommended to do",
        "de": "Was dem KI-Büro und den nationalen Behörden empfohlen wird",
    },
    "root_cause": {
        "en": "Root cause: the model's outputs, the inputs, mitigations that failed or were evaded",
        "de": "Grundursache: Ausgaben des Modells, Eingaben, versagende oder umgangene Minderungen",
    },
    "near_misses": {
        "en": "Patterns seen in monitoring that are reasonably connected, such as near misses",
        "de": "Muster aus der Beobachtung, die damit zusammenhängen können, etwa Beinahe-Vorfälle",
    },
    "risk_assessment": {
        "en": "Whether the risk assessment still holds, and what changes in it (Article 73(6))",
        "de": "Ob die Risikobewertung noch trägt und was sich an ihr ändert (Artikel 73 Absatz 6)",
    },
    "advice": {
        "en": "What deployers and affected people should do now",
        "de": "Was Betreiber und betroffene Personen jetzt tun sollen",
    },
    "not_reportable": {
        "en": "Why it is found not to be reportable after all",
        "de": "Warum es sich doch als nicht meldepflichtig erwiesen hat",
    },
    "next_report": {
        "en": "When the next report follows",
        "de": "Wann die nächste Meldung folgt",
    },
    "affirmation": {
        "en": "Name, function, place, date and signature of who affirms that this is correct",
        "de": "Name, Funktion, Ort, Datum und Unterschrift dessen, der die Richtigkeit bestätigt",
    },
}
"""Paragraph -> what a person must write there."""

_AUTHORITY = (
    "reporter", "submitted", "occurred", "places", "elsewhere", "next_report", "database_id",
    "description", "harm", "causal_link", "risk_assessment", "advice", "not_reportable",
    "affirmation",
)  # fmt: skip
_PROVIDER = (
    "reporter", "submitted", "occurred", "elsewhere", "next_report", "description", "harm",
    "causal_link", "risk_assessment", "advice",
)  # fmt: skip
_AI_OFFICE = (
    "reporter", "submitted", "occurred", "elsewhere", "next_report", "model_involved", "harm",
    "chain_of_events", "material", "response_taken", "recommendation", "root_cause", "near_misses",
)  # fmt: skip
_OF: dict[Recipient, tuple[str, ...]] = {
    "authority": _AUTHORITY, "provider": _PROVIDER, "ai_office": _AI_OFFICE,
}  # fmt: skip

_LAST: frozenset[ReportStage] = frozenset(("combined", "final", "final_not_reportable"))
"""No report follows these."""

_LATER = ("root_cause", "near_misses")
"""Of the Code's nine, what the initial report need not have: Measure 9.2 (8), (9)."""


def asked_of(to: Recipient, stage: ReportStage = "initial") -> tuple[str, ...]:
    """The paragraphs that a person must write in such a report to them."""
    left = set()
    if stage in _LAST:
        left.add("next_report")
    if stage != "final_not_reportable":
        left.add("not_reportable")
    if stage == "initial":
        left.update(_LATER)
    return tuple(name for name in _OF[to] if name not in left)


def must_be_whole(stage: ReportStage) -> bool:
    """Whether nothing may be missing in it: no later report completes it (Article 73(5))."""
    return stage in _LAST


def what_is_asked(name: str, language: Language) -> str:
    """What a person must write in a paragraph."""
    return HUMAN[name][language]
