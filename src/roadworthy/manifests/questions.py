"""What `init` asks. Ids are stable: an answers file of today works tomorrow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from roadworthy.domain import File, OperatorRole


class FirstCase(File, frozen=True, kw_only=True):
    """An input with its right answer, to start the suite with."""

    input: str
    label: str = ""
    contains: str = ""


class Answers(File, frozen=True, kw_only=True):
    """The whole of an answers file: question id -> answer."""

    roadworthy: int = 1
    system: str
    title: str
    human_goal: str
    intended_purpose: str
    owner: str
    task: Literal["decision", "chat"] = "decision"
    labels: dict[str, str] | list[str] = field(default_factory=list)
    accuracy: Annotated[float, Meta(ge=0.001, le=1)] = 0.8
    model: Literal["local", "openai_compatible", "anthropic"] = "local"
    model_name: str = ""
    url: str = ""
    credential: str = ""
    users: list[str] = field(default_factory=list)
    affected_people: list[str] = field(default_factory=list)
    out_of_scope: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    jurisdictions: list[str] = field(default_factory=list)
    autonomy: Literal["assist", "decide_with_review", "decide"] = "assist"
    impact: Literal["low", "high"] = "low"
    fallback: str = "A person will read this and answer."
    time_zone: str = "UTC"
    roles: list[OperatorRole] = field(default_factory=list)
    """None where nobody said: then no duty is said to apply or not.

    A role that nobody named would be a statement about whom the law binds.
    """
    adoption: list[Literal["consumer", "tuner", "developer"]] = field(
        default_factory=lambda: ["consumer"]
    )
    cases: list[FirstCase] = field(default_factory=list)


class Question(Struct, frozen=True):
    """One question: its id, its words, and whether the terminal asks it."""

    id: str
    text: str
    example: str
    asked: bool = False
    when: str = ""
    """`id=value` of an earlier answer that makes it worth asking; `a|b`: either value does."""


QUESTIONS: tuple[Question, ...] = (
    Question("system", "Short name of the system", "claims-desk", True),
    Question("title", "Its title", "Claims desk", True),
    Question("human_goal", "What does it try to do for people, in one sentence?",
             "Everybody who writes to us reaches the right person at the first try.", True),
    Question("intended_purpose", "What exactly is it for?",
             "Reads an incoming claim and proposes which desk handles it first.", True),
    Question("owner", "Who owns it (person or team)?", "Claims operations", True),
    Question("roles", "Your roles under the EU AI Act: provider (you build it or have it built, and"
             " offer it or put it to use under your own name), deployer (you use it), or both?",
             "[provider, deployer]", True),
    Question("task", "decision (one of a few labels) or chat?", "decision", True),
    Question("labels", "The labels, with what each means",
             "{motor: cars and bicycles, home: houses and flats}", True, "task=decision"),
    Question("accuracy", "Which share must be right at the least?", "0.8", True),
    Question("model", "local (a small open model on this machine), openai_compatible or anthropic?",
             "local", True),
    Question("model_name", "The model's name there", "small-model-2026-10-01", True,
             "model=openai_compatible|anthropic"),
    Question("url", "Its address", "https://api.example.org/v1", True, "model=openai_compatible"),
    Question("credential", "Where its key is: env:NAME or file:PATH", "env:MODEL_KEY", True,
             "model=openai_compatible|anthropic"),
    Question("users", "Who uses it?", "[triage shift]"),
    Question("affected_people", "Who is affected by it?", "[customers]"),
    Question("out_of_scope", "What is it not for?", "[deciding what is paid]"),
    Question("languages", "Which languages are allowed (none named: all)?", "[en, de]"),
    Question("jurisdictions", "Which countries are allowed (none named: all)?", "[DE, FR]"),
    Question("autonomy", "assist, decide_with_review or decide?", "assist"),
    Question("impact", "How much hangs on one answer: low or high?", "low"),
    Question("fallback", "The safe answer when all else fails",
             "A person will read this and answer."),
    Question("time_zone", "Time zone of reviews and legal periods", "Europe/Berlin"),
    Question("adoption", "consumer, tuner, developer of foundation models", "[consumer]"),
    Question("cases", "First cases",
             "[{input: My car was hit, label: motor}]"),
)  # fmt: skip
"""In the order in which they are asked; `asked` ones also at the terminal."""
