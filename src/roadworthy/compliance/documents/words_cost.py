"""What documents say of costs, in German."""

from __future__ import annotations

COSTS: dict[str, str] = {
    "phase": "Phase",
    "estimate": "Schätzung",
    "actual": "wirklich",
    "of the estimate": "von der Schätzung",
    "nobody said": "niemand sagte es",
    "no phase has an estimate, and nothing was recorded": (
        "keine Phase hat eine Schätzung, und nichts wurde eingetragen"
    ),
    "where it comes from": "woher es kommt",
    "what is unknown, and is no 0": "was unbekannt ist, und keine 0 ist",
    "unknown": "unbekannt",
    "and more that is unknown": "und mehr, das unbekannt ist",
    "at least": "mindestens",
    "what an answer costs was not measured: no price of the model is known": (
        "was eine Antwort kostet, wurde nicht gemessen: kein Preis des Modells ist bekannt"
    ),
    "cost of an answer": "Kosten einer Antwort",
    "a month by that": "ein Monat danach",
    "budget": "Budget",
    "neither cost nor energy of an answer was measured": (
        "weder Kosten noch Energie einer Antwort wurden gemessen"
    ),
    "no estimate says what it rests on": "keine Schätzung sagt, worauf sie beruht",
    "none is set": "keines ist gesetzt",
    "month": "Monat",
    "money": "Geld",
    "hours": "Stunden",
    "energy": "Energie",
    "understanding": "Verstehen von Zweck und Daten",
    "data": "Daten",
    "modelling": "Modell",
    "evaluation": "Auswertung",
    "deployment": "Einführung",
    "monitoring": "Betrieb",
}
