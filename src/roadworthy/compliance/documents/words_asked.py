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
    "one of": "eines von",
    "after": "nach",
    "run": "Lauf",
    "bar, fixed before the first question": "Maßstab, vor der ersten Frage festgelegt",
    "entered": "eingetragen",
    "one signed archive, named by its digest": (
        "ein signiertes Archiv, benannt nach seiner Prüfsumme"
    ),
}
