"""Kinds of misuse that a session can show, as data, and what one answer says of its session.

Three classes: the model or its data are taken out by asking (extraction), what the system can do is
used for what it is not for (exploitation), the system itself is attacked (compromise). A kind names
a signal that an answer shows or does not, how many innocent answers show it at most, and how many
of an attacker's. None of it holds a word of what was said.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

MisuseClass = Literal["extraction", "exploitation", "compromise"]

NEVER_SIGNAL = "never"
"""A signal for each never event: `never:ID`. Its kind is named by the id."""


class MisuseKind(Struct, frozen=True, kw_only=True):
    """One row of the catalogue of misuse."""

    name: str
    """`CLASS:NAME`, as observations carry it."""
    definition: str
    signal: str
    usual: float
    """The share of innocent answers that show the signal, at most."""
    attack: float
    """The share of an attacker's."""
    least: int
    """So many answers with the signal it takes, one after the other; with others between, more."""
    common: bool = False
    """Whether it is how a system is used, and no sign, where half of all its askers show it."""
    source: str

    @property
    def group(self) -> str:
        """Its class."""
        return self.name.partition(":")[0]


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one request stands to those before it in its session: figures, none of their words."""

    at: int
    """Its number in the session, from 0."""
    like: float = 0.0
    """Likeness to the most alike of the last few, 0 to 1."""
    near: int | None = None
    """The number of that one, where the two are alike at all."""
    same: bool = False
    """Whether one of them was in the very same words."""
    again: bool = False
    """Whether it asks what the one just before asked, in other words."""
    frame: bool = False
    """Whether it is one of them with something else put in."""
    drone: bool = False
    """Whether it says few words over and over."""
    veiled: bool = False
    """Whether it hides a text in an encoding."""
    takeover: float | None = None
    """How suspicious it is as a take-over, 0 to 1; None: nobody looked."""
    hourly: int | None = None
    """Requests of the last hour; None where nobody knows when they came."""


MISUSE_KINDS: tuple[MisuseKind, ...] = (
    MisuseKind(
        name="extraction:frames",
        definition="one request after the other in the same frame, with something else put in",
        signal="frame",
        usual=0.1,
        attack=0.8,
        least=12,
        common=True,
        source="queries made by a machine: Juuti et al. 2019 (PRADA), "
        "https://arxiv.org/abs/1805.02628; Tramèr et al. 2016, https://arxiv.org/abs/1609.02943; "
        "MITRE ATLAS AML.T0024.002; OWASP LLM10:2025",
    ),
    MisuseKind(
        name="extraction:sweep",
        definition="more requests in an hour than a person reads answers, and hardly two alike",
        signal="sweep",
        usual=0.02,
        attack=0.8,
        least=20,
        common=True,
        source="answers of a model as another one's training data: OWASP LLM10:2025; Juuti et al. "
        "2019, https://arxiv.org/abs/1805.02628; MITRE ATLAS AML.T0024.002",
    ),
    MisuseKind(
        name="extraction:boundary",
        definition="pairs of requests that hardly differ and are decided differently",
        signal="flip",
        usual=0.03,
        attack=0.3,
        least=5,
        source="line search for the boundary: Tramèr et al. 2016, "
        "https://arxiv.org/abs/1609.02943; Lowd and Meek 2005, "
        "https://doi.org/10.1145/1081870.1081950; MITRE ATLAS AML.T0024.002",
    ),
    MisuseKind(
        name="extraction:probabilities",
        definition="request after request asks for the probabilities of the tokens too",
        signal="logprobs",
        usual=0.05,
        attack=0.9,
        least=20,
        common=True,
        source="Carlini et al. 2024, Stealing part of a production language model, "
        "https://arxiv.org/abs/2403.06634; MITRE ATLAS AML.T0024.002",
    ),
    MisuseKind(
        name="extraction:training_data",
        definition="requests that say few words over and over, or answers with protected text",
        signal="recited",
        usual=0.005,
        attack=0.5,
        least=2,
        source="Nasr et al. 2023, https://arxiv.org/abs/2311.17035; Carlini et al. 2021, "
        "https://arxiv.org/abs/2012.07805; MITRE ATLAS AML.T0024.000; NIST AI 600-1 MS-2.10-001",
    ),
    MisuseKind(
        name="exploitation:never_event",
        definition="one never event is tried again and again; the name ends in its id",
        signal=NEVER_SIGNAL,
        usual=0.02,
        attack=0.4,
        least=4,
        source="NIST AI 600-1 MS-2.7-007; EU AI Act, Article 9(2)(b), foreseeable misuse",
    ),
    MisuseKind(
        name="exploitation:out_of_scope",
        definition="most requests lie beyond the release's reference of what it is for",
        signal="out_of_scope",
        usual=0.1,
        attack=0.7,
        least=6,
        source="EU AI Act, Articles 9(2)(b) and 13(3)(b)(iii); NIST AI 600-1 MP-1.1-003",
    ),
    MisuseKind(
        name="exploitation:insults",
        definition="answer after answer is stopped or flagged as insulting before it leaves",
        signal="insult_out",
        usual=0.01,
        attack=0.3,
        least=3,
        source="NIST AI 600-1 MS-2.7-007; MITRE ATLAS AML.T0048.003",
    ),
    MisuseKind(
        name="exploitation:volume",
        definition="more requests in an hour than a person reads answers, hour after hour or much",
        signal="pace",
        usual=0.02,
        attack=0.9,
        least=60,
        common=True,
        source="OWASP LLM10:2025, unbounded consumption; MITRE ATLAS AML.T0034.000",
    ),
    MisuseKind(
        name="compromise:series",
        definition="attempt after attempt to take the system over: found by a rail, or suspicious "
        "as few innocent texts are",
        signal="takeover",
        usual=0.02,
        attack=0.3,
        least=4,
        source="MITRE ATLAS AML.T0051 and AML.T0054; OWASP LLM01:2025",
    ),
    MisuseKind(
        name="compromise:backtracking",
        definition="what was stopped is asked again in other words, again and again",
        signal="retried",
        usual=0.2,
        attack=0.8,
        least=7,
        source="Russinovich et al. 2024 (Crescendo), https://arxiv.org/abs/2404.01833; Chao et "
        "al. 2023 (PAIR), https://arxiv.org/abs/2310.08419; MITRE ATLAS AML.T0054",
    ),
    MisuseKind(
        name="compromise:prompt_leak",
        definition="answer after answer is stopped or flagged for repeating the system's own words",
        signal="leak",
        usual=0.005,
        attack=0.4,
        least=3,
        source="Zhang et al. 2024, https://arxiv.org/abs/2307.06865; MITRE ATLAS AML.T0056; OWASP "
        "LLM07:2025",
    ),
    MisuseKind(
        name="compromise:encoded",
        definition="request after request hides a text in an encoding (base64, hex, leet, Morse …)",
        signal="veiled",
        usual=0.01,
        attack=0.5,
        least=3,
        source="Wei et al. 2023, https://arxiv.org/abs/2307.02483; MITRE ATLAS AML.T0068",
    ),
)
"""In the order of the classes."""
