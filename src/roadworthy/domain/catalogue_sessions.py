"""Indicators of sessions: how many look like misuse, who asks again, who was content."""

from __future__ import annotations

from .indicator import OF_SHARES, IndicatorSpec, share_spec

_COUNTS = (
    "sessions of which an answer was looked at; live a session, or an end user's requests where a "
    "caller names no session; of a suite the cases with one `session`, or a conversation"
)


def _sessions(name: str, definition: str, **notes: str) -> IndicatorSpec:
    """A count of the sessions that show a class of misuse."""
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind="count",
        unit="",
        high=None,
        area="safety",
        higher_is_better=False,
        needs=("session",),
        measured=True,
        formula="sum_s [session s shows a kind of the class]",
        counts=_COUNTS,
        intervals=("clopper_pearson",),
        oracle="the alarms worked out anew, answer by answer, and scipy.stats.binomtest",
        **notes,  # type: ignore[arg-type]
    )


SESSIONS = (
    _sessions(
        "extraction_patterns",
        "sessions that look as if a model, its training data or its decision boundary were taken "
        "out by asking; a sign for people, no finding",
        misleads="a program that does a customer's own work asks in one frame too, and who spreads "
        "requests over sessions and end users is not seen",
        source="MITRE ATLAS AML.T0024, https://atlas.mitre.org; Tramèr et al. 2016, "
        "https://arxiv.org/abs/1609.02943; Juuti et al. 2019, https://arxiv.org/abs/1805.02628",
    ),
    _sessions(
        "misuse_exploitation",
        "sessions that use what the system can do for what it is not for: never events tried again "
        "and again, requests out of scope, insults, a machine's volume; a sign for people",
        misleads="what no rail, never event or reference looks for is not seen",
        source="NIST AI 600-1 MS-2.7-007, https://doi.org/10.6028/NIST.AI.600-1; OWASP LLM10:2025; "
        "EU AI Act, Article 9(2)(b)",
    ),
    _sessions(
        "misuse_compromise",
        "sessions that attack the system: series of take-overs, what was stopped asked again, its "
        "own words drawn out, texts hidden in encodings; a sign for people",
        misleads="one attempt is no series; people who test the system look like attackers",
        source="OWASP LLM01:2025 and LLM07:2025, https://genai.owasp.org; MITRE ATLAS AML.T0051, "
        "AML.T0054 and AML.T0056, https://atlas.mitre.org",
    ),
    share_spec(
        "rephrase_rate",
        "share of requests that ask what the one just before in their session asked, in other "
        "words: Jaccard's index of their groups of three letters is at least 0.4, live within ten "
        "minutes; the very same words are no rephrasing (a client tries again), and neither are "
        "fewer than three words",
        needs=("session",),
        better=False,
        area="people",
        misleads="who asks again in wholly other words is missed (9 of 10), and a new question of "
        "the same frame counts; a rise says more than a level",
        formula="sum_i [likeness(i, i - 1) >= 0.4 and i is not i - 1] / n",
        counts="requests that follow another in their session, and were looked at",
        oracle="nltk.metrics.jaccard_distance",
        source="Hassan et al. 2013, query reformulation as a predictor of search satisfaction, "
        "https://doi.org/10.1145/2505515.2505682; Broder 1997, "
        "https://doi.org/10.1109/SEQUEN.1997.666900",
    ),
    share_spec(
        "satisfaction",
        "share of the answers that were rated whose raters were content, one vote a reporter, his "
        "last: a thumb up, or 4 or 5 of 5 (a share of 0.75 and more); beside `feedback_score`, "
        "which is the mean",
        needs=("score:feedback",),
        area="people",
        intervals=(*OF_SHARES,),
        misleads="who is angry writes: it speaks of those who said something",
        formula="sum_i (content raters of i / raters of i) / n",
        counts="live answers that were rated",
        oracle="counted by hand",
        source="customer satisfaction score, top two boxes of five: ISO 10004:2018; Morgan and "
        "Rego 2006, https://doi.org/10.1287/mksc.1050.0180",
    ),
)
