"""charter.yaml: whom the system serves, what it must never do, what it is for, who answers for it.

Every struct is a file format: unknown keys are refused, every field has a default where the
file may leave it out. Sources: the four clauses of the safety contract (robustness, monitoring,
alignment, system safety), EU AI Act roles (Article 3), FMEA (IEC 60812).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from .cost import CostPhase, Estimate
from .drawn import ReviewSample
from .file import File
from .model import Model

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Percent = Annotated[int, Meta(ge=1, le=100)]
Rank = Annotated[int, Meta(ge=1, le=10)]
"""A rank of the FMEA table, 1 (best) to 10 (worst)."""

LEAST_WRONG = 0.0007
"""So many questions at most get the answer to another one, where answers are given to questions
that come to the same: measured, with 95 % confidence, in the worst of three public sets."""

Clause = Literal["robustness", "monitoring", "alignment", "system_safety"]
Scope = Literal["slice", "tenant", "system"]
SafeMode = Literal["baseline", "fallback", "human_review"]
OperatorRole = Literal[
    "provider",
    "deployer",
    "gpai_provider",
    "importer",
    "distributor",
    "authorised_representative",
    "product_manufacturer",
    "third_party",
]
PersonRole = Literal["engineer", "operator", "reviewer", "risk_officer", "auditor", "admin"]


class Proxy(File, frozen=True, kw_only=True):
    """A metric that is really optimised, and how optimising it too far would harm the goal."""

    metric: str
    fails_when_over_optimised: str


class PatternRule(File, frozen=True, kw_only=True):
    """RE2 patterns; any match is the event. `on` says which text is looked at."""

    patterns: list[str]
    on: Literal["input", "output", "both"] = "output"
    ignore_case: bool = True


class CelRule(File, frozen=True, kw_only=True):
    """A CEL expression over `input`, `output`, `decision`, `confidence`, `facets`, `context`.

    True means that the event happened. An expression that raises counts as happened.
    """

    expression: str


class SchemaRule(File, frozen=True, kw_only=True):
    """A JSON Schema that the output must satisfy; output that does not is the event."""

    schema: dict[str, Any] | str
    """The schema itself or a path to a JSON file beside the charter."""


class ClassifierRule(File, frozen=True, kw_only=True):
    """A detector by name and the score from which on it is the event (0 to 1)."""

    detector: str
    threshold: Share
    on: Literal["input", "output", "both"] = "output"
    options: dict[str, Any] = field(default_factory=dict)


class NeverProbe(File, frozen=True, kw_only=True):
    """An answer of which it is known whether the event is in it."""

    input: str
    answer: str
    happened: bool


class JudgeRule(File, frozen=True, kw_only=True):
    """A model that is asked right after the answer left whether it happened."""

    model: Model | str
    """A pinned model. A bare name is kept, and nothing looks."""
    rubric: str
    """A question about the answer; yes means that the event happened."""
    probes: list[NeverProbe] | UnsetType = UNSET
    """Asked at every run: a judge that they do not prove better than chance is not believed when it
    says no."""


class Rule(File, frozen=True, kw_only=True):
    """Exactly one of the five kinds (checked by the manifest loader)."""

    pattern: PatternRule | None = None
    cel: CelRule | str | None = None
    schema: SchemaRule | None = None
    classifier: ClassifierRule | None = None
    judge: JudgeRule | None = None

    @property
    def kind(self) -> str:
        """The kind that is set: pattern | cel | schema | classifier | judge."""
        for name in ("pattern", "cel", "schema", "classifier", "judge"):
            if getattr(self, name) is not None:
                return name
        return ""


class NeverEvent(File, frozen=True, kw_only=True):
    """An outcome that the charter forbids outright; one is enough to stop."""

    id: str
    statement: str
    """In plain language, for a reader who has never seen the tool."""
    rule: Rule
    scope: Scope = "system"
    """What a violation stops."""
    inline: bool | None = None
    """Checked before the answer leaves. None: true for every kind but `judge`."""
    action: Literal["block", "hold"] = "block"
    """What an attempt gets inline: the fallback, or a person."""
    clause: Clause = "alignment"

    @property
    def is_inline(self) -> bool:
        """Whether the rule runs before the answer leaves."""
        return self.rule.kind != "judge" if self.inline is None else self.inline

    @property
    def is_wired(self) -> bool:
        """Whether anything can look for it; else only labels and reports do."""
        judge = self.rule.judge
        return self.rule.kind != "judge" or (judge is not None and isinstance(judge.model, Model))


class Allowed(File, frozen=True, kw_only=True):
    """Enforced on the request line; an empty list means that nothing is restricted."""

    jurisdictions: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    expert_users_only: bool = False


class Use(File, frozen=True, kw_only=True):
    """What the system is for, for whom, and what it is not for."""

    intended_purpose: str
    users: list[str] = field(default_factory=list)
    affected_people: list[str] = field(default_factory=list)
    allowed: Allowed = field(default_factory=Allowed)
    out_of_scope: list[str] = field(default_factory=list)
    autonomy: Literal["assist", "decide_with_review", "decide"] = "assist"


class History(File, frozen=True, kw_only=True):
    """How a session's earlier turns are kept and cut."""

    turns: Count = 0
    """Earlier turns that are sent along; 0 keeps none. A turn is what the user said and all that
    was said and done until they spoke again."""
    max_tokens: Positive = 2048
    """Of all earlier turns, four bytes counted as one; the oldest are left out, whole."""


