"""Cases and suites: what an evaluation asks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, convert, field

from .charter import Positive
from .episode import Approval, CaseTool, SimulatedUser, Trajectory
from .file import File
from .generator import GeneratorUse
from .model import Model

MAX_REPEATS = 10_000
"""Of one case in one run. Above it a slip of the keyboard would plan for days, or for ever."""

Repeats = Annotated[int, Meta(ge=1, le=MAX_REPEATS)]

KNOWN_TAGS = (
    "golden", "tail", "adversarial", "misuse", "hidden_function", "fairness", "consistency",
    "ood", "benign", "unanswerable", "identity",
)  # fmt: skip


class Expect(File, frozen=True, kw_only=True, gc=False):
    """What a right answer looks like. Several may be set; each scorer reads its own."""

    label: str | None = None
    text: str | None = None
    regex: str | None = None
    absent: str | None = None
    """RE2 that must match nowhere in what leaves; a withheld answer meets it."""
    schema: dict[str, Any] | None = None
    rubric: str | None = None
    texts: list[str] | UnsetType = UNSET
    """Other right texts beside `text`. Left out, this and what follows is in no digest."""
    json: Any = UNSET
    """A JSON value: what the output must equal, hold, or list."""
    tests: str | UnsetType = UNSET
    """Python tests of the code in the output; `from answer import f` gives its names."""
    sql: str | UnsetType = UNSET
    """A query whose rows are right."""
    setup: str | UnsetType = UNSET
    """Before the output: Python that its code goes on from, or SQL that makes the tables."""
    action: Literal["answer", "block", "hold", "redact", "flag"] | None = None
    """What the request line must do with it (`hold`: a person must see it)."""
    trajectory: Trajectory | UnsetType = UNSET
    """Which tools must be called on the way, and which must not."""


class Turn(File, frozen=True, kw_only=True):
    """A turn of a scripted user, said whatever the answer before it was."""

    user: str = ""
    """Empty in the first entry only: then `expect` is about the answer to `input`."""
    expect: Expect = field(default_factory=Expect)
    """Of the answer to this turn."""


class Case(File, frozen=True, kw_only=True, gc=False):
    """One item of a suite."""

    # gc=False: no case holds itself, so there is no cycle to look for among a million.

    id: str
    input: str | list[dict[str, Any]] | dict[str, Any]
    """A text, chat messages, or prompt variables."""
    expect: Expect = field(default_factory=Expect)
    tags: list[str] = field(default_factory=list)
    facets: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    """Messages that went before (`role`, `content`), or a script of what the user says after
    `input` (`user`, and `expect` of the answer to it)."""
    source: str = ""
    repeats: Repeats | None = None
    origin: dict[str, str] = field(default_factory=dict)
    """Of a case that a machine wrote: generator, seed, base; model, digest, quote, who accepted."""
    tools: list[CaseTool] | UnsetType = UNSET
    """Tools with recorded results, beside the candidate's."""
    approvals: list[Approval] | UnsetType = UNSET
    """Who needs approval waits for one of these."""
    simulate: SimulatedUser | UnsetType = UNSET
    """A user whom a model plays."""
    session: str | UnsetType = UNSET
    """Whose requests it is one of, with the suite's other cases of that session, in the file's
    order. Left out, a conversation is a session of its own, and a single question is in none."""

    @property
    def grown_from(self) -> str:
        """The case that it grew from, or that case's group; empty where it did not grow."""
        return (self.origin.get("group") or self.origin.get("of", "")) if self.origin else ""

    @property
    def script(self) -> tuple[Turn, ...]:
        """The turns of a scripted user; none where `turns` are messages that went before."""
        if not self.turns or any("role" in turn for turn in self.turns):
            return ()
        return tuple(convert(turn, Turn) for turn in self.turns)

    @property
    def is_episode(self) -> bool:
        """Whether it takes more than one question to ask it.

        Which tools are called is known once nothing calls one any more, whoever has the tools.
        """
        if self.tools is not UNSET or self.simulate is not UNSET or self.expect.trajectory:
            return True
        return bool(self.turns) and not any("role" in turn for turn in self.turns)


class ScorerSpec(File, frozen=True, kw_only=True):
    """A scorer of `SCORERS` and its options."""

    scorer: str
    name: str = ""
    """The name under which the score is stored; empty means the scorer's."""
    options: dict[str, Any] = field(default_factory=dict)
    reduce: str | UnsetType = UNSET
    """How a case's repeats become its score: mean (as is usual), max, min, majority, pass_at(k),
    pass_hat(k). Left out it is the suite's, and in no digest."""


class StopWhen(File, frozen=True, kw_only=True):
    """When a suite has been asked enough: once an indicator's interval is this narrow.

    The cases are asked in an order drawn with the run's seed, and looked at after `first` cases
    and after each doubling. The gate then judges the run at a confidence that pays for every look.
    """

    metric: str
    """An indicator, or a score of the suite."""
    width: Annotated[float, Meta(ge=0.001, le=0.999)]
    """From the interval's lower to its upper end."""
    first: Annotated[int, Meta(ge=20)] = 100
    """Cases before the first look."""


class SuiteFile(File, frozen=True, kw_only=True):
    """suites/NAME.yaml."""

    roadworthy: int = 1
    name: str
    description: str = ""
    cases: list[str] = field(default_factory=list)
    """JSONL files beside the suite."""
    include: list[str] = field(default_factory=list)
    """Other suites by name; a cycle is a fault."""
    where_tags: list[str] = field(default_factory=list)
    """Only cases that carry one of these tags; none means all."""
    limit: Positive | None = None
    """Only the first N cases (in file order, after `where_tags`)."""
    scorers: list[ScorerSpec] = field(default_factory=list)
    generators: list[GeneratorUse] = field(default_factory=list)
    """What `roadworthy suite grow` makes of the cases."""
    repeats: Repeats = 1
    reduce: str | UnsetType = UNSET
    """How the repeats of a case become each of its scores, where the scorer does not say."""
    stop_when: StopWhen | UnsetType = UNSET
    """Stop early; left out, every case is asked."""
    purpose: Literal["calibration"] | UnsetType = UNSET
    """`calibration`: confidences are fitted on its cases (`roadworthy calibrate`), so the gate
    never judges by them; left out, they are judged by."""
    user: Model | UnsetType = UNSET
    """The model that plays the users of cases with `simulate`; pinned like a candidate's."""


class Suite(Struct, frozen=True, kw_only=True):
    """A suite as loaded: its file and its cases, in order, ids unique."""

    path: str
    file: SuiteFile
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """The suite's name."""
        return self.file.name
