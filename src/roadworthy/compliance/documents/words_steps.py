"""Steps to a class and their findings, and words that catalogues and contracts share, in German."""

from __future__ import annotations

STEPS: dict[str, str] = {
    "Scope": "Anwendungsbereich",
    "no exemption from scope is claimed": (
        "keine Ausnahme vom Anwendungsbereich wird geltend gemacht"
    ),
    "an exemption from scope is claimed": (
        "eine Ausnahme vom Anwendungsbereich wird geltend gemacht"
    ),
    "Open source": "Freie und quelloffene Lizenz",
    "it is not claimed to be free and open-source": (
        "dass es frei und quelloffen ist, wird nicht geltend gemacht"
    ),
    "free and open-source, and in scope all the same: Annex I, Annex III, Article 5 or Article 50"
    " concerns it": (
        "frei und quelloffen, und doch im Anwendungsbereich: Anhang I, Anhang III, Artikel 5 oder "
        "Artikel 50 betrifft es"
    ),
    "free and open-source, and neither high-risk nor under Article 5 or 50: the Act does not apply"
    " to it": (
        "frei und quelloffen, und weder hochriskant noch unter Artikel 5 oder 50: die Verordnung "
        "gilt nicht dafür"
    ),
    "AI system": "KI-System",
    "it is an AI system": "es ist ein KI-System",
    "it is no AI system": "es ist kein KI-System",
    "not asked: it is no AI system": "nicht gefragt: es ist kein KI-System",
    "not asked: it does not arise": "nicht gefragt: es stellt sich nicht",
    "not decided": "nicht entschieden",
    "Prohibited practices": "Verbotene Praktiken",
    "it is a prohibited practice": "es ist eine verbotene Praktik",
    "not prohibited on this day, but from a later one on": (
        "an diesem Tag nicht verboten, aber von einem späteren an"
    ),
    "every limb was answered and none applies": "jeder Punkt ist beantwortet, und keiner trifft zu",
    "not every limb is answered, and unknown is never no": (
        "nicht jeder Punkt ist beantwortet, und unbekannt ist nie nein"
    ),
    "Product law": "Produktrecht",
    "high-risk by Article 6(1)": "hochriskant nach Artikel 6(1)",
    "no product of Annex I Section A under third-party assessment": (
        "kein Produkt nach Anhang I Abschnitt A, das Dritte prüfen"
    ),
    "Annex III": "Anhang III",
    "no point of Annex III": "kein Punkt von Anhang III",
    **{f"point {number}": f"Punkt {number}" for number in range(1, 9)},
    "Derogation": "Ausnahme",
    "does not arise: it is about points of Annex III": (
        "stellt sich nicht: es geht um Punkte von Anhang III"
    ),
    "no derogation of Article 6(3) is claimed": (
        "keine Ausnahme nach Artikel 6(3) wird geltend gemacht"
    ),
    "the derogation of Article 6(3) is claimed": (
        "die Ausnahme nach Artikel 6(3) wird geltend gemacht"
    ),
    "the derogation of Article 6(3) is claimed, and does not count: what profiles people is always"
    " high-risk": (
        "die Ausnahme nach Artikel 6(3) wird geltend gemacht und zählt nicht: was Menschen "
        "profiliert, ist immer hochriskant"
    ),
    "High-risk by use": "Hochriskant durch die Verwendung",
    "high-risk by Article 6(2)": "hochriskant nach Artikel 6(2)",
    "not high-risk by Article 6(2)": "nicht hochriskant nach Artikel 6(2)",
    "People talk to it": "Menschen sprechen mit ihm",
    "people must be told": "Menschen müssen es erfahren",
    "nobody talks to it directly": "niemand spricht unmittelbar mit ihm",
    "Synthetic content": "Synthetische Inhalte",
    "its output is to be marked": "seine Ausgabe ist zu kennzeichnen",
    "it makes no synthetic content": "es erzeugt keine synthetischen Inhalte",
    "General-purpose model": "Modell mit allgemeinem Verwendungszweck",
    "a general-purpose AI model": "ein KI-Modell mit allgemeinem Verwendungszweck",
    "no general-purpose AI model of your own": (
        "kein eigenes Modell mit allgemeinem Verwendungszweck"
    ),
    "does not arise: no general-purpose AI model": (
        "stellt sich nicht: kein Modell mit allgemeinem Verwendungszweck"
    ),
    "Systemic risk": "Systemisches Risiko",
    "with systemic risk": "mit systemischem Risiko",
    "without systemic risk": "ohne systemisches Risiko",
    "met": "erfüllt",
    "stale": "veraltet",
    "needs a person": "braucht einen Menschen",
    "undecided": "unentschieden",
    "prohibited": "verboten",
    "high": "hoch",
    "high sectoral": "hochriskant nach Produktrecht",
    "limited": "begrenzt",
    "other": "sonstige",
    "robustness": "Robustheit",
    "alignment": "Ausrichtung",
    "system safety": "Systemsicherheit",
    "business": "Fachseite",
    "canary": "schrittweise (canary)",
    "shadow": "im Schatten",
    "blue green": "zwei Fassungen (blue/green)",
    "ab": "A/B-Vergleich",
    "bandit": "Bandit",
    "resume": "Wiederaufnahme",
    "activate": "Inbetriebnahme",
    "waiver": "Erlass",
    "low": "gering",
    "medium": "mittel",
    "critical": "kritisch",
    "judge": "Richter",
    "nothing was recorded": "nichts wurde eingetragen",
    "drill.kill": "Anhalten geübt",
    "drill.degrade": "Abstufung geübt",
    "drill.rollback": "Rücknahme geübt",
    "release.approved": "Freigabe genehmigt",
    "release.signed": "Freigabe unterzeichnet",
    "release.activated": "Freigabe in Betrieb genommen",
}
