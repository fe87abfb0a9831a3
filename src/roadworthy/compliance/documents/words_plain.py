"""Figures and names in plain words, in German."""

from __future__ import annotations

PLAIN: dict[str, str] = {
    "patterns of text": "Muster im Text",
    "a condition": "eine Bedingung",
    "the form of the answer": "die Form der Antwort",
    "a detector": "ein Detektor",
    "a model that judges": "ein urteilendes Modell",
    "nothing yet": "noch nichts",
    "PASS: what was asked for was shown": "PASS: was gefordert war, ist gezeigt",
    "FAIL: what was asked for does not hold": "FAIL: was gefordert war, gilt nicht",
    "INCONCLUSIVE: it was not shown, so it does not open": (
        "INCONCLUSIVE: es ist nicht gezeigt, darum öffnet es nicht"
    ),
    "ERROR: it could not be judged, so it does not open": (
        "ERROR: es ließ sich nicht beurteilen, darum öffnet es nicht"
    ),
    "Owed": "Geschuldet",
    "undecided, as facts are missing": "unentschieden, weil Angaben fehlen",
    "no, none of the duties that ask for it applies": (
        "nein, keine der Pflichten, die danach fragen, gilt"
    ),
    "class": "Klasse",
    "no duty asks for it; people may want it all the same": (
        "keine Pflicht fragt danach; Menschen wollen es vielleicht dennoch"
    ),
    "of": "von",
    "a week": "in der Woche",
    "d": "Tage",
    "h": "Stunden",
    "min": "Minuten",
    "s": "Sekunden",
    "fewer than two deployments, or less than a week": (
        "weniger als zwei Auslieferungen, oder weniger als eine Woche"
    ),
    "no release that went live was built here": (
        "keine Freigabe, die in Betrieb ging, wurde hier gebaut"
    ),
    "no incident was closed so far": "bisher wurde kein Vorfall geschlossen",
    "interval": "Intervall",
    "to": "bis",
    "used by": "benutzt von",
    "affects": "betrifft",
    "what it says": "was es sagt (englisch)",
    "verdict": "Urteil",
    "more figures of parts: all are in the evaluation report": (
        "weitere Werte von Teilen: alle stehen im Auswertungsbericht"
    ),
    (
        "more figures of parts are in the run's summary: of indicators that no "
        "objective asks for, and of parts with fewer than 10 cases, which show little"
    ): (
        "weitere Werte von Teilen stehen in der Zusammenfassung des Laufs: von "
        "Indikatoren, nach denen kein Ziel fragt, und von Teilen mit weniger als 10 "
        "Fällen, die wenig zeigen"
    ),
    "severity, occurrence, detection: 1 is best, 10 is worst": (
        "Schwere, Auftreten, Entdeckung: 1 ist am besten, 10 am schlechtesten"
    ),
    "people needed": "nötige Menschen",
    "drilled, by its own file": "geübt, laut seiner Datei",
    "only where": "nur wo",
    "more indicators were measured: they are in the evaluation report": (
        "weitere Indikatoren wurden gemessen: sie stehen im Auswertungsbericht"
    ),
    "system": "System",
    "tenant": "Mandant",
    "answer": "Antwort",
}
