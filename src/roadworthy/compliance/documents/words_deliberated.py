"""What deliberations say as pages, in German."""

from __future__ import annotations

DELIBERATED: dict[str, str] = {
    "Deliberations": "Beratungen",
    "Skip to the content": "Zum Inhalt",
    "Language": "Sprache",
    (
        "Before a release goes on the road, and again and again while it is there, people"
        " look at what was measured, hear every voice, and decide. This is what they saw,"
        " said and signed."
    ): (
        "Bevor eine Freigabe in Betrieb geht, und immer wieder, solange sie es ist, sehen"
        " Menschen an, was gemessen wurde, hören jede Stimme und entscheiden. Hier steht,"
        " was sie gesehen, gesagt und unterschrieben haben."
    ),
    "What is due next": "Was als Nächstes fällig ist",
    ("Nothing yet: the system was never on the road, and nobody deliberated about it."): (
        "Noch nichts: Das System war nie in Betrieb, und niemand hat über es beraten."
    ),
    "The review is overdue.": "Die Durchsicht ist überfällig.",
    "It was due by": "Sie war fällig bis",
    "days late": "Tage zu spät",
    "Cadence by the charter": "Turnus laut Charta",
    "The next review is due by": "Die nächste Durchsicht ist fällig bis",
    "Days left": "Tage bis dahin",
    "weekly": "wöchentlich",
    "monthly": "monatlich",
    "quarterly": "vierteljährlich",
    "What was decided to be done, and nobody reported as done": (
        "Was beschlossen wurde und niemand als erledigt gemeldet hat"
    ),
    "action": "Maßnahme",
    "due": "fällig",
    "no day": "kein Tag",
    "overdue": "überfällig",
    "Month by month": "Monat für Monat",
    "day": "Tag",
    "signed by": "unterschrieben von",
    "dissent": "Widerspruch",
    "review": "Durchsicht",
    "the first": "die erste",
    "none": "keiner",
    "Nobody deliberated in this month.": "In diesem Monat hat niemand beraten.",
    "No deliberation was entered.": "Keine Beratung ist eingetragen.",
    "About these pages": "Über diese Seiten",
    "from a ledger of": "aus einem Register mit",
    "entries": "Einträgen",
    "They need no network and no script.": "Sie brauchen kein Netz und kein Skript.",
    "Left out": "Weggelassen",
    ("names of people who did not sign (their voice stands in brackets)"): (
        "Namen von Menschen, die nicht unterschrieben haben (ihre Stimme steht in Klammern)"
    ),
    "pieces of personal data": "Angaben zu Personen",
    "secrets": "Geheimnisse",
    "All deliberations of": "Alle Beratungen von",
    "deliberation of": "Beratung vom",
    "Decision": "Entscheidung",
    "heard": "gehört",
    "by": "bis",
    "held in time": "rechtzeitig gehalten",
    "The first: no review was owed before.": "Die erste: Vorher war keine Durchsicht fällig.",
    "Limits of the decision": "Grenzen der Entscheidung",
    "Who disagreed": "Wer widersprach",
    "Nobody put a dissent on record.": "Niemand hat einen Widerspruch zu Protokoll gegeben.",
    "What is to be done": "Was zu tun ist",
    "done by": "erledigt durch",
    "open": "offen",
    "No action was decided.": "Keine Maßnahme wurde beschlossen.",
    "Rules of never events that were changed": "Geänderte Regeln für das, was nie geschehen darf",
    "What people said": "Was Menschen sagten",
    ("the text of this note is not kept here; its digest is below"): (
        "der Text dieser Niederschrift ist hier nicht aufbewahrt; seine Prüfsumme steht unten"
    ),
    "What they had seen before they spoke": "Was sie vorher gesehen hatten",
    (
        "Found by the machine, in English, as it stood in the note that was signed: the "
        "figures with their intervals and numbers of cases, and the digests of what they "
        "rest on."
    ): (
        "Von der Maschine gefunden, auf Englisch, wie es in der unterschriebenen "
        "Niederschrift stand: die Werte mit ihren Intervallen und Fallzahlen, und die "
        "Prüfsummen dessen, worauf sie beruhen."
    ),
    "Nobody held this part against what the machine had written when the note was entered.": (
        "Niemand hat diesen Teil mit dem verglichen, was die Maschine geschrieben hatte, als die "
        "Niederschrift eingetragen wurde."
    ),
    ("the note has no pre-read: nobody can say what people had seen"): (
        "die Niederschrift hat keine Vorlage: niemand kann sagen, was die Menschen gesehen hatten"
    ),
    "How to check it": "Wie man es prüft",
    "note": "Niederschrift",
    "candidate": "Kandidat",
    "signed with the key": "unterschrieben mit dem Schlüssel",
    ("The note's digest is what sha256sum says of its text; the entry is in the ledger, and"): (
        "Die Prüfsumme der Niederschrift ist, was sha256sum von ihrem Text sagt; der "
        "Eintrag steht im Register, und"
    ),
    "checks it and its signature.": "prüft ihn und seine Unterschrift.",
    "Other deliberations": "Andere Beratungen",
    "May the system stay on the road as it is?": "Darf das System bleiben, wie es ist?",
    "May this candidate go on the road?": "Darf dieser Kandidat in Betrieb gehen?",
    "put it on the road": "in Betrieb nehmen",
    "put it on the road with limits": "mit Grenzen in Betrieb nehmen",
    "hold it back": "zurückhalten",
    "stop it": "einstellen",
    "engineer": "Entwicklung",
    "operator": "Betrieb",
    "reviewer": "Durchsicht",
    "risk_officer": "Risiko",
    "auditor": "Revision",
    "admin": "Verwaltung",
}
