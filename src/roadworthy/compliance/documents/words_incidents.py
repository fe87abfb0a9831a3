"""Words of incidents, of systemic risk and of the weights' log in documents, and their German."""

from __future__ import annotations

INCIDENTS: dict[str, str] = {
    "older incidents are in the ledger": "ältere Vorfälle stehen im Register",
    "older accesses are in the ledger": "ältere Zugriffe stehen im Register",
    "found": "gefunden",
    "entered": "eingetragen",
    "seen by a person": "von einem Menschen gesehen",
    "led to": "führte zu",
    "aware since": "bekannt seit",
    "reported": "gemeldet",
    "stopped by": "aufgehalten durch",
    "corrective actions": "Korrekturmaßnahmen",
    "cases in every later gate": "Fälle in jeder späteren Freigabe",
    "closed": "abgeschlossen",
    "contained": "eingedämmt",
    "promoted": "in Prüfung",
    "days from found to closed": "Tage vom Fund bis zum Abschluss",
    "low": "gering",
    "medium": "mittel",
    "high": "hoch",
    "critical": "kritisch",
    "no serious incident": "kein schwerwiegender Vorfall",
    "done": "erledigt",
    "death": "Tod einer Person",
    "health": "schwere Gesundheitsschädigung",
    "critical_infrastructure": "Störung kritischer Infrastruktur",
    "fundamental_rights": "Verletzung von Grundrechtspflichten",
    "widespread_infringement": "weitverbreiteter Verstoß",
    "property_environment": "schwerer Sach- oder Umweltschaden",
    "cyber": "Cybersicherheitsverletzung",
    "nobody has said what it led to": "niemand hat gesagt, wozu er führte",
    "nobody has named its cause": "niemand hat seine Ursache benannt",
    "nothing keeps it from happening again: no action, no case": (
        "nichts verhindert, dass er sich wiederholt: keine Maßnahme, kein Fall"
    ),
    "designated by the Commission": "von der Kommission benannt",
    "rebuttal accepted by the Commission": "Widerlegung von der Kommission anerkannt",
    "systemic risk": "systemisches Risiko",
    "it is open whether a notification is owed": "offen ist, ob eine Mitteilung geschuldet ist",
    "a notification is owed, within two weeks": (
        "eine Mitteilung ist geschuldet, binnen zwei Wochen"
    ),
    "not owed": "nicht geschuldet",
    "at the maker": "beim Hersteller",
    "here": "hier",
    "where its weights are": "wo die Gewichte liegen",
    "no access to weights is entered; what nobody enters is not known": (
        "kein Zugriff auf Gewichte ist eingetragen; was niemand einträgt, ist nicht bekannt"
    ),
}
"""English -> German."""
