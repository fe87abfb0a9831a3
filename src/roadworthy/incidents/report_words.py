"""The words of an incident report, in English and German: headings, labels, what a person must say.

Labels follow the Commission's draft template for Article 73 (26 September 2025) and Article 73 of
Regulation (EU) 2024/1689; no legal advice.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "de"]

Words = dict[Language, str]

HUMAN: dict[str, Words] = {
    "reporter": {
        "en": "Who reports: name, address and contact of the organisation",
        "de": "Wer meldet: Name, Anschrift und Kontakt der Organisation",
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
    "risk_assessment": {
        "en": "Whether the risk assessment still holds, and what changes in it (Article 73(6))",
        "de": "Ob die Risikobewertung noch trägt und was sich an ihr ändert (Artikel 73 Absatz 6)",
    },
    "advice": {
        "en": "What deployers and affected people should do now",
        "de": "Was Betreiber und betroffene Personen jetzt tun sollen",
    },
    "next_report": {
        "en": "When the next report follows, or why none does",
        "de": "Wann die nächste Meldung folgt, oder warum keine folgt",
    },
    "affirmation": {
        "en": "Name, function, place, date and signature of who affirms that this is correct",
        "de": "Name, Funktion, Ort, Datum und Unterschrift dessen, der die Richtigkeit bestätigt",
    },
}
"""Paragraph -> what a person must write there."""

NOT_FOR_PROVIDER = frozenset({"places", "database_id", "affirmation"})
"""What a deployer who tells the provider (Article 26(5)) need not say."""

TEXT: dict[str, Words] = {
    "title_authority": {
        "en": "Report of a serious incident (Article 73 AI Act)",
        "de": "Meldung eines schwerwiegenden Vorfalls (Artikel 73 KI-Verordnung)",
    },
    "title_ai_office": {
        "en": "Report of a serious incident to the AI Office",
        "de": "Meldung eines schwerwiegenden Vorfalls an das KI-Büro",
    },
    "title_provider": {
        "en": "Notice of a serious incident to the provider (Article 26(5) AI Act)",
        "de": "Mitteilung eines schwerwiegenden Vorfalls an den Anbieter (Artikel 26 Absatz 5"
        " KI-Verordnung)",
    },
    "draft": {
        "en": "INCOMPLETE, NOT TO BE SENT AS IT IS: {count} of {of} paragraphs are missing",
        "de": "UNVOLLSTÄNDIG, SO NICHT ZU VERSENDEN: {count} von {of} Angaben fehlen",
    },
    "initial_note": {
        "en": "An incomplete initial report is allowed where the time demands it (Article 73(5));"
        " then say so in it.",
        "de": "Eine unvollständige Erstmeldung ist zulässig, wo die Frist es verlangt (Artikel 73"
        " Absatz 5); dann ist das in ihr zu sagen.",
    },
    "missing": {"en": "MISSING", "de": "FEHLT"},
    "administrative": {"en": "1. Administrative", "de": "1. Angaben zur Meldung"},
    "system": {"en": "2. The system", "de": "2. Das System"},
    "incident": {"en": "3. The incident", "de": "3. Der Vorfall"},
    "response": {"en": "4. Causes and response", "de": "4. Ursachen und Reaktion"},
    "evidence": {"en": "5. Evidence", "de": "5. Nachweise"},
    "affirm": {"en": "6. Affirmation", "de": "6. Bestätigung"},
    "number": {"en": "Incident", "de": "Vorfall"},
    "severity": {"en": "Severity", "de": "Schwere"},
    "state": {"en": "State", "de": "Stand"},
    "harms": {"en": "Kind (Article 3(49), (61))", "de": "Art (Artikel 3 Nummern 49, 61)"},
    "occurred": {"en": "Occurred (UTC)", "de": "Geschehen (UTC)"},
    "detected": {"en": "Detected (UTC)", "de": "Erkannt (UTC)"},
    "aware": {"en": "Became aware (UTC)", "de": "Kenntnis erlangt (UTC)"},
    "due": {"en": "Due at the latest (UTC)", "de": "Fällig spätestens (UTC)"},
    "at_once": {"en": "at once", "de": "unverzüglich"},
    "assumed": {"en": "assumed, as nobody stated it", "de": "angenommen, da niemand es angab"},
    "sent": {"en": "Reports sent before", "de": "Frühere Meldungen"},
    "name": {"en": "System", "de": "System"},
    "purpose": {"en": "Intended purpose", "de": "Zweckbestimmung"},
    "version": {"en": "Version and release digest", "de": "Version und Prüfsumme des Stands"},
    "model": {"en": "Model", "de": "Modell"},
    "roles": {"en": "Role of the organisation", "de": "Rolle der Organisation"},
    "found": {"en": "What was found", "de": "Was festgestellt wurde"},
    "reach": {"en": "Reach, counted from the journal", "de": "Reichweite, aus dem Journal gezählt"},
    "from_to": {"en": "{begin} to {end}", "de": "{begin} bis {end}"},
    "reach_words": {
        "en": "{showing} of {exposed} answers, {tenants} customers, {people} end users ({unnamed}"
        " answers without one), {since} to {until}; of them {left} left as they were",
        "de": "{showing} von {exposed} Antworten, {tenants} Kunden, {people} Endnutzer ({unnamed}"
        " Antworten ohne einen), {since} bis {until}; davon gingen {left} unverändert hinaus",
    },
    "uncounted": {"en": "not countable", "de": "nicht zählbar"},
    "slices": {"en": "Slices", "de": "Teilgruppen"},
    "causes": {"en": "Causes named so far", "de": "Bisher benannte Ursachen"},
    "no_cause": {"en": "No cause was named yet.", "de": "Noch wurde keine Ursache benannt."},
    "mitigated": {"en": "What was done at once", "de": "Was sofort geschah"},
    "actions": {"en": "Corrective actions", "de": "Korrekturmaßnahmen"},
    "no_action": {"en": "No corrective action was set.", "de": "Keine Maßnahme wurde festgelegt."},
    "until": {"en": "until", "de": "bis"},
    "done": {"en": "done", "de": "erledigt"},
    "timeline": {"en": "Timeline (UTC)", "de": "Verlauf (UTC)"},
    "cases": {"en": "Regression cases", "de": "Prüffälle daraus"},
    "held": {
        "en": "Answers whose evidence is kept",
        "de": "Antworten, deren Belege gesichert sind",
    },
    "ledger": {"en": "Ledger: entries and root", "de": "Nachweisbuch: Einträge und Wurzel"},
    "none": {"en": "none", "de": "keine"},
}


GERMAN = {
    "low": "gering", "medium": "mittel", "high": "hoch", "critical": "kritisch",
    "open": "offen", "contained": "eingedämmt", "promoted": "in Prüfung", "closed": "abgeschlossen",
    "dismissed": "Fehlmeldung",
    "none": "kein schwerwiegender Vorfall", "death": "Tod einer Person",
    "health": "schwere Gesundheitsschädigung",
    "critical_infrastructure": "Störung kritischer Infrastruktur",
    "fundamental_rights": "Verletzung von Grundrechtspflichten",
    "widespread_infringement": "weitverbreiteter Verstoß",
    "property_environment": "schwerer Sach- oder Umweltschaden",
    "cyber": "Cybersicherheitsverletzung",
    "provider": "Anbieter", "deployer": "Betreiber", "gpai_provider": "Anbieter eines KI-Modells",
    "importer": "Einführer", "distributor": "Händler", "authority": "Behörde",
    "ai_office": "KI-Büro", "authorised_representative": "Bevollmächtigter",
    "product_manufacturer": "Produkthersteller", "third_party": "Dritter",
    "initial": "Erstmeldung", "follow_up": "Folgemeldung", "final": "Abschlussmeldung",
}  # fmt: skip
"""What the files call in one word; in an English report the word itself stands."""


def word(value: str, language: Language) -> str:
    """A word of the files as a reader of that language knows it."""
    return GERMAN.get(value, value) if language == "de" else value.replace("_", " ")


TITLES = tuple(
    said for name, words in TEXT.items() if name.startswith("title_") for said in words.values()
)
"""How every report begins."""


def what_is_asked(name: str, language: Language) -> str:
    """What a person must write in a paragraph."""
    return HUMAN[name][language]
