"""The words of an incident report, in English and German: headings and labels.

Labels follow the Commission's draft template for Article 73 (26 September 2025) and Article 73 of
Regulation (EU) 2024/1689; no legal advice.
"""

from __future__ import annotations

from .report_paragraphs import Language, Words

TEXT: dict[str, Words] = {
    "title_authority": {
        "en": "Report of a serious incident (Article 73 AI Act)",
        "de": "Meldung eines schwerwiegenden Vorfalls (Artikel 73 KI-Verordnung)",
    },
    "title_ai_office": {
        "en": "Report of a serious incident to the AI Office (Article 55(1)(c) AI Act; GPAI Code of"
        " Practice, Measure 9.2)",
        "de": "Meldung eines schwerwiegenden Vorfalls an das KI-Büro (Artikel 55 Absatz 1"
        " Buchstabe c KI-Verordnung; Verhaltenskodex für KI-Modelle, Maßnahme 9.2)",
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
    "initial_note_ai_office": {
        "en": "The initial report holds (1) to (7) of Measure 9.2; then one every four weeks at"
        " least, the final one within 60 days after it is resolved. Keep all for five years.",
        "de": "Die Erstmeldung enthält (1) bis (7) der Maßnahme 9.2; danach mindestens alle vier"
        " Wochen eine, die letzte binnen 60 Tagen nach der Behebung. Alles ist fünf Jahre"
        " aufzubewahren.",
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
    "stage": {"en": "Type of report", "de": "Art der Meldung"},
    "harms": {"en": "Kind (Article 3(49), (61))", "de": "Art (Artikel 3 Nummern 49, 61)"},
    "harms_ai_office": {
        "en": "Kind (Code of Practice, Measure 9.3)",
        "de": "Art (Verhaltenskodex, Maßnahme 9.3)",
    },
    "shown": {"en": "Answers that show it left (UTC)", "de": "Zeigende Antworten gingen (UTC)"},
    "detected": {"en": "Detected (UTC)", "de": "Erkannt (UTC)"},
    "entered": {"en": "Entered in the ledger (UTC)", "de": "Ins Nachweisbuch eingetragen (UTC)"},
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
    "combined": "Erst- und Abschlussmeldung in einem",
    "final_not_reportable": "Abschlussmeldung: doch nicht meldepflichtig",
}  # fmt: skip
"""What the files call in one word; in an English report the word itself stands."""


def word(value: str, language: Language) -> str:
    """A word of the files as a reader of that language knows it."""
    return GERMAN.get(value, value) if language == "de" else value.replace("_", " ")


TITLES = tuple(
    said for name, words in TEXT.items() if name.startswith("title_") for said in words.values()
)
"""How every report begins."""
