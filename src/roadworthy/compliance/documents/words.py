"""What documents say beside evidence and people: English, and its German."""

from __future__ import annotations

from roadworthy.domain import Language

from .words_asked import ASKED
from .words_cost import COSTS
from .words_deliberated import DELIBERATED
from .words_incidents import INCIDENTS
from .words_law import LAW
from .words_models import MODELS
from .words_plain import PLAIN
from .words_steps import STEPS

GERMAN: dict[str, str] = {
    "what it is for": "wofür es ist",
    "for": "für",
    "not for": "nicht für",
    "no purpose is written": "kein Zweck ist aufgeschrieben",
    "nobody is named": "niemand ist genannt",
    "nothing is out of scope": "nichts ist ausgeschlossen",
    "proxy metric": "Ersatzmetrik",
    "fails when over-optimised": "versagt, wenn zu weit optimiert",
    "no proxy is named": "keine Ersatzmetrik ist genannt",
    "never event": "was nie geschehen darf",
    "scope": "Reichweite",
    "looked for by": "gesucht durch",
    "no never event is named": "nichts, was nie geschehen darf, ist genannt",
    "indicator": "Indikator",
    "value": "Wert",
    "slice": "Teil",
    "no complete run of this candidate is in the ledger": (
        "kein vollständiger Lauf dieses Kandidaten ist im Register"
    ),
    "objective": "Ziel",
    "target": "Sollwert",
    "clause": "Klausel",
    "not measured": "nicht gemessen",
    "no classification is entered": "keine Einstufung ist eingetragen",
    "the classification that is entered is another": "die eingetragene Einstufung ist eine andere",
    "the note is not the one that is entered": "die Notiz ist nicht die, die eingetragen ist",
    "no objective is set": "kein Ziel ist gesetzt",
    "id": "Kennung",
    "failure mode": "Fehlerart",
    "effect": "Folge",
    "cause": "Ursache",
    "severity": "Schwere",
    "occurrence": "Auftreten",
    "detection": "Entdeckung",
    "mitigation": "Minderung",
    "tested by": "geprüft durch",
    "no risk is written down": "kein Risiko ist aufgeschrieben",
    "role": "Rolle",
    "name": "Name",
    "who": "wer",
    "voice": "Stimme",
    "phases": "Phasen",
    "consulted": "gehört",
    "yes": "ja",
    "no": "nein",
    "no owner is named": "kein Verantwortlicher ist genannt",
    "nobody has a key": "niemand hat einen Schlüssel",
    "no stakeholder is named": "kein Betroffener ist genannt",
    "part": "Teil",
    "what": "was",
    "model": "Modell",
    "digest": "Prüfsumme",
    "prompt": "Prompt",
    "rails": "Schienen",
    "release": "Freigabe",
    "built": "gebaut",
    "the folder is not what is live: this is of another candidate": (
        "der Ordner ist nicht, was im Betrieb ist: dies gehört zu einem anderen Kandidaten"
    ),
    "no release was built": "keine Freigabe wurde gebaut",
    "no gate has decided about this candidate": "kein Tor hat über diesen Kandidaten entschieden",
    "decision": "Entscheidung",
    "reasons": "Gründe",
    "incident": "Vorfall",
    "state": "Stand",
    "opened": "eröffnet",
    "duty": "Pflicht",
    "article": "Artikel",
    "status": "Stand",
    "no duty applies": "keine Pflicht gilt",
    "medium confidence": "nicht ganz sicher",
    "disputed confidence": "umstritten",
    "step": "Schritt",
    "finding": "Befund",
    "basis": "Grundlage",
    "author": "Verfasser",
    "commits": "Beiträge",
    "the folder is in no repository": "der Ordner ist in keinem Repository",
    "missing": "fehlt",
    "Source": "Quelle",
    "entry": "Eintrag",
    "to be written by a person": "von einem Menschen zu schreiben",
    "a place holder still stands in what is written": (
        "im Geschriebenen steht noch ein Platzhalter"
    ),
    "made by": "entsteht durch",
    "Made at": "Erstellt am",
    "Ledger (entries, root hash)": "Register (Einträge, Wurzel)",
    "none is live": "keine ist in Betrieb",
    "What is missing": "Was fehlt",
    "nothing": "nichts",
    "Follows": "Folgt",
    "task": "Aufgabe",
    "kind": "Art",
    "longest": "längstens",
    "nothing is given": "nichts wird gegeben",
    "nothing is asserted": "nichts wird gefordert",
    "since": "seit",
    "no approval is asked for": "keine Zustimmung wird verlangt",
    "when": "wann",
    "by itself": "von selbst",
    "owner": "verantwortlich",
    "suite": "Sammlung",
    "cases": "Fälle",
    "tags": "Marken",
    "no suite is written": "keine Sammlung ist aufgeschrieben",
    "level": "Ebene",
    "criterion": "Kriterium",
    "no success criterion is written": "kein Erfolgskriterium ist aufgeschrieben",
    "endpoint": "Zugang",
    "impact": "Tragweite",
    "safe mode": "sicherer Modus",
    "a day": "am Tag",
    "service level": "Zusage",
    "no endpoint is named": "kein Zugang ist genannt",
    "no rollout is planned": "keine Einführung ist geplant",
    "strategy": "Vorgehen",
    "share": "Anteil",
    "approved by people": "von Menschen freigegeben",
    "no step is planned": "kein Schritt ist geplant",
    "no sentence says that it is an AI": "kein Satz sagt, dass es eine KI ist",
    "nobody says where people are told": "niemand sagt, wo Menschen es erfahren",
    "log of fingerprints": "Verzeichnis der Fingerabdrücke",
    "header and field of each answer": "Kopfzeile und Feld jeder Antwort",
    "key for marks on media": "Schlüssel für Kennzeichen an Medien",
    "unless the charter says otherwise, and it does not": (
        "wenn die Charta nichts anderes sagt, und sie tut es nicht"
    ),
    "yes, by the gateway, always": "ja, vom Gateway, immer",
    "mark": "Kennzeichen",
    "there": "vorhanden",
    "nothing is marked": "nichts ist gekennzeichnet",
    "everybody named was heard": "alle Genannten wurden gehört",
    "risk without a test": "Risiko ohne Prüfung",
    "never event without a case": "Verbotenes ohne Fall",
    "each has one": "jedes hat eine",
    "approved by": "freigegeben von",
    "until": "bis",
    "no release was approved": "keine Freigabe wurde genehmigt",
    "nothing is waived": "nichts ist erlassen",
    "no deliberation is entered": "keine Beratung ist eingetragen",
    "everything was looked at": "alles wurde angesehen",
    "answers": "Antworten",
    "no such indicator was measured": "kein solcher Indikator wurde gemessen",
    "no segment of the journal is sealed yet": "kein Abschnitt des Journals ist versiegelt",
    "newest sealed segment": "neuester versiegelter Abschnitt",
    "records": "Einträge",
    "nothing was drilled": "nichts wurde geübt",
    "result": "Ergebnis",
    "in time": "rechtzeitig",
    "too late": "zu spät",
    "cut off": "abgebrochen",
    "measure": "Maß",
    "nothing was activated yet": "noch nichts ist in Betrieb genommen",
    "deployment frequency": "Häufigkeit der Auslieferung",
    "lead time": "Durchlaufzeit",
    "change failure rate": "Anteil fehlgeschlagener Änderungen",
    "time to restore": "Zeit bis zur Wiederherstellung",
    "playbook": "Ablauf",
    "no playbook is written": "kein Ablauf ist aufgeschrieben",
    "incidents so far": "bisherige Vorfälle",
    "none so far": "bisher keine",
    "figure": "Zahl",
    "proved by": "belegt durch",
    "claimed, not verified": "behauptet, nicht geprüft",
    "signed elsewhere, not verified": "anderswo signiert, nicht geprüft",
    "signed elsewhere, verified": "anderswo signiert, geprüft",
    "how far it is trusted": "wie weit ihm vertraut wird",
    **ASKED,
    **COSTS,
    **DELIBERATED,
    **LAW,
    **STEPS,
    **PLAIN,
    **INCIDENTS,
    **MODELS,
}
"""English -> German. A test asks for each word that is used."""


def said(text: str, language: Language) -> str:
    """A word of ours in a language. Raises KeyError for one that has no translation."""
    return text if language == "en" else GERMAN[text]


def told(text: str, language: Language) -> str:
    """A word of a catalogue's or a contract's: in a language where we know it, else as it is.

    (A company's own catalogue says its own words, in the language in which it was written.)
    """
    plain = text.replace("_", " ")
    return text if language == "en" else GERMAN.get(text, GERMAN.get(plain, text))


_CITED = (
    ("Articles", "Artikel"), ("Article", "Artikel"), ("Annexes", "Anhänge"), ("Annex", "Anhang"),
    ("Section", "Abschnitt"), (" and ", " und "), (" to ", " bis "), ("phase", "Phase"),
    ("EU AI Act", "KI-Verordnung der EU"), ("template of 24 July 2025", "Muster vom 24. Juli 2025"),
    ("GPAI Code of Practice, Transparency (10 July 2025)",
     "GPAI-Praxiskodex, Transparenz (10. Juli 2025)"),
)  # fmt: skip


def cited(text: str, language: Language) -> str:
    """Where the law or a standard says it, with the law's own words for its parts."""
    if language == "de":
        for english, german in _CITED:
            text = text.replace(english, german)
    return text