class DeepFake(File, frozen=True, kw_only=True):
    """What pictures show and voices say, where they could be taken for real (Article 50(4))."""

    labels: dict[str, str] = field(default_factory=dict)
    """Language -> words on every picture; in the languages that are not named, ready ones."""
    spoken: dict[str, str] = field(default_factory=dict)
    """Language -> the sentence with which all speech begins. Left out: no speech leaves."""


class PublicInterest(File, frozen=True, kw_only=True):
    """Of text that informs the public on matters of public interest (EU AI Act, Article 50(4))."""

    sentence: str = ""
    """What every text begins with."""
    sentences: dict[str, str] = field(default_factory=dict)
    """The same in other languages."""
    editor: str = ""
    """Who holds editorial responsibility for what people have reviewed: then nothing is said."""


class Disclosure(File, frozen=True, kw_only=True):
    """How people learn that they talk to an AI system (EU AI Act, Article 50(1) and (5))."""

    where: Literal["answer", "interface"] = "answer"
    """`answer`: the first answer of a conversation begins with the sentence, where it is text for
    people. `interface`: whoever shows the answers tells them; header and field say it to him."""
    why: str = ""
    """Where it is `interface`: how and when people are told."""
    language: str = "en"
    """Of `identifies_as_ai` (BCP 47), and of whatever else is said where the caller reads none of
    its languages."""
    sentences: dict[str, str] = field(default_factory=dict)
    """The same sentence in other languages."""
    log: bool = True
    """Whether `/v1/provenance/check` knows texts of this system again (Article 50(2))."""
    unmarked_sound: Literal["refuse", "header"] | UnsetType = UNSET
    """Of sound whose container holds no mark (aac, opus, pcm). `header`: it leaves, and only the
    answer's header says that a model made it; left out: it does not leave."""
    deep_fake: DeepFake | UnsetType = UNSET
    """Left out: nothing is written on pictures, and voices say nothing of themselves."""
    public_interest: PublicInterest | UnsetType = UNSET
    """Left out: texts inform nobody of matters of public interest."""


class PictureCheck(File, frozen=True, kw_only=True):
    """A service that is sent a picture and answers how likely a model made it. None is bundled."""

    upstream: str
    """An entry of [upstreams] in roadworthy.toml."""
    path: str = ""
    """Behind the upstream's url."""
    field: str = "picture"
    """Where the picture stands in what is sent, as a `data:` address."""
    score: str = "/score"
    """JSON pointer (RFC 6901) to the number from 0 to 1 in the answer."""
    threshold: Share = 0.5
    """From which on a model made it."""
    budget_ms: Annotated[float, Meta(gt=0, le=60_000)] = 5000.0
    """A picture that was not looked at by then waits for a person."""


class InboundMedia(File, frozen=True, kw_only=True):
    """Which files may come in, and what is looked at in them."""

    unlabelled_ai: Literal["review", "pass"] = "review"
    """What becomes of a call with a file that a model made and no readable label says so:
    `review`: a person looks first."""
    kinds: list[Literal["picture", "sound", "document"]] | UnsetType = UNSET
    """What is let in: PNG, JPEG and WEBP; WAV and MP3; PDF. Left out: pictures only. No rail looks
    into any of them."""
    detector: PictureCheck | UnsetType = UNSET
    """Left out: only marks say that a model made a picture."""


class AnswerCache(File, frozen=True, kw_only=True):
    """The same question of one tenant, in the same slice, may get the same answer again."""

    max_age_s: Annotated[float, Meta(gt=0, le=86_400)] = 300.0
    max_mb: Annotated[int, Meta(ge=1, le=4096)] = 64
    """In each worker's memory."""
    similar: Annotated[float, Meta(ge=LEAST_WRONG, le=0.05)] | UnsetType = UNSET
    """Also to a question that asks the same in other words: the largest share of questions that may
    get another one's answer. No less than was measured can be asked for. Left out: never."""


