"""What answers of single questions say, in German."""

from __future__ import annotations

ASKED: dict[str, str] = {
    "assist": "es hilft, ein Mensch entscheidet",
    "decide with review": "es entscheidet, ein Mensch sieht nach",
    "decide": "es entscheidet allein",
    "baseline": "sichere Grundfassung",
    "fallback": "sichere Antwort",
    "human review": "ein Mensch sieht nach",
    "nobody knows": "niemand weiß",
    "drawn from this file and what it names": "gezeichnet aus dieser Datei und was sie nennt",
    "request": "Anfrage",
    "checks of the input": "Prüfung der Eingabe",
    "rails on the input": "Schienen an der Eingabe",
    "rails on the output": "Schienen an der Ausgabe",
    "knowledge": "Wissen",
    "tools": "Werkzeuge",
    "never events, before it leaves": "was nie geschehen darf, vor dem Verlassen geprüft",
    "or, where anything fails": "oder, wenn etwas versagt",
    "one of": "eines von",
    "after": "nach",
    "run": "Lauf",
    "bar, fixed before the first question": "Maßstab, vor der ersten Frage festgelegt",
    "entered": "eingetragen",
    "one signed archive, named by its digest": (
        "ein signiertes Archiv, benannt nach seiner Prüfsumme"
    ),
}