class Behaviour(File, frozen=True, kw_only=True):
    """Tone, persona, and what to do when unsure: every managed chat is told them."""

    tone: str = ""
    persona: str = ""
    identifies_as_ai: str = ""
    """The sentence by which it says that it is an AI: the first answer begins with it."""
    when_unsure: str = ""
    history: History = field(default_factory=History)
    disclosure: Disclosure | UnsetType = UNSET
    """Left out: one sentence for all languages, in the first answer."""
    inbound_media: InboundMedia | UnsetType = UNSET
    """Left out: no picture, sound or document is let in."""
    cache: AnswerCache | UnsetType = UNSET
    """Left out: every question is asked."""


class Budget(File, frozen=True, kw_only=True):
    """A cost budget with a forecast and alarms."""

    amount: Annotated[float, Meta(ge=0)]
    currency: str = "EUR"
    per: Literal["day", "month"] = "month"
    alarms_percent: list[Percent] = field(default_factory=lambda: [50, 80, 100])


class Endpoint(File, frozen=True, kw_only=True):
    """One way in. `fallback` is the safe answer when all else fails."""

    id: str
    impact: Literal["low", "high"] = "low"
    safe_mode: SafeMode = "fallback"
    fallback: str
    expected_volume_per_day: Count = 0
    service_level: str = ""
    cost_budget: Budget | None = None


class Score(File, frozen=True, kw_only=True):
    """One factor of the use-case scorecard, 1 to 5, with its reason and stop criterion."""

    score: Annotated[int, Meta(ge=1, le=5)]
    reason: str
    stop_if: str = ""


class Value(File, frozen=True, kw_only=True):
    """Why this system should exist at all."""

    scorecard: dict[str, Score] = field(default_factory=dict)
    success: dict[Literal["business", "model", "system"], list[str]] = field(default_factory=dict)
    estimates: dict[CostPhase, Estimate] | UnsetType = UNSET
    """What each phase is to cost: money, hours, energy. Left out: nobody said."""


class Risk(File, frozen=True, kw_only=True):
    """A row of the FMEA table. Severity, occurrence, detection: 1 (best) to 10 (worst)."""

    id: str
    failure_mode: str
    effect: str
    cause: str = ""
    severity: Rank
    occurrence: Rank
    detection: Rank
    mitigation: str = ""
    tested_by: list[str] = field(default_factory=list)
    """Case tags that test it. None is a finding."""


class Stakeholder(File, frozen=True, kw_only=True):
    """Who is affected or consulted, when, and with which voice."""

    who: str
    voice: str
    phases: list[str] = field(default_factory=list)
    consulted: bool = False


class Review(File, frozen=True, kw_only=True):
    """How often people look again, which voices must speak, how many distinct people approve."""

    cadence: Literal["weekly", "monthly", "quarterly"] = "monthly"
    required_voices: list[str] = field(default_factory=list)
    approvals: dict[str, Positive] = field(default_factory=lambda: {"release": 1, "resume": 2})
    """Act (`release`, `activate`, `resume`, `review`) -> how many distinct people, none the
    author."""
    blind: bool | UnsetType = UNSET
    """Whether who reviews a held answer gives an own judgement before seeing the machine's (EU AI
    Act, Article 14(4)(b))."""
    within_hours: Positive | UnsetType = UNSET
    """Until when a held answer is to be decided; left out: 24."""
    sample: ReviewSample | UnsetType = UNSET
    """Answers that left and that reviewers judge blind. Left out: nobody looks at any."""


class Charter(File, frozen=True, kw_only=True):
    """The whole of charter.yaml."""

    roadworthy: int = 1
    system: str
    """The short name: lower-case letters, digits and hyphens."""
    title: str
    version: str = "0.1.0"
    owners: dict[str, str]
    time_zone: str = "UTC"
    human_goal: str
    proxies: list[Proxy] = field(default_factory=list)
    never: list[NeverEvent] = field(default_factory=list)
    use: Use
    behaviour: Behaviour = field(default_factory=Behaviour)
    endpoints: list[Endpoint]
    roles: list[OperatorRole] = field(default_factory=list)
    adoption: list[Literal["consumer", "tuner", "developer"]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """What decides which law applies; a missing fact is unknown, never false."""
    value: Value | None = None
    risks: list[Risk] = field(default_factory=list)
    stakeholders: list[Stakeholder] = field(default_factory=list)
    review: Review = field(default_factory=Review)
    models: Literal["approved_only", "any"] | UnsetType = UNSET
    """Whether only models that people approved in the registry may go live. Left out: where the
    workspace has a registry. `any` is no leave for a system of high risk."""
